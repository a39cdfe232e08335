"""Clean photos: those that installed packages bring, or those of a folder."""

import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.arrays import Pixels
from inference.files import files_in, is_picture_name
from trainer.errors import TrainerError, WrongUse

_VALIDATION_EVERY = 8
PACKAGED_FOR_VALIDATION = ("chelsea", "coffee")
"""The sample photos made from these are on the validation side, too."""


class CleanPhotosError(TrainerError):
    """Clean photos that are not where they should be."""


class NoCleanPhotos(CleanPhotosError, WrongUse):  # noqa: N818
    """A folder that was named and has none."""


@dataclass(frozen=True)
class CleanPhoto:
    """A photo without defects, read when it is needed."""

    name: str
    load: Callable[[], Pixels]
    """Gives `uint8 H×W×3` RGB; pickles, since other processes call it too."""
    path: Path | None = None
    """Its file; None for one that a package brings."""


def packaged_photos() -> list[CleanPhoto]:
    """The eight sample photos of scikit-image, matplotlib and scikit-learn."""
    names = ("astronaut", "camera", "chelsea", "coffee", "rocket")
    photos = [CleanPhoto(name, partial(_of_skimage, name)) for name in names]
    photos.append(CleanPhoto("grace_hopper", _grace_hopper))
    return photos + [CleanPhoto(name, partial(_of_sklearn, name)) for name in ("china", "flower")]


def photos_in(folders: Sequence[str]) -> list[CleanPhoto]:
    """The photos below these folders, sorted by path. Raises NoCleanPhotos when a folder has none."""
    photos = []
    for folder in folders:
        paths = files_in(Path(folder), is_picture_name) if os.path.isdir(folder) else []
        if not paths:
            raise NoCleanPhotos(f"{folder}: there are no photos here. Name a folder of clean photos.")
        photos += [CleanPhoto(path.relative_to(folder).as_posix(), partial(_read, path), path) for path in paths]
    return photos


def clean_photos(
    folders: Sequence[str], validation_folders: Sequence[str]
) -> tuple[list[CleanPhoto], list[CleanPhoto]]:
    """Clean photos for training and for validation; none is in both, whatever its file is called.

    Without validation folders every eighth photo is kept for validation, of the packaged ones two. A folder that is
    named several times counts as often in training. Raises CleanPhotosError for empty folders, and where validation
    takes all there are.
    """
    photos = photos_in(folders) if folders else packaged_photos()
    if validation_folders:
        kept = photos_in(validation_folders)
    elif folders:
        kept = _different(photos)[::_VALIDATION_EVERY]
    else:
        kept = [photo for photo in photos if photo.name in PACKAGED_FOR_VALIDATION]
    train = without(photos, {fingerprint(photo) for photo in kept})
    if not train:
        where = ", ".join(folders)
        raise CleanPhotosError(
            f"{where}: all clean photos here are kept for validation, and none is left to train on. Add other ones."
        )
    return train, kept


def _different(photos: Sequence[CleanPhoto]) -> list[CleanPhoto]:
    """The first of each that has the same bytes."""
    found: dict[str, CleanPhoto] = {}
    for photo in photos:
        found.setdefault(fingerprint(photo), photo)
    return list(found.values())


def fingerprint(photo: CleanPhoto) -> str:
    """SHA-256 of the file's bytes, as a platform names its photos; `packaged:NAME` of what a package brings.

    Raises CleanPhotosError where the file cannot be read.
    """
    if photo.path is None:
        return packaged(photo.name)
    try:
        return _hash((photo.path, photo.path.stat().st_mtime_ns))
    except OSError as error:
        raise CleanPhotosError(
            f"{photo.path}: this photo cannot be read ({error}). Mend it or take it away."
        ) from error


def packaged(name: str) -> str:
    """How a photo that a package brings is named among the hashes of those that a model was trained on."""
    return f"packaged:{name}"


def without(photos: Sequence[CleanPhoto], known: Collection[str]) -> list[CleanPhoto]:
    """The photos that are none of those with these fingerprints."""
    return [photo for photo in photos if fingerprint(photo) not in known]


@cache
def _hash(written: tuple[Path, int]) -> str:
    """Of a file and the time it was written: read once, and again when it was changed."""
    with written[0].open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Pixels:
    from inference.decoding import read_photo

    return read_photo(path).pixels


def _of_skimage(name: str) -> Pixels:
    import skimage.data

    return _as_rgb(getattr(skimage.data, name)())


def _of_sklearn(name: str) -> Pixels:
    from sklearn.datasets import load_sample_image

    return _as_rgb(load_sample_image(f"{name}.jpg"))


def _grace_hopper() -> Pixels:
    import matplotlib.cbook
    from PIL import Image

    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(str(path)) as image:
        return _as_rgb(np.asarray(image.convert("RGB")))


def _as_rgb(values: npt.ArrayLike) -> Pixels:
    pixels = np.asarray(values, dtype=np.uint8)
    return np.ascontiguousarray(np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels[..., :3])
