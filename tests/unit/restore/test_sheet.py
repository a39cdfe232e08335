"""`heirloom restore --sheet`: a row for every photo, and no picture in its way."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.decoding import decode, read_photo
from inference.png import encode_png
from inference.writing import not_written
from tests.support.commands import failing
from tests.support.picture_files import noise


def test_the_sheet_has_a_row_for_every_photo(restore: Any, photos: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheets" / "all.png"
    (photos / "broken.png").write_bytes(b"no picture")
    result = restore(photos, "--out", tmp_path / "out", "--sheet", sheet)
    assert result.exit_code == 1
    assert str(sheet) in result.stdout
    first = sheet.read_bytes()
    resumed = restore(photos, "--out", tmp_path / "out", "--sheet", sheet, "--resume")
    assert resumed.stdout.count("done earlier") == 2
    before, after = decode(first, "first").pixels, read_photo(sheet).pixels
    assert before.shape == after.shape
    np.testing.assert_array_equal(before, after, "the rows of finished photos come from their files")


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("all.jpg", "does not end in .png"),
        ("out/deep/b.color.png", "a photo or a result"),
        ("photos/deep/b.png", "a photo"),
    ],
)
def test_a_sheet_never_replaces_a_picture(restore: Any, photos: Path, tmp_path: Path, name: str, cause: str) -> None:
    said = failing(restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / name), 2)
    assert cause in said
    assert not (tmp_path / "out").exists()


def test_a_sheet_that_cannot_be_written_is_told_at_the_end(
    restore: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: bytes) -> None:
        raise not_written(path, OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr("inference.sheet.write_file", full)
    result = restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / "all.png")
    assert "all.png cannot be written" in failing(result, 1)
    assert (tmp_path / "out" / "deep" / "b.json").is_file()


@pytest.mark.parametrize("last", [f"{'x' * 252}.png", f"{'x' * 250}.png"], ids=["first page", "second page"])
def test_a_sheet_whose_name_is_too_long_is_refused_before_the_work(
    restore: Any, photos: Path, tmp_path: Path, last: str
) -> None:
    for number in range(24):
        (photos / f"{number}.png").write_bytes(encode_png(noise(20, 20)))
    said = failing(restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / last), 2)
    assert "cannot be: its name is too long; choose a shorter one." in said
    assert not (tmp_path / "out").exists()


def test_a_sheet_that_cannot_be_written_is_refused_before_the_work(restore: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    causes = {"file/all.png": "is no folder; choose another one", "folder.png": "is a folder; name a file"}
    for name, cause in causes.items():
        said = failing(restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / name), 2)
        assert "--sheet" in said
        assert cause in said
    assert not (tmp_path / "out").exists()
