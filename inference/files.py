"""Names and bytes of the files that inference reads and writes."""

import errno
import os
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from inference.arrays import Mask
from inference.containers import ENDINGS
from inference.errors import OutputError, PhotoError, UsageProblem
from inference.photo import DEFAULT_LIMITS, Limits, decode
from inference.png import encode_png
from inference.text import readable

__all__ = [
    "decode_mask", "doubt_of_mask", "encode_mask", "encode_png", "is_picture_name", "plan_outputs", "stem",
    "write_file",
]  # fmt: skip
_MOST_MARKED = 0.8
"""Share of a photo above which its mask is doubted: most photos have less than a fifth of them damaged, and look like
that where black marks the defects; few have less than a fifth of them left."""


def encode_mask(mask: Mask) -> bytes:
    """bool H×W as a one-channel 8-bit PNG, 255 = defect."""
    if mask.dtype != np.bool_ or mask.ndim != 2:
        raise ValueError(f"a mask is bool H×W, not {mask.dtype} {mask.shape}")
    return encode_png(mask.astype(np.uint8) * np.uint8(255))


def decode_mask(data: bytes, shape: tuple[int, int], name: str, limits: Limits = DEFAULT_LIMITS) -> Mask:
    """A mask file's bytes as bool H×W: true where any colour channel is above 127 (and alpha, if any, too).

    `shape` is the photo's upright (height, width). Raises PhotoError for another size, an undecodable file, and
    one that marks nothing though it is not black, or though its transparency draws something.
    """
    mask = decode(data, name, limits)
    if mask.size != tuple(shape):
        raise PhotoError(
            f"{name} is {mask.size[1]}×{mask.size[0]} pixels but its photo is {shape[1]}×{shape[0]}; "
            "a mask must have exactly its photo's size."
        )
    brightest = int(mask.pixels.max())
    if 0 < brightest <= 127:  # zeros and ones, say: as a mask without defects it would teach and fill what is not true
        raise PhotoError(
            f"{name} is not black and marks nothing: its brightest value is {brightest} of 255, and a defect is above "
            "127; save it with 255 where a defect is, or all black."
        )
    defect = mask.pixels.max(axis=2) > 127
    if mask.channels in (2, 4):
        alpha = mask.source[..., -1]
        defect &= alpha > np.iinfo(mask.source.dtype).max // 2
        if not defect.any() and np.ptp(alpha):  # strokes of black, or faint ones, on a layer
            raise PhotoError(
                f"{name} marks nothing, and its transparency is not everywhere the same; save it without transparency, "
                "with white where a defect is and black elsewhere."
            )
    return np.asarray(defect, np.bool_)


def doubt_of_mask(mask: Mask, name: str) -> str | None:
    """What to say of a mask, bool H×W, that marks so much that it may well be inverted; None of any other."""
    share = float(mask.mean())
    if share <= _MOST_MARKED:
        return None
    return f"{readable(name)} marks {100 * share:.1f} % of its photo; if black marks the defects, invert it."


def write_file(path: Path, data: bytes) -> None:
    """Write beside, then replace: under `path` there is the old file, or all of the new one. Raises OutputError."""
    # Short: the name may be as long as names can be.
    beside = path.with_name(f".{zlib.crc32(os.fsencode(path.name)):08x}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def check_name(path: Path) -> None:
    """Raises OutputError, before any work, where the file system takes no name as long as that of `path`."""
    error = _too_long(path)
    if error:
        raise not_written(path, error) from error


def _too_long(path: Path) -> OSError | None:
    try:
        os.lstat(_nearest(path.parent) / path.name)
    except OSError as error:
        return error if error.errno == errno.ENAMETOOLONG else None
    return None


def not_written(path: Path, error: OSError) -> OutputError:
    """What to raise where the system refuses to write, or remove, the file at `path`."""
    remedy = "check the folder's permissions and the free space"
    if error.errno == errno.ENAMETOOLONG:
        remedy = "give the photo a shorter name"
    return OutputError(f"{path} cannot be written ({error.strerror or error}); {remedy}.")


def check_folder(folder: Path, option: str = "--out") -> None:
    """Raises UsageProblem where nothing can be written into `folder`, which an option names, or it cannot be made."""
    nearest = _nearest(folder)
    if not os.path.isdir(nearest):
        raise UsageProblem(f"{option} {folder} cannot be: {nearest} is no folder; choose another one.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageProblem(
            f"{option} {folder} cannot be written to: {nearest} is not yours to write in; choose another."
        )


def check_file(path: Path, option: str = "--out") -> None:
    """Raises UsageProblem where no file can be written at `path`, which an option names."""
    if os.path.isdir(path):
        raise UsageProblem(f"{option} {path} is a folder; name a file.")
    check_folder(path.parent, option)
    if _too_long(path):
        raise UsageProblem(f"{option} {path} cannot be: its name is too long; choose a shorter one.")


def check_png(path: Path, option: str = "--out") -> None:
    """Raises UsageProblem where no PNG can be written at `path`, which an option names; its ending has to say so."""
    if path.suffix.lower() != ".png":
        raise UsageProblem(f"{option} {path} does not end in .png, and PNG is what is written; name it so.")
    check_file(path, option)


def _nearest(folder: Path) -> Path:
    """The folder itself if it is there, else the nearest one above it."""
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)


