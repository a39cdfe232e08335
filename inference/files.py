"""Names and bytes of the files that inference reads and writes."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.containers import ENDINGS
from inference.errors import OutputError, PhotoError, UsageProblem
from inference.photo import DEFAULT_LIMITS, Limits, decode
from inference.png import encode_png

__all__ = ["decode_mask", "encode_mask", "encode_png", "is_picture_name", "plan_outputs", "stem", "write_file"]


def encode_mask(mask: NDArray[np.bool_]) -> bytes:
    """bool H×W as a one-channel 8-bit PNG, 255 = defect."""
    if mask.dtype != np.bool_ or mask.ndim != 2:
        raise ValueError(f"a mask is bool H×W, not {mask.dtype} {mask.shape}")
    return encode_png(mask.astype(np.uint8) * np.uint8(255))


def decode_mask(data: bytes, shape: tuple[int, int], name: str, limits: Limits = DEFAULT_LIMITS) -> NDArray[np.bool_]:
    """A mask file's bytes as bool H×W: true where any colour channel is above 127 (and alpha, if any, too).

    `shape` is the photo's upright (height, width). Raises PhotoError for another size or an undecodable file.
    """
    mask = decode(data, name, limits)
    if mask.size != tuple(shape):
        raise PhotoError(
            f"{name} is {mask.size[1]}×{mask.size[0]} pixels but its photo is {shape[1]}×{shape[0]}; "
            "a mask must have exactly its photo's size."
        )
    defect = mask.pixels.max(axis=2) > 127
    if mask.channels in (2, 4):
        defect &= mask.source[..., -1] > np.iinfo(mask.source.dtype).max // 2
    return np.asarray(defect, np.bool_)


def write_file(path: Path, data: bytes) -> None:
    """Write beside, then replace: under `path` there is the old file, or all of the new one. Raises OutputError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); check the folder's permissions and the free space."
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def stem(path: Path) -> str:
    """The file's name without its last ending: ``a.damaged.jpg`` is ``a.damaged``."""
    return path.stem


def is_picture_name(path: Path) -> bool:
    """Whether the name's ending is one of the formats that heirloom reads."""
    return any(path.suffix.lower() in endings for endings in ENDINGS.values())


def plan_outputs(paths: Sequence[Path], out: Path, suffixes: Sequence[str] = ()) -> list[tuple[Path, Path]]:
    """Pair every input with the beginning of its outputs' names, ``out/[folders/]stem``.

    A folder is read recursively (picture endings only, nothing hidden, nothing under `out`) and mirrored. A file is
    taken as named, whether it is there or not. `suffixes` (such as ``.mask.png``) are what will be appended.
    Raises UsageProblem where two inputs would write one file, an output would replace an input, or nothing was found.
    """
    plan = [pair for path in paths for pair in _inputs(path, out)]
    if not plan:
        raise UsageProblem(f"No pictures found in {', '.join(map(str, paths))}; name files, or folders that hold some.")
    inputs = {source.resolve(): source for source, _ in plan}
    writers: dict[Path, Path] = {}
    for source, target in plan:
        first = writers.setdefault(target, source)
        if first.resolve() != source.resolve():
            raise UsageProblem(f"{first} and {source} would both write {target}.*; rename one, or use two folders.")
        for written in (target.with_name(target.name + suffix) for suffix in suffixes):
            if written.resolve() in inputs:
                raise UsageProblem(f"{source} would replace the input {written}; choose another folder with --out.")
    return [(source, target) for target, source in writers.items()]


def _inputs(path: Path, out: Path) -> list[tuple[Path, Path]]:
    if not path.is_dir():
        return [(path, out / stem(path))]
    folder, results = path.resolve(), out.resolve()
    if folder == results:
        raise UsageProblem(f"{path} is both input and --out; choose another folder for the results.")
    own = results if results.is_relative_to(folder) else None
    found = []
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        hidden = any(part.startswith(".") for part in inside.parts)
        earlier = own is not None and file.resolve().is_relative_to(own)
        if is_picture_name(file) and not hidden and not earlier and file.is_file():
            found.append((file, out / inside.parent / stem(file)))
    return found
