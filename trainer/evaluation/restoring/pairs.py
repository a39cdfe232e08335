"""Damaged photos with what an expert made of them and the true mask, read when their turn comes."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.arrays import Mask, Pixels
from inference.containers import ENDINGS
from inference.decoding import decode, read_file
from inference.errors import PhotoError
from inference.files import files_in, real_path
from inference.masks import decode_mask, doubt_of_mask
from inference.photo import Photo
from trainer.errors import WrongUse
from trainer.evaluation.data import told_apart
from trainer.evaluation.detecting.photos import is_damaged


@dataclass(frozen=True)
class RestoredTruth:
    """The damaged photo, the expert's `uint8 H×W×3` RGB, the mask `bool H×W`, and the SHA-256 of all three files."""

    photo: Photo
    expert: Pixels
    mask: Mask
    photo_sha: str
    sha: str
    doubt: str | None
    """What to say of a mask that may be inverted."""


@dataclass(frozen=True)
class RestoredPair:
    """`NAME.damaged.*` with `NAME.restored.*` and `NAME.mask.png` beside it."""

    name: str
    """NAME; where others bear it too, behind as much of its path as tells them apart."""
    damaged: Path
    expert: Path
    mask: Path

    def read(self) -> RestoredTruth:
        """Raises PhotoError naming what cannot be read or does not fit together."""
        damaged, expert, mask = (read_file(path) for path in (self.damaged, self.expert, self.mask))
        photo, answer = decode(damaged, str(self.damaged)), decode(expert, str(self.expert))
        if answer.size != photo.size:
            raise PhotoError(
                f"{self.expert} is {answer.size[1]}×{answer.size[0]} pixels but {self.damaged.name} is "
                f"{photo.size[1]}×{photo.size[0]}; an expert's restoration must have exactly its photo's size."
            )
        sha = hashlib.sha256(damaged + expert + mask).hexdigest()
        known = decode_mask(mask, photo.size, str(self.mask))
        doubt = doubt_of_mask(known, str(self.mask))
        return RestoredTruth(photo, answer.pixels, known, hashlib.sha256(damaged).hexdigest(), sha, doubt)


def restored_pairs_in(folders: Sequence[Path]) -> list[RestoredPair]:
    """The damaged photos below these folders that an expert restored, each once; others are not looked at.

    Nothing hidden and no linked folders; a missing mask is told when the pair is read, as are folders that cannot be
    read and links that lead nowhere, which are among the pairs. Raises WrongUse when a folder has none.
    """
    found: dict[Path, RestoredPair] = {}
    for folder in folders:
        paths = files_in(folder, is_damaged) if os.path.isdir(folder) else []
        pairs = [pair for path in paths if (pair := _pair(path)) is not None]
        if not pairs:
            raise WrongUse(
                f"{folder}: there are no files NAME.damaged.* with NAME.restored.* here. Name a folder of photos that "
                "an expert restored."
            )
        found |= {real_path(pair.damaged): pair for pair in pairs}
    names = told_apart([path.with_name(pair.name) for path, pair in found.items()])
    return [replace(pair, name=name) for pair, name in zip(found.values(), names, strict=True)]


def _pair(damaged: Path) -> RestoredPair | None:
    if os.path.isdir(damaged):  # a folder that cannot be read: reading the pair will say so
        return RestoredPair(damaged.name, damaged, damaged, damaged)
    name = damaged.stem.removesuffix(".damaged")
    beside = (damaged.with_name(f"{name}.restored{ending}") for endings in ENDINGS.values() for ending in endings)
    expert = next((path for path in beside if os.path.isfile(path) or os.path.islink(path)), None)
    return RestoredPair(name, damaged, expert, damaged.with_name(f"{name}.mask.png")) if expert else None