def real_path(path: Path) -> Path:
    """Where `path` leads; as far as that can be seen, for unlike Path.resolve this raises nothing."""
    return Path(os.path.realpath(path))


def stem(path: Path) -> str:
    """The file's name without its last ending: ``a.damaged.jpg`` is ``a.damaged``."""
    return path.stem


def is_picture_name(path: Path) -> bool:
    """Whether the name's ending is one of the formats that heirloom reads."""
    return any(path.suffix.lower() in endings for endings in ENDINGS.values())


def plan_outputs(paths: Sequence[Path], out: Path, suffixes: Sequence[str] = ()) -> list[tuple[Path, Path]]:
    """Pair every input with the beginning of its outputs' names, ``out/[folders/]stem``.

    A folder is read recursively (picture endings only, nothing hidden, nothing under `out`, no links to folders) and
    mirrored; a folder in it that cannot be read is an input like a picture, which will fail. A file is taken as named,
    whether it is there or not. `suffixes` (such as ``.mask.png``) are what will be appended.
    Raises UsageProblem where two inputs would write one file, an output would replace an input, nothing was found, or
    `out` cannot be written to.
    """
    check_folder(out)
    plan = [pair for path in paths for pair in _inputs(path, out)]
    if not plan:
        raise UsageProblem(f"No pictures found in {', '.join(map(str, paths))}; name files, or folders that hold some.")
    inputs = {real_path(source) for source, _ in plan}
    writers: dict[Path, Path] = {}
    for source, target in plan:
        first = writers.setdefault(target, source)
        if real_path(first) != real_path(source):
            raise UsageProblem(f"{first} and {source} would both write {target}.*; rename one, or use two folders.")
        for written in (target.with_name(target.name + suffix) for suffix in suffixes):
            if real_path(written) in inputs:
                raise UsageProblem(f"{source} would replace the input {written}; choose another folder with --out.")
    return [(source, target) for target, source in writers.items()]


def _inputs(path: Path, out: Path) -> list[tuple[Path, Path]]:
    if not os.path.isdir(path):  # Path.is_dir would raise where it may not look
        return [(path, out / stem(path))]
    folder, results = real_path(path), real_path(out)
    if folder == results:
        raise UsageProblem(f"{path} is both input and --out; choose another folder for the results.")
    own = results if results.is_relative_to(folder) else None
    found = [file for file in files_in(path, is_picture_name) if own is None or not real_path(file).is_relative_to(own)]
    return [(file, _target(file, out / file.relative_to(path))) for file in found]


def files_in(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    """The `wanted` files in a folder and those below it, sorted; nothing hidden.

    Links that lead nowhere are among them, and folders that cannot be read: whoever reads them will say so.
    """
    found: list[Path] = []
    closed: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename or folder))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in (Path(place, name) for name in files if not name.startswith(".")):
            if wanted(file) and (os.path.isfile(file) or not os.path.exists(file)):
                found.append(file)
    return sorted(found + closed)


def _target(file: Path, mirrored: Path) -> Path:
    """Of a folder that cannot be read nothing will be written; its target is below it, in no picture's way."""
    return mirrored / "*" if os.path.isdir(file) else mirrored.with_name(stem(file))
