"""Tiling: any size comes back whole, without seams, with bounded memory."""

import tracemalloc
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference.tiles import GRID, run_tiled, tile_starts


def brightness(tiles: np.ndarray) -> np.ndarray:
    """Of one picture or of several."""
    return tiles.mean(axis=-1, dtype=np.float32) / np.float32(255)


@settings(max_examples=80)
@given(st.integers(16, 700), st.integers(16, 300), st.sampled_from([(128, 32), (192, 96), (256, 0), (64, 0)]))
@example(16, 16, (128, 32))
@example(16, 5000, (128, 32))
@example(5000, 16, (128, 64))
@example(128, 129, (128, 64))
def test_the_identity_comes_back_exactly(height: int, width: int, tiling: tuple[int, int]) -> None:
    pixels = np.random.default_rng(height * 7919 + width).integers(0, 256, (height, width, 3), np.uint8)
    at_once = 1 + height % 3
    np.testing.assert_array_equal(run_tiled(brightness, pixels, *tiling, at_once=at_once), brightness(pixels))


@given(st.integers(1, 20_000), st.sampled_from([(128, 32), (256, 64), (1024, 128)]))
def test_tiles_cover_a_side_with_the_overlap_asked_for(length: int, tiling: tuple[int, int]) -> None:
    tile, overlap = tiling
    starts = tile_starts(length, tile, overlap)
    assert starts[0] == 0
    assert all(start % GRID == 0 for start in starts)
    assert length <= starts[-1] + tile < length + tile
    assert all(overlap <= first + tile - second < tile for first, second in pairwise(starts))


def test_tiles_are_of_the_grid_and_never_larger_than_asked() -> None:
    shapes: list[tuple[int, ...]] = []

    def watch(tiles: np.ndarray) -> np.ndarray:
        shapes.append(tiles.shape)
        return brightness(tiles)

    run_tiled(watch, np.zeros((333, 777, 3), np.uint8), 128, 32)
    assert {side % GRID for shape in shapes for side in shape[1:3]} == {0}
    assert max(side for shape in shapes for side in shape[1:3]) == 128
    assert {shape[0] for shape in shapes} == {1}


def test_tiles_of_a_row_may_come_several_at_once() -> None:
    counts: list[int] = []

    def watch(tiles: np.ndarray) -> np.ndarray:
        counts.append(len(tiles))
        return brightness(tiles)

    shares: list[float] = []
    run_tiled(watch, np.zeros((200, 500, 3), np.uint8), 192, 64, shares.append, at_once=2)
    assert counts == [2, 2, 2, 2]
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_differing_tiles_meet_gradually() -> None:
    values = iter([0.0, 1.0])
    result = run_tiled(
        lambda tiles: np.full(tiles.shape[:3], next(values), np.float32), np.zeros((64, 192, 3), np.uint8), 128, 64
    )
    assert result[0, :80].max() == 0
    assert result[0, 112:].min() == 1
    assert np.diff(result[0]).min() >= 0
    assert np.diff(result[0]).max() < 0.1


def test_a_local_network_gives_the_same_wherever_the_tiles_lie() -> None:
    """What looks no farther than a quarter of the overlap cannot tell tiles from the whole photo."""
    pixels = np.random.default_rng(0).integers(0, 256, (400, 300, 3), np.uint8)

    def blur(tiles: np.ndarray) -> np.ndarray:
        return np.stack([cv2.blur(brightness(tile), (17, 17), borderType=cv2.BORDER_REPLICATE) for tile in tiles])

    whole = run_tiled(blur, pixels, 448, 64)
    np.testing.assert_allclose(run_tiled(blur, pixels, 128, 64), whole, atol=1e-5)
    part = run_tiled(blur, np.ascontiguousarray(pixels[37:, 53:]), 128, 64)
    np.testing.assert_allclose(part[9:, 9:], whole[46:, 62:], atol=1e-5)


def test_memory_is_one_row_of_tiles_beside_the_result(tmp_path: Path) -> None:
    """A tall strip of ten megapixels, mapped from disk: only its tiles are ever read into memory."""
    pixels = np.memmap(tmp_path / "strip", np.uint8, "w+", shape=(40_000, 256, 3))
    tracemalloc.start()
    result = run_tiled(brightness, pixels, 256, 32)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.shape == (40_000, 256)
    assert peak < result.nbytes + 4 * 2**20


def test_progress_counts_tiles() -> None:
    shares: list[float] = []
    run_tiled(brightness, np.zeros((200, 200, 3), np.uint8), 192, 64, progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(("tile", "overlap"), [(100, 10), (64, 40), (64, -2), (64, 15), (32, 16)])
def test_impossible_tilings_are_refused(tile: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="tile"):
        run_tiled(brightness, np.zeros((64, 64, 3), np.uint8), tile, overlap)
