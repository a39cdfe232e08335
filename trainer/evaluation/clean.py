"""Clean photos to measure on, in groups by the folder that was named."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.arrays import Pixels
from inference.decoding import decode, read_file
from inference.files import real_path
from trainer.errors import WrongUse
from trainer.evaluation.data import told_apart
from trainer.learning.clean import CleanPhotosError, photos_in


@dataclass(frozen=True)
class CleanTruth:
    """A photo `uint8 H×W×3` RGB as it should be, and the SHA-256 of its bytes."""

    pixels: Pixels
    photo_sha: str


@dataclass(frozen=True)
class CleanEvaluationPhoto:
    """A clean photo, read when its turn comes."""

    name: str
    group: str
    path: Path

    @property
    def label(self) -> str:
        """`group/name`."""
        return f"{self.group}/{self.name}"

    def read(self) -> CleanTruth:
        """Raises PhotoError naming what cannot be read."""
        data = read_file(self.path)
        return CleanTruth(decode(data, str(self.path)).pixels, hashlib.sha256(data).hexdigest())


def clean_photos_in(folders: Sequence[Path]) -> list[CleanEvaluationPhoto]:
    """The photos below these folders, each once; its group is the folder's path, as short as tells the folders apart.

    Raises WrongUse when something is no folder, or has no photos.
    """
    for folder in folders:
        if not os.path.isdir(folder):
            raise WrongUse(f"{folder} is not a folder. Name folders of clean photos.")
    names = told_apart([real_path(folder) for folder in folders])
    found: dict[Path, CleanEvaluationPhoto] = {}
    for folder, group in zip(folders, names, strict=True):
        try:
            photos = photos_in([str(folder)])
        except CleanPhotosError as error:
            raise WrongUse(str(error)) from error
        for photo in photos:
            assert photo.path is not None
            found.setdefault(real_path(photo.path), CleanEvaluationPhoto(photo.name, group, photo.path))
    return list(found.values())
