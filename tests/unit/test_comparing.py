"""How models of each kind are compared: where a truth is known, what counts as colourful, how far apart they are."""

import numpy as np
import pytest

from trainer.comparing.colorizers import is_colourful
from trainer.comparing.examining import difference, examiner_for
from trainer.comparing.inpainters import around, hole_figures, known_holes
from trainer.errors import JobError


def masked(height: int, width: int, *boxes: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros((height, width), np.bool_)
    for box in boxes:
        mask[box] = True
    return mask


def test_known_holes_have_the_masks_shape_and_keep_away_from_it() -> None:
    mask = masked(100, 80, np.s_[20:40, 10:20])
    known = known_holes(mask)
    assert known is not None
    assert known.sum() == mask.sum()
    assert not (known & mask).any()
    assert any(np.array_equal(known, mirrored) for mirrored in (mask[:, ::-1], mask[::-1], mask[::-1, ::-1]))


def test_where_hardly_anything_is_clean_nothing_is_known() -> None:
    assert known_holes(masked(100, 80, np.s_[:, 5:75])) is None
    assert known_holes(masked(100, 80, np.s_[40:60, 33:39])) is None, "its mirror images lie too near"


def test_a_hole_is_measured_inside_only() -> None:
    true = np.random.default_rng(1).integers(0, 256, (100, 80, 3), dtype=np.uint8)
    hole = masked(100, 80, np.s_[30:50, 30:50])
    assert hole_figures(true, true, hole) == {"psnr": 100.0, "ssim": pytest.approx(1.0), "l1": 0.0}
    spoilt = true.copy()
    spoilt[~hole] = 0
    assert hole_figures(spoilt, true, hole)["l1"] == 0
    grey = np.where(hole[..., None], 128, true).astype(np.uint8)
    assert hole_figures(grey, true, hole)["l1"] > 0.2


def test_what_is_shown_holds_all_defects_with_some_of_what_surrounds_them() -> None:
    mask = masked(1000, 800, np.s_[500:600, 300:310], np.s_[590:700, 790:800])
    rows, columns = around(mask)
    assert (rows, columns) == (slice(450, 750), slice(175, 800))


def test_several_hues_are_colours_and_one_cast_is_none() -> None:
    chance = np.random.default_rng(0)
    luma = chance.integers(30, 220, (60, 80, 1)).astype(np.float64)
    sepia = np.clip(luma * np.array([1.1, 0.95, 0.75]), 0, 255).astype(np.uint8)
    assert not is_colourful(sepia), "a toned print has one colour for each luma"
    assert not is_colourful(np.repeat(luma, 3, axis=2).astype(np.uint8))
    meadow = np.repeat(luma, 3, axis=2).astype(np.uint8)
    meadow[:, :40, 2] //= 3
    meadow[:, 40:, 0] //= 3
    assert is_colourful(meadow)


def test_pictures_are_apart_by_their_mean_difference() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert difference(black, white) == difference(white, black) == 1
    assert difference(black, black) == 0


def test_models_of_no_kind_cannot_be_compared() -> None:
    with pytest.raises(JobError, match="no models called 'sharpener'; compare detectors, inpainters, colorizers"):
        examiner_for("sharpener")
