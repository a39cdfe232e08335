"""Exports: which accepted masks, under which names, and the folder or zip that they and their photos go into."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import numpy as np
from PIL import Image
from sqlalchemy.orm import Session

from db.annotations import accepted_annotations, mask_of
from db.blobs import BlobStore
from db.errors import FULL, BlobError, InvalidState, PlatformError, WrongFolder
from db.export_formats import WRITERS, ExportFormat, ExportItem
from db.rle import Mask

LONGEST_STEM = 190
"""Bytes, of the 255 that file systems take: part of a hash and an ending follow."""
LONGEST_ENDING = 10
"""Letters."""
NOT_IN_XML = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


class ExportError(PlatformError):
    """There is no room for what is to be written."""


def export_items(session: Session, photo_ids: Collection[int] | None = None) -> list[ExportItem]:
    """What there is to export: the newest accepted mask of every photo that is not archived.

    `photo_ids`: of these photos only; one without an accepted mask is left out.
    """
    annotations = accepted_annotations(session)
    if photo_ids is not None:
        wanted = frozenset(photo_ids)
        annotations = [annotation for annotation in annotations if annotation.photo_id in wanted]
    names = unique_names([(annotation.photo.filename, annotation.photo.sha256) for annotation in annotations])
    items = []
    for annotation, name in zip(annotations, names, strict=True):
        photo = annotation.photo
        ending = _plain(Path(photo.filename).suffix)[:LONGEST_ENDING] if photo.view_sha256 == photo.sha256 else ".png"
        items.append(
            ExportItem(photo.id, name, ending, photo.width, photo.height, photo.view_sha256, mask_of(annotation))
        )
    return items


def unique_names(files: Sequence[tuple[str, str]]) -> list[str]:
    """A name without an ending for each (filename, SHA-256); equal ones, whatever their case, get part of the hash.

    So do names that leave no room for what is appended to them, and they are cut.
    """
    stems = [_plain(Path(filename).stem) or "photo" for filename, _ in files]
    shared = Counter(stem.casefold() for stem in stems)
    names = [
        stem if shared[stem.casefold()] == 1 and _cut(stem) == stem else f"{_cut(stem)}-{sha[:8]}"
        for stem, (_, sha) in zip(stems, files, strict=True)
    ]
    if len({name.casefold() for name in names}) < len(names):
        return [sha for _, sha in files]
    return names


def _cut(stem: str) -> str:
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore")


def _plain(name: str) -> str:
    """Without what XML does not take."""
    return NOT_IN_XML.sub("_", name)


def write_export(
    items: Sequence[ExportItem],
    blobs: BlobStore,
    folder: Path,
    kind: ExportFormat,
    progress: Callable[[int], None],
    *,
    failed: list[str] | None = None,
) -> None:
    """Writes photos and masks under `folder`, which is made, or empty; `progress` hears how many photos are done.

    The photos are the upright 8-bit ones that browsers show, so that masks fit them whatever a reader does with EXIF.
    Where a blob is missing or corrupt, `failed` gets a sentence and the other photos go on; without it, BlobError is
    raised. Raises InvalidState (nothing to export), WrongFolder and, where the disk is full, ExportError.
    """
    if not items:
        raise InvalidState("No annotation is accepted yet; there is nothing to export.")
    photos = folder / ("images" if kind is ExportFormat.CVAT else "photos")
    try:
        in_use = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        if not in_use:
            photos.mkdir(parents=True)
    except OSError as error:
        raise WrongFolder(f"{folder} cannot be made ({error.strerror}); choose another one.") from error
    if in_use:
        raise WrongFolder(f"{folder} is not an empty folder; choose another one.")
    with _room():
        WRITERS[kind](folder, _masks_and_photos(items, blobs, photos, progress, failed))


def zip_export(items: Sequence[ExportItem], blobs: BlobStore, file: IO[bytes], kind: ExportFormat) -> None:
    """Writes what `write_export` writes as one zip into `file`. Raises what it raises."""
    with TemporaryDirectory() as made, _room():
        folder = Path(made)
        write_export(items, blobs, folder, kind, lambda _done: None)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                packed.write(path, path.relative_to(folder))


def zip_blobs(files: Sequence[tuple[str, str]], blobs: BlobStore, file: IO[bytes]) -> None:
    """Writes each (name, SHA-256) as it is stored. Raises BlobError, and ExportError where the disk is full."""
    with _room(), zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, sha in files:
            packed.writestr(name, blobs.get(sha))


@contextmanager
def _room() -> Iterator[None]:
    """Turns what a full disk makes of writing into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise ExportError(
            f"There is no room for the export ({error.strerror}); make room, and export again into an empty folder."
        ) from error


def decode_mask(data: bytes, item: ExportItem) -> Mask:
    """A mask blob as H×W bool, true = defect. Raises BlobError when it does not fit its photo."""
    with Image.open(io.BytesIO(data)) as picture:
        if picture.size != (item.width, item.height):
            raise BlobError(f"The mask {item.mask_sha256} of {item.name} has another size than the photo.")
        return np.asarray(picture.convert("L")) > 127


def _masks_and_photos(
    items: Sequence[ExportItem],
    blobs: BlobStore,
    photos: Path,
    progress: Callable[[int], None],
    failed: list[str] | None,
) -> Iterator[tuple[ExportItem, Mask]]:
    for done, item in enumerate(items, start=1):
        try:
            photo, mask = blobs.get(item.view_sha256), decode_mask(blobs.get(item.mask_sha256), item)
        except BlobError as error:
            if failed is None:
                raise
            failed.append(f"{item.photo_file} was left out: {error}")
        else:
            (photos / item.photo_file).write_bytes(photo)
            yield item, mask
        progress(done)
