"""Bytes named by their SHA-256, in a folder or any other place fsspec reaches."""

import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from db.addresses import shown_place
from db.errors import FULL, BlobError
from db.settings import Settings

HASH = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Content-addressed: `ab/abcdef…` under `url`. The same bytes are kept once.

    Whatever is asked of it, it raises BlobError where a place that is no folder does not answer, or a folder may not be
    written.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._shown = shown_place(url)
        self._fs: Any
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._local = isinstance(self._fs, LocalFileSystem)

    @property
    def folder(self) -> Path | None:
        """Where the files are; None where they are not on this machine's disks."""
        return Path(self._root) if self._local else None

    def put(self, data: bytes) -> str:
        """Stores `data` and returns its SHA-256 in hex. A reader sees all of it or nothing."""
        sha = hashlib.sha256(data).hexdigest()
        if self._holds(sha, len(data)):
            return sha
        path = self._path(sha)
        if self._local:
            self._write_file(Path(path), data)
        else:
            with self._answering():
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._fs.pipe_file(path, data)
        return sha

    def get(self, sha: str) -> bytes:
        """The bytes named `sha`. Raises BlobError: missing, or no longer the bytes of that name."""
        try:
            with self._answering(missing=True):
                data: bytes = self._fs.cat_file(self._path(sha))
        except FileNotFoundError:
            raise BlobError(f"Blob {sha} is not in {self._shown}; restore it from a backup.") from None
        if hashlib.sha256(data).hexdigest() != sha:
            raise BlobError(
                f"Blob {sha} in {self._shown} is corrupt: its bytes have changed; restore it from a backup."
            )
        return data

    def exists(self, sha: str) -> bool:
        with self._answering():
            return bool(self._fs.exists(self._path(sha)))

    def delete(self, sha: str) -> None:
        """Removes the bytes; nothing happens when they are gone already."""
        try:
            with self._answering(missing=True):
                self._fs.rm_file(self._path(sha))
        except FileNotFoundError:
            return

    def delete_all(self, hashes: Iterable[str]) -> None:
        """Removes several, as `delete` does."""
        for sha in hashes:
            self.delete(sha)

    def hashes(self) -> Iterator[str]:
        """The name of every blob, in no particular order."""
        with self._answering():
            found = self._fs.find(self._root) if self._fs.exists(self._root) else []
        for path in found:
            name = str(path).rpartition("/")[2]
            if HASH.fullmatch(name):
                yield name

    def _holds(self, sha: str, size: int) -> bool:
        """Whether the bytes are there and whole: a dying disk changes them and leaves their size."""
        if self._stored_size(sha) != size:
            return False
        try:
            self.get(sha)
        except (BlobError, OSError):
            return False
        return True

    def _stored_size(self, sha: str) -> int | None:
        try:
            with self._answering(missing=True):
                return int(self._fs.size(self._path(sha)))
        except FileNotFoundError:
            return None

    @contextmanager
    def _answering(self, missing: bool = False) -> Iterator[None]:
        """What a place that is no folder raises is of its own library: a wrong key, a bucket that is not there.

        With `missing`, FileNotFoundError says that a blob is not there.
        """
        try:
            yield
        except Exception as error:
            if self._local or isinstance(error, BlobError) or (missing and isinstance(error, FileNotFoundError)):
                raise
            said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            raise BlobError(
                f"{self._shown} does not answer ({said}); see that it is there and that its keys are in the "
                "environment, or set HEIRLOOM_BLOBS_URL to another place."
            ) from error

    def _write_file(self, path: Path, data: bytes) -> None:
        """A full disk stays an OSError: it is told in one place for all that is written."""
        try:
            _write_safely(path, data)
        except OSError as error:
            if error.errno in FULL:
                raise
            raise BlobError(
                f"{self._shown} cannot be written ({error.strerror or error}); see to the folder and to who may write "
                "there, or set HEIRLOOM_BLOBS_URL to another place."
            ) from error

    def _path(self, sha: str) -> str:
        if not HASH.fullmatch(sha):
            raise BlobError(f"{sha!r} is not the name of a blob: 64 hexadecimal digits are.")
        return f"{self._root}/{sha[:2]}/{sha}"


def open_blobs(settings: Settings) -> BlobStore:
    """Raises BlobError where HEIRLOOM_BLOBS_URL cannot be used."""
    try:
        return BlobStore(settings.blobs_url)
    except (ImportError, ValueError) as error:  # a ValueError's text may hold a part of the password
        cause = error if isinstance(error, ImportError) else "its address is not understood"
        raise BlobError(
            f"HEIRLOOM_BLOBS_URL cannot be used ({cause}); for S3, pip install 'heirloom[team]', or give a folder."
        ) from error


def _write_safely(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Without this a power cut may forget the name of a file whose row is already committed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
