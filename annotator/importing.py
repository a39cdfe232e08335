"""Photos in: bytes are checked and decoded once, hashed and stored as they came; one bad file never stops the rest."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from annotator.context import Platform
from annotator.mask_folder import MaskFolder
from annotator.sources import ImportProblem, Source, find_sources, unread_in
from annotator.troubles import passing
from db.annotations import add_annotation
from db.errors import BlobError, InvalidState
from db.models import Annotation, AnnotationOrigin, Photo, PhotoOrigin
from db.photos import PhotoFacts, add_photo, collection_name
from db.references import referring
from inference.arrays import Mask
from inference.decoding import decode
from inference.errors import InferenceError, PhotoError
from inference.files import left_out_words, real_path
from inference.masks import decode_mask, doubt_of_mask, encode_mask
from inference.memory import ran_out, too_large
from inference.photo import Photo as DecodedPhoto
from inference.text import readable
from inference.thumbnails import browser_view, difference_hash, thumbnail

Progress = Callable[[int, int, str], None]
"""Called with (files done, files in all, name of the file at hand)."""


@dataclass(frozen=True)
class ImportOutcome:
    """What became of one file."""

    name: str
    photo_id: int
    is_new: bool
    """False: the same bytes were here already, maybe under another name."""
    known_as: str
    """The name the photo bears here."""
    has_mask: bool
    """A mask came with it and is now its accepted annotation."""
    collection: str
    """The collection it is in: that of the first import that gave one, unless somebody moved it."""
    path: str = ""
    """Where it came from, as failures are named: photos in two folders may share a name."""


@dataclass(frozen=True)
class ImportFailure:
    """A file that stayed out, and why, with the remedy."""

    name: str
    reason: str


@dataclass
class ImportReport:
    """What became of a whole import."""

    outcomes: list[ImportOutcome] = field(default_factory=list)
    failures: list[ImportFailure] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Pictures in folders and zips that were passed over, since heirloom does not read their kind."""

    @property
    def new_ids(self) -> list[int]:
        return [outcome.photo_id for outcome in self.outcomes if outcome.is_new]

    @property
    def waiting_ids(self) -> list[int]:
        """New photos without a mask: these want a proposal."""
        return [outcome.photo_id for outcome in self.outcomes if outcome.is_new and not outcome.has_mask]

    @property
    def known(self) -> list[ImportOutcome]:
        return [outcome for outcome in self.outcomes if not outcome.is_new]


def failed(name: str, reason: str) -> ImportFailure:
    """As JSON and terminals take it, whatever the names of files are made of."""
    return ImportFailure(readable(name), readable(reason))


def import_bytes(
    platform: Platform,
    data: bytes,
    name: str,
    collection: str = "",
    by_id: int | None = None,
    *,
    mask: bytes | None = None,
    mask_origin: AnnotationOrigin = "imported",
    origin: PhotoOrigin = "imported",
) -> ImportOutcome:
    """Store one photo, and its mask if there is one (any 8-bit picture of the photo's size, bright = defect).

    Raises PhotoError when the bytes are no photo that we take, InferenceError when the mask does not fit or marks
    nearly everything.
    """
    photo = decode(data, name)
    marked = _marked(mask, photo.size, f"the mask of {name}") if mask is not None else None
    parts = [data, browser_view(photo, data), thumbnail(photo.pixels)]
    parts += [encode_mask(marked)] if marked is not None else []
    shas = [platform.blobs.put(part) for part in parts]
    facts = _facts(photo, len(data), *shas[:3])
    with referring(platform.database, platform.blobs, dict(zip(shas, parts, strict=True))) as session:
        row, created = add_photo(session, facts, collection=collection, origin=origin, by_id=by_id)
        if marked is not None and not _has_mask(session, row, shas[-1]):
            add_annotation(session, row, shas[-1], float(marked.mean()), origin=mask_origin, assessor_id=by_id)
        return ImportOutcome(readable(name), row.id, created, row.filename, marked is not None, row.collection)


