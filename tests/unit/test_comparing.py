"""How models of each kind are compared: where a truth is known, what counts as colourful, how far apart they are."""

import numpy as np
import pytest

from trainer.comparing.colorizers import is_colourful, shrunk
from trainer.comparing.examining import difference, examiner_for
from trainer.errors import JobError


def masked(height: int, width: int, *boxes: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros((height, width), np.bool_)
    for box in boxes:
        mask[box] = True
    return mask


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


def test_only_larger_pictures_are_shrunk() -> None:
    large = np.zeros((40, 100, 3), np.uint8)
    assert shrunk(large, 50).shape == (20, 50, 3)
    assert shrunk(large, 100) is large


def test_models_of_no_kind_cannot_be_compared() -> None:
    with pytest.raises(JobError, match="no models called 'sharpener'; compare detectors, inpainters, colorizers"):
        examiner_for("sharpener")
