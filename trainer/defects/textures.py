"""Folders of defect textures: 8-bit alpha maps, 255 = opaque defect."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from trainer.defects.errors import DefectError


@dataclass(frozen=True)
class Texture:
    """One alpha map, `uint8 H×W`, and the first 16 digits of its file's SHA-256."""

    alpha: npt.NDArray[np.uint8]
    digest: str


class TextureFolder:
    """The alpha maps below a folder; each sub-folder is one kind of texture. Maps are read when first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kinds = _kinds(folder)

    def read(self, name: str) -> Texture:
        """Read a map by its path inside the folder. Raises DefectError when it is missing or no picture."""
        return _texture(self.folder / name)


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
