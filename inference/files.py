"""Which files are read, in folders too, and which ones their results become."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from inference.containers import ENDINGS, UNREAD_ENDINGS
from inference.errors import UsageProblem
from inference.writing import check_folder


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
