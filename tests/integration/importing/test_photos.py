"""Photos in, alone and by the folder: kept as they came; one bad file never stops the others."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from annotator import importing
from annotator.context import Platform
from annotator.importing import import_bytes, import_paths
from annotator.views import actions
from db import people
from db.models import Photo, Task
from db.photos import PhotoFacts
from db.references import remove_unneeded
from inference.errors import PhotoError
from inference.thumbnails import thumbnail
from tests.support.importable import mask, picture, rows, write


def test_a_photo_is_kept_as_it_came(here: Platform) -> None:
    data = picture(1)
    outcome = import_bytes(here, data, "a.png", "album")
    assert outcome.is_new
    with here.database.reading() as session:
        photo = session.scalars(select(Photo)).one()
        assert (photo.filename, photo.collection, photo.width, photo.height) == ("a.png", "album", 60, 40)
        assert (photo.channels, photo.bit_depth, photo.format) == (1, 8, "PNG")
        assert session.scalars(select(Task)).one().kind == "label"
    assert here.blobs.get(photo.sha256) == data
    assert here.blobs.exists(photo.view_sha256)
    assert here.blobs.get(photo.thumbnail_sha256).startswith(b"\xff\xd8")


def test_the_same_bytes_are_recognised_under_another_name(here: Platform) -> None:
    import_bytes(here, picture(1), "a.png")
    again = import_bytes(here, picture(1), "b.png")
    assert (again.is_new, again.known_as) == (False, "a.png")
    assert len(rows(here, Photo)) == 1


def stored(here: Platform) -> set[str]:
    with here.database.reading() as session:
        photo = session.scalars(select(Photo)).one()
    return {sha for sha in (photo.sha256, photo.view_sha256, photo.thumbnail_sha256) if here.blobs.exists(sha)}


def test_a_photo_imported_while_the_same_one_is_deleted_keeps_its_bytes(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.database.unit_of_work() as session:
        ada = people.sign_in(session, "Ada")
    first = import_bytes(here, picture(1), "a.png").photo_id
    before = stored(here)

    def import_first(*arguments: Any) -> None:
        import_bytes(here, picture(1), "b.png")
        remove_unneeded(*arguments)

    monkeypatch.setattr(actions, "remove_unneeded", import_first)
    actions.delete(here, [first], ada)
    assert stored(here) == before


def test_bytes_removed_while_their_photo_is_imported_are_stored_again(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = importing._facts

    def remove_first(*arguments: Any) -> PhotoFacts:
        remove_unneeded(here.database, here.blobs, list(here.blobs.hashes()))
        return made(*arguments)

    monkeypatch.setattr(importing, "_facts", remove_first)
    import_bytes(here, picture(1), "a.png", mask=mask())
    assert len(stored(here)) == len(set(here.blobs.hashes())) - 1 == 2, "the photo is its own view; a mask beside"


def test_bytes_that_are_no_photo_leave_nothing_behind(here: Platform) -> None:
    with pytest.raises(PhotoError, match=r"a\.png"):
        import_bytes(here, picture(1)[:60], "a.png")
    assert rows(here, Photo) == []


def test_a_folder_comes_in_with_its_folders_and_bad_files_are_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), bad__png=b"no picture", notes__txt=b"hello")
    write(folder / "deeper", b__png=picture(2))
    write(folder / ".hidden", c__png=picture(3))
    seen: list[tuple[int, int]] = []
    report = import_paths(here, [folder], progress=lambda done, total, _name: seen.append((done, total)))
    assert [outcome.name for outcome in report.outcomes] == ["a.png", "b.png"]
    (failure,) = report.failures
    assert failure.name.endswith("bad.png")
    assert failure.reason
    assert "bad.png" not in failure.reason  # it is shown once, as the name
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_what_is_no_file_is_named_and_the_others_come_in(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2))
    masks = write(tmp_path / "masks", a__png=mask())
    photo, packed, its_mask = tmp_path / "device.png", tmp_path / "device.zip", masks / "b.png"
    for device in (photo, packed, its_mask):
        device.symlink_to(os.devnull)
    report = import_paths(here, [photo, packed, folder], masks)
    assert [outcome.name for outcome in report.outcomes] == ["a.png"]
    assert {failure.name for failure in report.failures} == {str(photo), str(packed), str(folder / "b.png")}
    for failure in report.failures:
        assert failure.reason.startswith("It cannot be read (it is not a regular file)")


OUT_OF_MEMORY = (MemoryError(), cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes"))


@pytest.mark.parametrize("error", [*OUT_OF_MEMORY, ValueError("a fault of ours")])
def test_a_photo_that_memory_runs_out_for_is_named_and_the_others_come_in(
    here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2, width=61))

    def shrink(pixels: NDArray[np.uint8]) -> bytes:
        if pixels.shape[1] == 60:
            raise error
        return thumbnail(pixels)

    monkeypatch.setattr(importing, "thumbnail", shrink)
    if error not in OUT_OF_MEMORY:
        with pytest.raises(ValueError, match="of ours"):
            import_paths(here, [folder])
        return
    report = import_paths(here, [folder])
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    said = [(failure.name, failure.reason) for failure in report.failures]
    assert said == [(str(folder / "a.png"), "It needs more memory than there is; cut it into parts.")]
