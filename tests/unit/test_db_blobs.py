"""The blob store: same bytes once, whole or not at all, and never silently other bytes."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.blobs import BlobStore
from db.errors import BlobError


@pytest.fixture(params=["folder", "elsewhere"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """A folder, and a place that fsspec reaches which is none."""
    return BlobStore(str(tmp_path / "blobs") if request.param == "folder" else f"memory://{tmp_path.name}")


def damage(store: BlobStore, sha: str, data: bytes) -> None:
    store._fs.pipe_file(store._path(sha), data)


def test_bytes_come_back_by_their_hash(store: BlobStore) -> None:
    sha = store.put(b"a photo")
    assert sha == hashlib.sha256(b"a photo").hexdigest()
    assert store.get(sha) == b"a photo"
    assert store.exists(sha)
    assert store.put(b"a photo") == sha
    assert list(store.hashes()) == [sha]


def test_changed_bytes_are_named_and_never_returned(store: BlobStore) -> None:
    sha = store.put(b"a photo")
    damage(store, sha, b"a ph0to")
    with pytest.raises(BlobError, match=f"{sha}.*corrupt"):
        store.get(sha)


@pytest.mark.parametrize("left", [b"a ph", b"a ph0to"], ids=["truncated", "changed"])
def test_a_damaged_blob_is_written_again(store: BlobStore, left: bytes) -> None:
    sha = store.put(b"a photo")
    damage(store, sha, left)
    store.put(b"a photo")
    assert store.get(sha) == b"a photo"


def test_a_missing_blob_is_an_error_that_names_it(store: BlobStore) -> None:
    missing = "0" * 64
    assert not store.exists(missing)
    with pytest.raises(BlobError, match=missing):
        store.get(missing)


@pytest.mark.parametrize("name", ["../../etc/passwd", "AB" * 32, "ab", ""])
def test_only_hashes_are_names(store: BlobStore, name: str) -> None:
    with pytest.raises(BlobError, match="not the name of a blob"):
        store.get(name)


def test_deleting_twice_is_fine(store: BlobStore) -> None:
    sha = store.put(b"a photo")
    store.delete_all([sha, sha])
    assert not store.exists(sha)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = BlobStore(str(tmp_path))

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        store.put(b"a photo")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_may_not_be_written_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(_: Path, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", read_only)
    remedy = r"cannot be written \(Read-only file system\); see to the folder .* HEIRLOOM_BLOBS_URL"
    with pytest.raises(BlobError, match=remedy):
        BlobStore(str(tmp_path)).put(b"a photo")


@given(st.binary(max_size=300))
def test_any_bytes_round_trip(data: bytes) -> None:
    store = BlobStore("memory://round-trip")
    assert store.get(store.put(data)) == data


@pytest.mark.parametrize("cause", [RuntimeError("Unable to locate credentials."), PermissionError("Forbidden")])
def test_a_place_that_does_not_answer_is_told_with_the_remedy(
    cause: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BlobStore("memory://team")
    sha = store.put(b"a photo")

    def refused(*_: object, **__: object) -> None:
        raise cause

    for asked in ("info", "exists", "cat_file", "rm_file"):
        monkeypatch.setattr(store._fs, asked, refused)
    for ask in (store.get, store.exists, store.delete, lambda _: list(store.hashes()), lambda _: store.put(b"news")):
        with pytest.raises(BlobError, match=r"memory://team does not answer \((Unable|Forbidden).*HEIRLOOM_BLOBS_URL"):
            ask(sha)