def _marked(mask: bytes, shape: tuple[int, int], name: str) -> Mask:
    """A mask that may be inverted stays out: it would be accepted, and taught, with nobody having seen it."""
    marked = decode_mask(mask, shape, name)
    doubt = doubt_of_mask(marked, name)
    if doubt:
        raise PhotoError(f"{doubt} If it is right, import the photo without it and draw it in Label.")
    return marked


def import_sources(
    platform: Platform,
    sources: Sequence[Source],
    *,
    masks: MaskFolder | None = None,
    collection: str = "",
    by_id: int | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import each source; whatever cannot come in is named in the report and the others go on."""
    report = ImportReport()
    namesakes = Counter(Path(source.filename).stem for source in sources)
    for number, source in enumerate(sources):
        if progress:
            progress(number, len(sources), readable(source.name))
        try:
            mask = _mask_for(source, masks, namesakes) if masks else None
            outcome = import_bytes(platform, source.read(), source.filename, collection, by_id, mask=mask)
        except (InferenceError, ImportProblem, BlobError, OSError) as error:
            report.failures.append(failed(source.name, passing(error) or _without_name(str(error), source.filename)))
        except Exception as error:
            if not ran_out(error):
                raise
            report.failures.append(failed(source.name, too_large("It")))
        else:
            report.outcomes.append(replace(outcome, path=readable(source.name)))
    if progress:
        progress(len(sources), len(sources), "")
    for path in masks.unused() if masks else []:
        report.failures.append(failed(str(path), "This mask fits no photo that was imported: check its name."))
    return report


def import_paths(
    platform: Platform,
    paths: Sequence[Path],
    masks: Path | None = None,
    collection: str = "",
    *,
    progress: Progress | None = None,
) -> ImportReport:
    """Import files, folders (their photos and zips, nothing hidden) and zips.

    Masks are `NAME.png` or `NAME.mask.png` in `masks`. A path that cannot be read is a failure in the report. Raises
    ImportProblem when the folder of masks is not there, the collection's name is too long, or the paths hold nothing
    that could be a photo.
    """
    try:
        collection_name(collection)
    except InvalidState as error:
        raise ImportProblem(str(error)) from error
    shared = masks is not None and any(real_path(masks) == real_path(path) for path in paths)
    folder = MaskFolder(masks, holds_photos=shared) if masks else None
    sources, failures = find_sources(paths, leave_out=masks)
    others = unread_in(paths)
    if not sources and not failures:
        remedy = f"left out: {left_out_words(others)}" if others else "name photos, or folders or zips that hold some"
        raise ImportProblem(f"No photos found in {', '.join(map(str, paths))}; {remedy}.")
    report = import_sources(platform, sources, masks=folder, collection=collection, progress=progress)
    report.failures[:0] = [failed(name, reason) for name, reason in failures]
    report.left_out = [readable(name) for name in others]
    return report


def _facts(photo: DecodedPhoto, byte_size: int, sha256: str, view_sha256: str, thumbnail_sha256: str) -> PhotoFacts:
    height, width = photo.size
    return PhotoFacts(
        sha256=sha256,
        filename=photo.name,
        format=photo.format,
        width=width,
        height=height,
        channels=photo.channels,
        bit_depth=photo.bit_depth,
        byte_size=byte_size,
        view_sha256=view_sha256,
        thumbnail_sha256=thumbnail_sha256,
        near_hash=difference_hash(photo.pixels),
    )


def _mask_for(source: Source, masks: MaskFolder, namesakes: Counter[str]) -> bytes | None:
    """Raises ImportProblem when the mask could as well be another photo's: a wrong one would come in as accepted."""
    mask, name = masks.find(source), Path(source.filename).stem
    if mask is not None and namesakes[name] > 1:
        raise ImportProblem(
            f"{namesakes[name]} photos are called {name}, and one mask is. Import them apart, or rename them."
        )
    return mask


def _has_mask(session: Session, photo: Photo, mask_sha: str) -> bool:
    same = select(exists().where(Annotation.photo_id == photo.id, Annotation.mask_sha256 == mask_sha))
    return bool(session.scalar(same))


def _without_name(sentence: str, name: str) -> str:
    """A failure shows its file's name once, before the reason."""
    return readable(sentence).removeprefix(readable(name)).lstrip(": ")
