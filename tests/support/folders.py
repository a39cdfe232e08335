"""Folders that may not be looked into, and disks that have no room."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def forbidding(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the system refuse a look into `folder`, as it does to all but root where the folder's permissions say so."""
    scandir, stat = os.scandir, os.stat

    def refused(path: object) -> PermissionError:
        return PermissionError(errno.EACCES, "Permission denied", str(path))

    def scanned(path: object = ".") -> object:
        if Path(str(path)) == folder:
            raise refused(path)
        return scandir(path)  # type: ignore[call-overload]

    def looked_at(path: object, **options: object) -> object:
        if isinstance(path, (str, Path)) and folder in Path(path).parents:
            raise refused(path)
        return stat(path, **options)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(os, "scandir", scanned)
    monkeypatch.setattr(os, "stat", looked_at)


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """Let the system refuse all of a file beyond `most` bytes, as a full disk does."""
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, whole[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)
