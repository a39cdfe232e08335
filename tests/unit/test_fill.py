"""Filling leaves everything outside the mask alone, keeps depth and channels, and stays bounded on large photos."""

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import fill as filling
from inference.arrays import Array
from inference.decoding import decode
from inference.errors import PhotoError, UsageProblem
from inference.fill import fill
from inference.photo import Photo
from inference.png import encode_png

METHODS = ["telea", "ns"]


def smooth(height: int, width: int, channels: int = 3, dtype: type = np.uint8) -> Array:
    """Soft blobs with a little grain over the whole range of the type."""
    rng = np.random.default_rng(3)
    blobs = cv2.resize(rng.random((height // 16 + 2, width // 16 + 2, channels)), (width, height))
    blobs = np.clip(blobs.reshape(height, width, channels) + rng.normal(0, 0.01, (height, width, channels)), 0, 1)
    array = np.rint(blobs * np.iinfo(dtype).max).astype(dtype)
    return array[..., 0] if channels == 1 else array


def photo_of(source: Array) -> Photo:
    return decode(encode_png(source), "aunt.png")


def scratches(height: int, width: int, count: int = 6, thickest: int = 9, seed: int = 0) -> np.ndarray:
    rng, mask = np.random.default_rng(seed), np.zeros((height, width), np.uint8)
    for _ in range(count):
        start, end = ((int(rng.integers(width)), int(rng.integers(height))) for _ in range(2))
        cv2.line(mask, start, end, 1, int(rng.integers(1, thickest)))
    return mask.astype(bool)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_only_masked_colours_change(method: str, dtype: type, channels: int) -> None:
    photo, mask = photo_of(smooth(120, 90, channels, dtype)), scratches(120, 90)
    result = fill(photo, mask, method)
    assert (result.shape, result.dtype) == (photo.source.shape, photo.source.dtype)
    np.testing.assert_array_equal(result[~mask], photo.source[~mask])
    assert (result[mask] != photo.source[mask]).any()
    if channels in (2, 4):
        np.testing.assert_array_equal(result[..., -1], photo.source[..., -1])


@settings(max_examples=30)
@given(st.integers(16, 60), st.integers(16, 60), st.integers(0, 2**32 - 1), st.floats(0, 0.9), st.sampled_from(METHODS))
def test_any_mask_leaves_the_rest_bit_identical(height: int, width: int, seed: int, share: float, method: str) -> None:
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 65536, (height, width, 3), np.uint16)
    mask = rng.random((height, width)) < share
    mask[0, 0] = False
    np.testing.assert_array_equal(fill(photo_of(source), mask, method)[~mask], source[~mask])


@pytest.mark.parametrize("method", METHODS)
def test_the_fill_is_near_the_truth_at_both_depths(method: str) -> None:
    mask = scratches(200, 200)
    for dtype in (np.uint8, np.uint16):
        truth = smooth(200, 200, 3, dtype)
        damaged = truth.copy()
        damaged[mask] = 0
        error = np.abs(fill(photo_of(damaged), mask, method)[mask].astype(float) - truth[mask]) / np.iinfo(dtype).max
        assert error.mean() < 0.05


@pytest.mark.parametrize("method", METHODS)
def test_sixteen_bit_fills_use_levels_between_the_eight_bit_ones(method: str) -> None:
    ramp = np.repeat(np.linspace(1000, 3000, 100).astype(np.uint16)[None], 100, 0)
    mask = np.zeros((100, 100), bool)
    mask[40:60, 20:80] = True
    filled = fill(photo_of(ramp), mask, method)[mask]
    assert len(np.unique(filled)) > 100
    assert np.abs(filled.astype(int) - ramp[mask]).max() < 500


def test_sixteen_and_eight_bits_agree() -> None:
    eight, mask = smooth(150, 150), scratches(150, 150)
    sixteen = eight.astype(np.uint16) * 257
    apart = np.abs(fill(photo_of(sixteen), mask) / 257 - fill(photo_of(eight), mask))
    assert apart.mean() < 0.2


@pytest.mark.parametrize("method", METHODS)
def test_tiles_leave_no_trace(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into tiles, with dust, long scratches and one deep hole, the fill is what OpenCV makes of the whole photo."""
    source, mask = smooth(700, 500), scratches(700, 500, count=12)
    mask[300:460, 200:340] = True
    whole = cv2.inpaint(source, mask.astype(np.uint8), 3, filling._FLAGS[method])
    monkeypatch.setattr(filling, "_TILE", 128)
    apart = np.abs(fill(photo_of(source), mask, method).astype(int) - whole)
    assert apart.max() <= 2
    assert (apart > 0).mean() < 1e-3


def test_every_masked_pixel_belongs_to_exactly_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "_TILE", 64)
    mask = scratches(400, 300, count=8)
    mask[50:200, 50:200] = mask[250:390, 10:150] = True
    times = np.zeros(mask.shape, int)
    for core, own in filling._pieces(mask):
        times[core] += own
    np.testing.assert_array_equal(times, mask)


def test_a_deep_hole_is_filled_to_its_middle() -> None:
    source = smooth(400, 400, 1)
    source[50:350, 50:350] = 0
    mask = np.zeros((400, 400), bool)
    mask[50:350, 50:350] = True
    assert fill(photo_of(source), mask)[190:210, 190:210].min() > 20


def test_small_defects_on_a_large_photo_cost_little() -> None:
    source = np.zeros((8000, 4000), np.uint8)
    source.flags.writeable = False
    photo = Photo(np.broadcast_to(source[..., None], (8000, 4000, 3)), source, "large.png", "PNG")
    mask = np.zeros((8000, 4000), bool)
    mask[10:20, 10:20] = mask[7000:7010, 3900:3990] = True
    seen: list[tuple[int, ...]] = []
    original = filling._inpaint

    def watched(crop: Array, *rest: object) -> Array:
        seen.append(crop.shape)
        return original(crop, *rest)

    tracemalloc.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filling, "_inpaint", watched)
        fill(photo, mask)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(seen) == 2
    assert sum(height * width for height, width, _ in seen) < 100_000
    assert peak < 4 * source.nbytes


def test_an_empty_mask_returns_the_photo_itself() -> None:
    photo = photo_of(smooth(40, 40))
    np.testing.assert_array_equal(fill(photo, np.zeros((40, 40), bool)), photo.source)


def test_progress_ends_at_one() -> None:
    shares: list[float] = []
    fill(photo_of(smooth(100, 100)), scratches(100, 100), progress=shares.append)
    assert shares[-1] == 1
    assert shares == sorted(shares)


def test_what_cannot_be_filled_is_refused() -> None:
    photo = photo_of(smooth(40, 30))
    with pytest.raises(PhotoError, match=r"covers all of aunt\.png"):
        fill(photo, np.ones((40, 30), bool))
    with pytest.raises(PhotoError, match=r"aunt\.png needs bool \(40, 30\)"):
        fill(photo, np.ones((30, 40), bool))
    with pytest.raises(PhotoError, match="needs bool"):
        fill(photo, np.ones((40, 30), np.uint8))
    with pytest.raises(UsageProblem, match="telea or ns"):
        fill(photo, np.zeros((40, 30), bool), "magic")
