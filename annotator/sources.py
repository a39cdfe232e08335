"""Where imported bytes come from: files, folders, zips and uploads, each read only when its turn comes."""

import lzma
import os
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from inference.decoding import Limits, size_of
from inference.files import files_in, is_picture_name, is_unread_name, left_out, real_path

MAX_ZIP_FILES = 20_000
MAX_ZIP_BYTES = 32 * 1024**3
MIB = 1024**2
MASK_ENDING = ".mask"
"""What the name of a mask ends in before its file's ending, in small letters or capitals."""


class ImportProblem(Exception):  # noqa: N818
    """Something that was to be imported and cannot be; the message names it and the remedy."""


@dataclass(frozen=True)
class Source:
    """One file that may be a photo."""

    name: str
    """How people find it: its path, or `album.zip/path`."""
    filename: str
    """The photo's own name."""
    read: Callable[[], bytes]


def find_sources(paths: Sequence[Path], leave_out: Path | None = None) -> tuple[list[Source], list[tuple[str, str]]]:
    """Every photo under the paths, in a stable order, and (name, reason) of zips that could not be opened.

    In folders and zips only files with a photo's ending count; a file named by itself is always tried, whether it is
    there or not.
    """
    sources: list[Source] = []
    failures: list[tuple[str, str]] = []
    for path in paths:
        for file in _files(path, leave_out):
            if file.suffix.lower() == ".zip":
                try:
                    sources += zip_sources(file, str(file))
                except ImportProblem as problem:
                    failures.append((str(file), str(problem)))
            else:
                sources.append(Source(str(file), file.name, partial(read_bytes, file)))
    return sources, failures


def unread_in(paths: Sequence[Path]) -> list[str]:
    """Names of the pictures in folders and zips that are passed over, since heirloom does not read their kind."""
    found = [str(file) for file in left_out(paths)]
    for file in (file for path in paths for file in _files(path, None) if file.suffix.lower() == ".zip"):
        with suppress(ImportProblem), _open_zip(file) as archive:  # the import names a zip that cannot be opened
            entries = [entry.filename for entry in archive.infolist() if _shown(entry)]
            found += [f"{file}/{name}" for name in entries if is_unread_name(Path(name))]
    return found


def zip_sources(file: Path | BinaryIO, name: str) -> list[Source]:
    """The photos in a zip. Sizes are bounded before and while unpacking. Raises ImportProblem."""
    archive = _Zip(file)
    entries = archive.entries
    if len(entries) > MAX_ZIP_FILES or sum(entry.file_size for entry in entries) > MAX_ZIP_BYTES:
        raise ImportProblem(f"It holds more than {MAX_ZIP_FILES:,} photos or {MAX_ZIP_BYTES // 1024**3} GiB. Split it.")
    return [
        Source(f"{name}/{entry.filename}", PurePosixPath(entry.filename).name, partial(archive.read, entry))
        for entry in entries
    ]


class _Zip:
    """A zip that is open while its photos are read, one after the other: a folder may hold thousands of zips."""

    def __init__(self, file: Path | BinaryIO) -> None:
        with _open_zip(file) as archive:
            self.entries = [entry for entry in archive.infolist() if _wanted(entry)]
        self._file = file
        self._open: ZipFile | None = None

    def read(self, entry: ZipInfo) -> bytes:
        archive = self._open = self._open or _open_zip(self._file)
        try:
            return _read_entry(archive, entry)
        finally:
            if entry is self.entries[-1]:
                archive.close()
                self._open = None


def _files(path: Path, masks: Path | None) -> list[Path]:
    if not os.path.isdir(path):  # Path.is_dir would raise where it may not look
        return [path]
    found = files_in(path, lambda file: is_picture_name(file) or file.suffix.lower() == ".zip")
    if masks is None:
        return found
    hidden, own = real_path(masks), real_path(masks) == real_path(path)
    return [file for file in found if not is_mask_name(file) and (own or not real_path(file).is_relative_to(hidden))]


def is_mask_name(path: Path) -> bool:
    """Whether it can be nothing but a mask: `NAME.mask.png`."""
    return path.stem.lower().endswith(MASK_ENDING)


def _wanted(entry: ZipInfo) -> bool:
    return _shown(entry) and is_picture_name(Path(entry.filename))


def _shown(entry: ZipInfo) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in Path(entry.filename).parts)
    return not entry.is_dir() and not hidden


def read_bytes(path: Path) -> bytes:
    """The bytes of a file of the size that photos may have. Raises ImportProblem."""
    limit = Limits().max_bytes
    try:
        if size_of(path) > limit:
            raise ImportProblem(f"The file is larger than {limit // MIB} MiB. Save it smaller, or as JPEG or PNG.")
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> ImportProblem:
    return ImportProblem(f"It cannot be read ({error.strerror}). Check the path, and who may read it.")


def _open_zip(file: Path | BinaryIO) -> ZipFile:
    try:
        if isinstance(file, Path):
            size_of(file)
        return ZipFile(file)
    except (BadZipFile, OSError, NotImplementedError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise _unreadable(error) from error
        raise ImportProblem(f"It is not a zip that can be opened ({error}). Pack it again.") from error


def _read_entry(archive: ZipFile, entry: ZipInfo) -> bytes:
    limit = Limits().max_bytes
    try:
        with archive.open(entry) as file:
            data = file.read(limit + 1)
    except (BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ImportProblem(f"The zip's entry cannot be unpacked ({error}). Pack it again, unencrypted.") from error
    if len(data) > limit:
        raise ImportProblem(f"The file unpacks to more than {limit // MIB} MiB. Save it smaller, or as JPEG or PNG.")
    return data
