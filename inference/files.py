"""Names of the files that inference reads and writes, and how they are written."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from inference.containers import ENDINGS, UNREAD_ENDINGS
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


def real_path(path: Path) -> Path:
    """Where `path` leads; as far as that can be seen, for unlike Path.resolve this raises nothing."""
    return Path(os.path.realpath(path))


def is_picture_name(path: Path) -> bool:
    """Whether the name's ending is one of the formats that heirloom reads."""
    return any(path.suffix.lower() in endings for endings in ENDINGS.values())


def left_out(paths: Sequence[Path]) -> list[Path]:
    """Pictures in the folders among `paths` that are passed over there, since heirloom does not read their kind."""
    folders = [path for path in paths if os.path.isdir(path)]
    return [file for folder in folders for file in files_in(folder, is_unread_name) if is_unread_name(file)]


def is_unread_name(path: Path) -> bool:
    """Whether the name's ending is one of pictures that heirloom does not read."""
    return path.suffix.lower() in UNREAD_ENDINGS


def left_out_words(files: Sequence[str]) -> str:
    """The end of a sentence that names what was left out, and the remedy; `files` are one or more."""
    more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    kinds = ", ".join(sorted({Path(file).suffix.lower() for file in files}))
    return f"{files[0]}{more} (heirloom does not read {kinds}); save as JPEG, PNG or TIFF"


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
        others = [str(file) for file in left_out(paths)]
        remedy = f"left out: {left_out_words(others)}" if others else "name files, or folders that hold some"
        raise UsageProblem(f"No pictures found in {', '.join(map(str, paths))}; {remedy}.")
    inputs = {real_path(source) for source, _ in plan}
    writers = _writers(plan)
    for source, target in plan:
        for written in (target.with_name(target.name + suffix) for suffix in suffixes):
            if real_path(written) in inputs:
                raise UsageProblem(f"{source} would replace the input {written}; choose another folder with --out.")
    return [(source, target) for target, source in writers.items()]


def _writers(plan: Sequence[tuple[Path, Path]]) -> dict[Path, Path]:
    """Which input writes each target. Raises UsageProblem that names the first two that write one, and how many do."""
    writers: dict[Path, Path] = {}
    clashes = [
        (first, source, target)
        for source, target in plan
        if real_path(first := writers.setdefault(target, source)) != real_path(source)
    ]
    if clashes:
        first, second, target = clashes[0]
        more = f" (and {len(clashes) - 1:,} more such)" if len(clashes) > 1 else ""
        raise UsageProblem(f"{first} and {second} would both write {target}.*{more}; rename one, or use two folders.")
    return writers


def _inputs(path: Path, out: Path) -> list[tuple[Path, Path]]:
    if not os.path.isdir(path):  # Path.is_dir would raise where it may not look
        return [(path, out / path.stem)]
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
    return mirrored / "*" if os.path.isdir(file) else mirrored.with_name(file.stem)
