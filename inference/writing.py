"""Where files may be written, and how: beside their place, then into it."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from inference.errors import OutputError, UsageProblem

Write = Callable[[Path, bytes], None]


def write_file(path: Path, data: bytes) -> None:
    """Write beside, then replace: under `path` there is the old file, or all of the new one. Raises OutputError."""
    with writing() as write:
        write(path, data)


@contextmanager
def writing(vouching: Path | None = None) -> Iterator[Write]:
    """Yield `write(path, data)`, which writes beside: what was written replaces the old files when the block ends.

    Where it raises, these stay. `vouching` is the file that vouches for the others, to be written last: the old one is
    removed before they are replaced. Raises OutputError.
    """
    parts: dict[Path, Path] = {}

    def write(path: Path, data: bytes) -> None:
        # short: the name may be as long as names can be; by chance: processes of two containers may have one number
        part = parts[path] = path.with_name(f".{token_hex(8)}.part")
        with _telling(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())

    try:
        yield write
        if vouching:
            remove(vouching)
        for path, part in parts.items():
            with _telling(path):
                part.replace(path)
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink()


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises OutputError."""
    with _telling(path):
        path.unlink(missing_ok=True)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise not_written(path, error) from error


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
    _check_within(folder, f"{option} {folder}")


def _check_within(folder: Path, asked: str) -> None:
    nearest = _nearest(folder)
    if not os.path.isdir(nearest):
        raise UsageProblem(f"{asked} cannot be: {nearest} is no folder; choose another one.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageProblem(f"{asked} cannot be written to: {nearest} is not yours to write in; choose another.")


def check_file(path: Path, option: str = "--out") -> None:
    """Raises UsageProblem where no file can be written at `path`, which an option names."""
    if os.path.isdir(path):
        raise UsageProblem(f"{option} {path} is a folder; name a file.")
    _check_within(path.parent, f"{option} {path}")
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
