"""Masks that come with photos: found by name, of their photo alone, and accepted where nothing speaks against it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from annotator.context import Platform
from annotator.importing import import_paths
from annotator.sources import ImportProblem
from db.models import Annotation, Photo, Task
from inference.masks import decode_mask, encode_mask
from tests.support.folders import forbidding
from tests.support.importable import mask, picture, rows, write


def test_masks_are_found_by_name_and_come_in_as_accepted(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2), c__png=picture(3))
    masks = write(tmp_path / "masks", a__png=mask(), b__mask__png=mask())
    report = import_paths(here, [folder], masks)
    assert [outcome.has_mask for outcome in report.outcomes] == [True, True, False]
    assert report.waiting_ids == [report.outcomes[2].photo_id]
    with here.database.reading() as session:
        annotations = list(session.scalars(select(Annotation)))
        open_tasks = list(session.scalars(select(Task).where(Task.status == "open")))
    assert [(row.status, row.origin) for row in annotations] == [("accepted", "imported")] * 2
    assert annotations[0].marked_share == pytest.approx(100 / 2400)
    kept = decode_mask(here.blobs.get(annotations[0].mask_sha256 or ""), (40, 60), "a")
    assert kept.sum() == 100
    assert [task.photo_id for task in open_tasks] == report.waiting_ids


def test_a_mask_that_may_be_inverted_is_not_accepted_unseen(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2))
    inverted = ~decode_mask(mask(), (40, 60), "a")
    masks = write(tmp_path / "masks", a__png=encode_mask(inverted), b__png=mask())
    report = import_paths(here, [folder], masks)
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    assert [failure.name for failure in report.failures] == [str(folder / "a.png")]
    assert "the mask of a.png marks 95.8 % of its photo; if black marks the defects" in report.failures[0].reason
    assert len(rows(here, Photo)) == len(rows(here, Annotation)) == 1


def test_the_same_mask_twice_is_one_annotation(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", a__png=mask())
    for _ in range(2):
        import_paths(here, [folder], masks)
    assert len(rows(here, Annotation)) == 1


@pytest.mark.parametrize("name", ["nowhere", "x" * 300])
def test_a_folder_of_masks_that_is_not_there_is_wrong_use(here: Platform, tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportProblem, match=r"is not a folder of masks"):
        import_paths(here, [tmp_path], tmp_path / name)


def test_masks_beside_their_photos_are_not_photos(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), a__mask__png=mask(), b__png=picture(2))
    report = import_paths(here, [folder], folder)
    assert [(outcome.name, outcome.has_mask) for outcome in report.outcomes] == [("a.png", True), ("b.png", False)]
    assert report.failures == []


@pytest.mark.parametrize("name", ["a.PNG", "a.MASK.PNG", "a.mask.Png"])
def test_a_masks_ending_may_be_in_capitals(here: Platform, tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "in", a__jpg=picture(1))
    masks = write(tmp_path / "masks", **{name: mask()})
    report = import_paths(here, [folder], masks)
    assert [outcome.has_mask for outcome in report.outcomes] == [True]
    assert report.failures == []


def test_a_mask_in_capitals_beside_its_photo_is_no_photo(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__PNG=picture(1), a__MASK__PNG=mask())
    report = import_paths(here, [folder], folder)
    assert [(outcome.name, outcome.has_mask) for outcome in report.outcomes] == [("a.PNG", True)]


def test_two_masks_for_one_photo_are_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", a__png=mask(), a__mask__png=mask())
    report = import_paths(here, [folder], masks)
    assert report.outcomes == []
    assert "Two masks bear this photo's name" in report.failures[0].reason


def test_a_mask_that_could_be_either_of_two_photos_goes_to_neither(here: Platform, tmp_path: Path) -> None:
    write(tmp_path / "in" / "one", a__png=picture(1))
    write(tmp_path / "in" / "two", a__png=picture(2), b__png=picture(3))
    masks = write(tmp_path / "masks", a__png=mask(), b__png=mask())
    report = import_paths(here, [tmp_path / "in"], masks)
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    assert ["2 photos are called a" in failure.reason for failure in report.failures] == [True, True]


def test_a_mask_of_another_size_is_refused_with_its_photo(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2))
    masks = write(tmp_path / "masks", a__png=mask(41))
    report = import_paths(here, [folder], masks)
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    assert "60×41" in report.failures[0].reason


def test_a_mask_without_a_photo_is_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", other__png=mask())
    report = import_paths(here, [folder], masks)
    assert [failure.name for failure in report.failures] == [str(masks / "other.png")]


def test_what_is_hidden_among_the_masks_is_none(here: Platform, tmp_path: Path) -> None:
    """macOS, for one, puts `._NAME` beside NAME on foreign disks."""
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", a__png=mask())
    (masks / "._a.png").write_bytes(b"of macOS")
    write(masks / ".thumbnails", a__png=mask())
    report = import_paths(here, [folder], masks)
    assert ([outcome.has_mask for outcome in report.outcomes], report.failures) == ([True], [])


def test_masks_that_cannot_be_read_hold_the_import_up(
    here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks" / "closed", a__png=mask())
    forbidding(monkeypatch, masks)
    with pytest.raises(ImportProblem, match=r"closed may hold masks, and cannot be read"):
        import_paths(here, [folder], masks.parent)
    assert rows(here, Photo) == []


def test_a_folder_that_cannot_be_read_is_named_once_where_masks_lie_beside_photos(
    here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), a__mask__png=mask())
    forbidding(monkeypatch, write(folder / "closed"))
    report = import_paths(here, [folder], folder)
    assert [outcome.has_mask for outcome in report.outcomes] == [True]
    assert [failure.name for failure in report.failures] == [str(folder / "closed")]


def test_a_link_to_itself_beside_masks_is_named(here: Platform, tmp_path: Path) -> None:
    folder, masks = write(tmp_path / "in", a__png=picture(1)), write(tmp_path / "masks", a__png=mask())
    (tmp_path / "loop.png").symlink_to("loop.png")
    report = import_paths(here, [tmp_path / "loop.png", folder], masks)
    assert [outcome.has_mask for outcome in report.outcomes] == [True]
    assert [failure.name for failure in report.failures] == [str(tmp_path / "loop.png")]
