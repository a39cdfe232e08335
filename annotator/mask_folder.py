"""Masks that come in with photos."""

import os
from pathlib import Path

from annotator.sources import MASK_ENDING, ImportProblem, Source, is_mask_name, read_bytes
from inference.files import files_in


class MaskFolder:
    """Masks of a folder, found by the photo's name: `NAME.mask.png` or `NAME.png`, the endings in capitals too.

    Nothing hidden is one. Raises ImportProblem for a folder that is none, or that cannot be read.
    """

    def __init__(self, folder: Path, *, holds_photos: bool = False) -> None:
        """`holds_photos`: it is a folder of photos too, so that only `NAME.mask.png` is a mask."""
        if not os.path.isdir(folder):
            raise ImportProblem(f"{folder} is not a folder of masks. Check the path.")
        self._by_name: dict[str, list[Path]] = {}
        for path in sorted({*files_in(folder, _is_png), *_devices(folder)}):
            if os.path.isdir(path):
                if not holds_photos:  # else it is among the photos that cannot be read
                    raise ImportProblem(f"{path} may hold masks, and cannot be read. Check who may read it.")
            elif is_mask_name(path):
                self._by_name.setdefault(path.stem[: -len(MASK_ENDING)], []).append(path)
            elif not holds_photos:
                self._by_name.setdefault(path.stem, []).append(path)
        self._used: set[Path] = set()

    def find(self, source: Source) -> bytes | None:
        """The mask's bytes, or None when the folder has none. Raises ImportProblem when two would fit."""
        found = self._by_name.get(Path(source.filename).stem, [])
        self._used.update(found)
        if len(found) > 1:
            raise ImportProblem(
                f"Two masks bear this photo's name ({', '.join(map(str, found))}). Leave one of them in the folder."
            )
        return read_bytes(found[0]) if found else None

    def unused(self) -> list[Path]:
        """Masks that no photo asked for."""
        return sorted(path for paths in self._by_name.values() for path in paths if path not in self._used)


def _is_png(file: Path) -> bool:
    return file.suffix.lower() == ".png"


def _devices(folder: Path) -> list[Path]:
    """What bears a mask's name and is no file, such as a pipe: the photo that it is for does not come in without it."""
    named = (path for path in folder.rglob("*") if _is_png(path) and os.path.exists(path))
    odd = (path for path in named if not os.path.isfile(path) and not os.path.isdir(path))
    return [path for path in odd if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
