"""Annotated photos to measure detectors on: pairs of files in folders, or what a snapshot froze."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from db.blobs import BlobStore
from db.snapshots import SnapshotContents, SnapshotEntry
from inference.arrays import Mask, Pixels
from inference.decoding import decode, read_file
from inference.errors import PhotoError
from inference.files import files_in, real_path
from inference.masks import decode_mask, doubt_of_mask
from trainer.errors import WrongUse
from trainer.evaluation.data import told_apart

_DAMAGED = ".damaged"
_MASK = ".mask.png"


@dataclass(frozen=True)
class Truth:
    """A photo `uint8 H×W×3` RGB with its true mask `bool H×W`, and the SHA-256 of the bytes of both."""

    pixels: Pixels
    mask: Mask
    photo_sha: str
    mask_sha: str
    doubt: str | None
    """What to say of a mask that may be inverted."""


@dataclass(frozen=True)
class EvaluationPhoto:
    """An annotated photo, read when its turn comes."""

    name: str
    group: str
    """What it stands with: its folder, or `real` or `synthetic` in a snapshot."""
    read: Callable[[], Truth]
    """Raises PhotoError or BlobError naming what cannot be read."""
    apart: bool = False
    """Shown, but not part of any mean."""

    @property
    def label(self) -> str:
        """`group/name`."""
        return f"{self.group}/{self.name}"


def pairs_in(folders: Sequence[Path]) -> list[EvaluationPhoto]:
    """Photos `NAME.damaged.*` with masks `NAME.mask.png` (bright = defect) below these folders, each once.

    The group is the path of the photo's folder within the one given, or that one's own name; as much of its whole path
    as tells folders apart where several would be one group. Nothing hidden and no linked folders; a missing mask is
    told when the photo is read, as are a missing photo, folders that cannot be read and links that lead nowhere, which
    are among them. Raises WrongUse when a folder has no such photos.
    """
    found: dict[Path, tuple[str, Path, Callable[[], Truth]]] = {}
    groups: dict[Path, str] = {}
    for folder in folders:
        paths = files_in(folder, lambda file: is_damaged(file) or _is_mask(file))
        masks = Counter(_mask_of(path) for path in paths if not _is_mask(path))
        if not masks:
            raise WrongUse(f"{folder}: there are no files NAME.damaged.* here. Name a folder of annotated photos.")
        for path in paths:
            if path in masks:  # read with its photo
                continue
            within = path.relative_to(folder).parent  # of the folder itself, where that cannot be read: itself
            place = real_path(folder / within)
            groups.setdefault(place, within.as_posix() if within.parts else place.name)
            read = partial(_read_pair, path, shared=masks[_mask_of(path)] > 1)
            found.setdefault(real_path(path), (_name_of(path), place, read))
    borne, apart = Counter(groups.values()), dict(zip(groups, told_apart(list(groups)), strict=True))
    groups = {place: group if borne[group] == 1 else apart[place] for place, group in groups.items()}
    return [EvaluationPhoto(name, groups[place], read) for name, place, read in found.values()]


def is_damaged(path: Path) -> bool:
    """Whether a file is called `NAME.damaged.*`, unlike `NAME.damaged.mask.png`, which restoring makes of it."""
    return path.stem.endswith(_DAMAGED)


def _is_mask(path: Path) -> bool:
    return path.name.endswith(_MASK) and not path.name.endswith(_DAMAGED + _MASK)


def _name_of(path: Path) -> str:
    return path.name.removesuffix(_MASK) if _is_mask(path) else path.stem.removesuffix(_DAMAGED)


def _mask_of(path: Path) -> Path:
    return path.with_name(_name_of(path) + _MASK)


def photos_of(snapshot: SnapshotContents, blobs: BlobStore) -> list[EvaluationPhoto]:
    """The validation side of a snapshot, whose bytes are still there; synthetic photos come last and stand apart.

    Those of one name get a part of their hash. Raises WrongUse when there is none: what models train on cannot judge
    them.
    """
    items = [item for item in snapshot.items if item.split == "validation" and item.photo_id is not None]
    if not items:
        raise WrongUse(
            f"Snapshot {snapshot.name} has no photos on its validation side; annotate more photos and make a new one."
        )
    borne = Counter(map(_frozen_name, items))
    photos = [_frozen(item, blobs, shared=borne[_frozen_name(item)] > 1) for item in items]
    return sorted(photos, key=lambda photo: photo.label)


def set_apart(photos: Sequence[EvaluationPhoto], names: Sequence[str]) -> list[EvaluationPhoto]:
    """The photos, with those marked as apart that bear one of these names: a photo's, a group's or `group/name`.

    Raises WrongUse for a name that nothing bears.
    """
    called = {name for photo in photos for name in (photo.name, photo.group, photo.label)}
    for name in names:
        if name not in called:
            raise WrongUse(f"No photo and no group is called {name}; --apart takes one of {', '.join(sorted(called))}.")
    wanted = set(names)
    return [
        replace(photo, apart=True) if wanted & {photo.name, photo.group, photo.label} else photo for photo in photos
    ]


def _read_pair(path: Path, shared: bool) -> Truth:
    if _is_mask(path):
        raise PhotoError(f"{path}: its photo {_name_of(path)}.damaged.* is missing. Put it beside the mask.")
    photo, beside = read_file(path), _mask_of(path)
    if shared:
        raise PhotoError(f"{path}: its mask {beside.name} could as well be that of another photo. Rename one of them.")
    if not os.path.lexists(beside):
        raise PhotoError(f"{path}: its mask {beside.name} is missing. Put it beside the photo.")
    return _truth(photo, str(path), read_file(beside), str(beside))


def _frozen_name(item: SnapshotEntry) -> str:
    return item.filename or item.photo_sha256[:12]


def _frozen(item: SnapshotEntry, blobs: BlobStore, *, shared: bool) -> EvaluationPhoto:
    name, synthetic = _frozen_name(item), item.origin == "synthetic"
    if shared:
        name = f"{Path(name).stem}-{item.photo_sha256[:8]}{Path(name).suffix}"

    def read() -> Truth:
        return _truth(blobs.get(item.photo_sha256), name, blobs.get(item.mask_sha256), f"mask of {name}")

    return EvaluationPhoto(name, "synthetic" if synthetic else "real", read, apart=synthetic)


def _truth(photo: bytes, photo_name: str, mask: bytes, mask_name: str) -> Truth:
    pixels = decode(photo, photo_name).pixels
    marked = decode_mask(mask, (pixels.shape[0], pixels.shape[1]), mask_name)
    doubt = doubt_of_mask(marked, mask_name)
    return Truth(pixels, marked, hashlib.sha256(photo).hexdigest(), hashlib.sha256(mask).hexdigest(), doubt)
