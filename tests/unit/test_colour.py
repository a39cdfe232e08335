"""Luma and chroma: colours stay inside the cube, luma stays put, chroma does not bleed over edges."""

import cv2
import numpy as np
import pytest

from inference.colour import GuidedChroma, luma_of, quantised, to_luma_and_chroma, to_rgb
from inference.errors import InferenceError


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_colour_comes_back_from_its_luma_and_chroma() -> None:
    rgb = chance().random((40, 30, 3), np.float32)
    luma, chroma = to_luma_and_chroma(rgb)
    assert np.abs(to_rgb(luma, chroma) - rgb).max() < 1e-5


def test_luma_and_chroma_are_those_of_bt601_full_range() -> None:
    rgb = chance().integers(0, 256, (64, 64, 3), np.uint8)
    luma, chroma = to_luma_and_chroma(rgb.astype(np.float32) / 255)
    ours = np.dstack([luma, chroma[..., 0] + 128 / 255, chroma[..., 1] + 128 / 255]) * 255
    theirs = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
    assert np.abs(ours - theirs).max() < 1


@pytest.mark.parametrize(("dtype", "largest"), [(np.uint8, 255), (np.uint16, 65535)])
def test_luma_stays_within_a_level_whatever_the_chroma(dtype: type, largest: int) -> None:
    grey = chance().integers(0, largest + 1, (200, 200), dtype=dtype)
    chroma = chance(1).uniform(-0.5, 0.5, (200, 200, 2)).astype(np.float32)
    coloured = quantised(to_rgb(luma_of(grey), chroma), np.dtype(dtype))
    assert np.abs(luma_of(coloured).astype(np.float64) * largest - grey).max() <= 0.51


def test_chroma_is_scaled_and_not_clipped() -> None:
    """White, black and a strong colour: the largest t that stays inside, the hue kept."""
    luma = np.array([[0.0, 1.0, 0.9, 0.5]], np.float32)
    chroma = np.tile(np.array([0.1, 0.3], np.float32), (1, 4, 1))
    rgb = to_rgb(luma, chroma)
    assert (rgb[0, 0] == 0).all()
    assert (rgb[0, 1] == 1).all()
    back, scaled = to_luma_and_chroma(rgb)
    assert back == pytest.approx(luma, abs=1e-6)
    t = 0.1 / (1.402 * 0.3)  # of the third: red reaches 1
    assert scaled[0, 2] == pytest.approx(t * chroma[0, 2], abs=1e-5)
    assert rgb[0, 2].max() == pytest.approx(1, abs=1e-6)
    assert scaled[0, 3] == pytest.approx(chroma[0, 3], abs=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_luma_is_read_from_every_kind_of_source(channels: int) -> None:
    grey = chance().integers(0, 65536, (9, 7), np.uint16)
    source = (
        grey if channels == 1 else np.dstack([grey] * (3 if channels > 2 else 1) + [grey * 0] * (channels % 2 == 0))
    )
    assert np.abs(luma_of(source) * 65535 - grey).max() < 0.05


def test_samples_of_other_kinds_are_refused() -> None:
    with pytest.raises(InferenceError, match="uint8 or uint16"):
        quantised(np.zeros((2, 2, 3), np.float32), np.dtype(np.float32))
    with pytest.raises(InferenceError, match="does not belong"):
        GuidedChroma.fitted(np.zeros((4, 4), np.float32), np.zeros((4, 5, 2), np.float32), 8)


def edge_photo(height: int = 256, width: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """A bright red disc on a dark blue ground with grain: luma, and its true chroma."""
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (0.3 * height) ** 2
    luma = np.where(disc, 0.7, 0.3) + chance().normal(0, 0.01, disc.shape)
    chroma = np.where(disc[..., None], [-0.1, 0.2], [0.2, -0.1])
    return luma.astype(np.float32), chroma.astype(np.float32)


def test_chroma_does_not_bleed_over_an_edge() -> None:
    luma, chroma = edge_photo()
    size = (32, 32)
    small, small_chroma = (cv2.resize(field, size, interpolation=cv2.INTER_AREA) for field in (luma, chroma))
    guided = GuidedChroma.fitted(small, small_chroma, len(luma)).rows(0, luma)
    plain = cv2.resize(small_chroma, luma.shape, interpolation=cv2.INTER_LINEAR)
    error, plain_error = (float(((found - chroma) ** 2).mean()) for found in (guided, plain))
    assert error < plain_error / 2
    far = np.abs(guided - chroma).max(axis=2)
    assert np.quantile(far, 0.99) < 0.1  # of 0.3 between the colours


def test_bands_of_rows_make_the_same_chroma_as_the_whole() -> None:
    luma, chroma = edge_photo(150, 210)
    small = cv2.resize(luma, (50, 36), interpolation=cv2.INTER_AREA)
    guided = GuidedChroma.fitted(small, cv2.resize(chroma, (50, 36), interpolation=cv2.INTER_AREA), 150)
    bands = [guided.rows(top, luma[top : top + 17]) for top in range(0, 150, 17)]
    assert np.abs(np.concatenate(bands) - guided.rows(0, luma)).max() < 1e-6


def test_chroma_that_luma_does_not_explain_is_kept() -> None:
    chroma = chance().uniform(-0.3, 0.3, (20, 30, 2)).astype(np.float32)
    flat, large = np.full((20, 30), 0.5, np.float32), np.full((100, 150), 0.5, np.float32)
    plain = cv2.resize(chroma, (150, 100), interpolation=cv2.INTER_LINEAR)
    assert np.abs(GuidedChroma.fitted(flat, chroma, 100).rows(0, large) - plain).max() < 1e-5
