"""Textures of defects: 8-bit alpha maps, 255 = opaque defect, from a folder or of our own making."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from trainer.defects.errors import DefectError
from trainer.defects.procedural import MAPS, make_map

_OWN = "own"
_OWN_SEEDS = 2**20


@dataclass(frozen=True)
class Texture:
    """One alpha map, `uint8 H×W`, and the first 16 digits of the SHA-256 of its file or of its values."""

    alpha: npt.NDArray[np.uint8]
    digest: str


class Textures(Protocol):
    """Where alpha maps come from."""

    def choose(self, chance: np.random.Generator) -> str:
        """The name of a map; each kind of texture is as likely as any other."""

    def read(self, name: str) -> Texture:
        """Read a map by its name. Raises DefectError when there is none."""


def open_textures(folder: str) -> Textures:
    """The textures below a folder; without a folder those of our own. Raises DefectError when it has none."""
    return TextureFolder(Path(folder)) if folder else OwnTextures()


class TextureFolder:
    """The alpha maps below a folder; each sub-folder is one kind of texture. Maps are read when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kinds = _kinds(folder)

    def choose(self, chance: np.random.Generator) -> str:
        """The name of a map: its path inside the folder."""
        names = self.kinds[int(chance.integers(len(self.kinds)))]
        return names[int(chance.integers(len(names)))]

    def read(self, name: str) -> Texture:
        """Read a map by its path inside the folder. Raises DefectError when it is missing or no picture."""
        return _texture(self.folder / name)


class OwnTextures:
    """Alpha maps that are made from a name: `own/KIND/SEED`."""

    def choose(self, chance: np.random.Generator) -> str:
        """The name of a map that nobody may have seen before."""
        kind = MAPS[int(chance.integers(len(MAPS)))]
        return f"{_OWN}/{kind}/{int(chance.integers(_OWN_SEEDS))}"

    def read(self, name: str) -> Texture:
        """Make a map from its name. Raises DefectError when it is none of ours."""
        own, _, rest = name.partition("/")
        kind, _, seed = rest.partition("/")
        if own != _OWN or kind not in MAPS or not seed.isdecimal():
            raise DefectError(f"The record uses the texture {name}: name the folder of textures it was drawn with.")
        return _own(kind, int(seed))


@lru_cache(maxsize=64)
def _own(kind: str, seed: int) -> Texture:
    alpha = make_map(kind, seed)
    return Texture(alpha, hashlib.sha256(alpha.tobytes()).hexdigest()[:16])


@lru_cache(maxsize=8)
def _kinds(folder: Path) -> tuple[tuple[str, ...], ...]:
    kinds: dict[Path, list[str]] = {}
    for path in sorted(folder.rglob("*.png")):
        kinds.setdefault(path.parent, []).append(path.relative_to(folder).as_posix())
    if not kinds:
        raise DefectError(f"{folder}: there are no PNG textures here. Name a folder of alpha maps, or none.")
    return tuple(tuple(names) for names in kinds.values())


@lru_cache(maxsize=1024)
def _texture(path: Path) -> Texture:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DefectError(f"{path}: the texture cannot be read ({error}). Put it back or draw anew.") from error
    alpha = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if alpha is None:
        raise DefectError(f"{path}: this is not a picture. Textures are 8-bit PNG alpha maps.")
    return Texture(alpha.astype(np.uint8), hashlib.sha256(data).hexdigest()[:16])
