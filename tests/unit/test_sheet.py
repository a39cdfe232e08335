"""Contact sheets: what is where, on how many pages, and how much of it is kept in memory."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from inference import sheet
from inference.decoding import read_photo
from inference.errors import OutputError
from inference.sheet import ROWS, ContactSheet

RED, GREEN, BLUE = (200, 30, 20), (20, 180, 40), (30, 60, 210)


def plain(colour: tuple[int, int, int], height: int = 40, width: int = 60) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def rows_with(page: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.flatnonzero((page == colour).all(axis=2).any(axis=1))


def test_photo_mask_and_results_stand_side_by_side(tmp_path: Path) -> None:
    made = ContactSheet(tmp_path / "all.png")
    mask = np.zeros((40, 60), np.bool_)
    mask[10:20, 5:50] = True
    grey = np.full((40, 60), 128 * 257, np.uint16)
    made.add("a.png", grey, mask, [plain(RED), plain(GREEN), plain(BLUE)])
    assert made.close() == [tmp_path / "all.png"]
    page = read_photo(tmp_path / "all.png").pixels
    places = [np.flatnonzero((page == colour).all(axis=2).any(axis=0)) for colour in (RED, GREEN, BLUE)]
    assert [len(place) for place in places] == [60, 60, 60]
    assert places[0][-1] < places[1][0] < places[1][-1] < places[2][0]
    marked = (page == sheet._MARK).all(axis=2)
    assert marked.sum() == 10 * 45
    assert (page[rows_with(page, RED)] == 128).all(axis=2).sum() == 60 * 40 + 60 * 40 - 10 * 45


def test_a_thin_defect_of_a_large_photo_is_still_seen(tmp_path: Path) -> None:
    mask = np.zeros((2000, 3000), np.bool_)
    mask[:, 1500:1503] = True
    large = np.full((2000, 3000), 90, np.uint8)
    made = ContactSheet(tmp_path / "all.png")
    made.add("a.png", large, mask, [large, large, large])
    made.close()
    page = read_photo(tmp_path / "all.png").pixels
    assert len(rows_with(page, sheet._MARK)) == 256


def test_many_photos_take_several_pages(tmp_path: Path) -> None:
    made = ContactSheet(tmp_path / "all.png")
    for number in range(2 * ROWS + 1):
        made.add(f"{number}.png", plain(RED), np.zeros((40, 60), np.bool_), [plain(GREEN)] * 3)
    expected = [tmp_path / name for name in ("all.png", "all-2.png", "all-3.png")]
    assert made.pages(2 * ROWS + 1) == expected
    assert made.pages(2 * ROWS) == expected[:2]
    assert made.pages(1) == expected[:1]
    assert made.close() == expected
    assert sorted(tmp_path.iterdir()) == sorted(expected)
    assert [len(rows_with(read_photo(path).pixels, RED)) for path in expected] == [40 * ROWS, 40 * ROWS, 40]


def test_a_photo_that_failed_has_its_words(tmp_path: Path) -> None:
    made = ContactSheet(tmp_path / "all.png")
    made.add_failed("бабушка.png is empty; copy it again from where it came from.")
    made.close()
    page = read_photo(tmp_path / "all.png").pixels
    below_titles = page[sheet._LINE + sheet._GAP :]
    assert (below_titles != np.uint8(sheet._GROUND)).any()


def test_memory_does_not_grow_with_the_photos(tmp_path: Path) -> None:
    made = ContactSheet(tmp_path / "all.png")
    photo, mask = plain(RED, 400, 400), np.zeros((400, 400), np.bool_)
    peaks = []
    tracemalloc.start()
    for number in range(3 * ROWS):
        made.add(f"{number}.png", photo, mask, [photo, photo, photo])
        if number % ROWS == ROWS - 1:
            peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    page = ROWS * sheet._SIDE * sheet._WIDTH * 3
    assert max(peaks) < page / 10, "a page that is written is not kept"


def test_a_page_that_cannot_be_written_is_told_when_closing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    made = ContactSheet(tmp_path / "file" / "all.png")
    for _ in range(ROWS + 1):
        made.add_failed("a.png is empty.")
    with pytest.raises(OutputError, match=r"all.*\.png cannot be written"):
        made.close()


def test_where_there_is_nothing_to_show_no_page_is_written(tmp_path: Path) -> None:
    assert ContactSheet(tmp_path / "all.png").close() == []
    assert not list(tmp_path.iterdir())
