"""Regions of a probability: unsure ones fall below the level and keep their shape."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.errors import UsageProblem
from inference.probability import mask_at, quantise
from inference.regions import DAMAGED, asked_certainty, checked_certainty, demote_unsure, reach, regions_at


def test_an_unsure_region_falls_below_the_level_and_a_sure_one_stays() -> None:
    probability = np.full((80, 120), 0.1, dtype=np.float32)
    probability[1, 1:4] = (0.5, 0.9, 0.5)
    probability[2, 4] = 0.6  # touches the first region by a corner
    probability[6, 8:11] = 0.9
    before = probability.copy()
    after = demote_unsure(probability, 0.5, 0.7)
    assert after is probability
    unsure = np.zeros_like(before, dtype=bool)
    unsure[1, 1:4] = unsure[2, 4] = True
    assert (after[~unsure] == before[~unsure]).all()
    assert (after[unsure] < 0.5).all()
    np.testing.assert_allclose(after[unsure] / before[unsure], 0.49)


def test_of_a_damaged_photo_less_sure_regions_stay_and_of_a_nearly_intact_one_only_surer_ones() -> None:
    probability = np.full((40, 60), 0.1, dtype=np.float32)
    probability[4, 10] = 0.71  # 0.8 ** 1.6 is 0.6998
    probability[8, 10] = 0.69
    probability[20, 10:30] = 0.85  # a square as large has a side of 4.5 of 49; the root of 0.8 is 0.89
    assert _rows_that_stay(probability) == []
    probability[30, 10] = 0.85
    assert _rows_that_stay(probability) == [4, 20, 30]


def test_many_small_regions_say_more_surely_that_a_photo_is_damaged_than_one_that_covers_as_much() -> None:
    few, many = (np.full((100, 100), 0.1, dtype=np.float32) for _ in range(2))
    few[10, 10:22] = 0.85
    many[10:34:2, 10] = 0.85
    assert _rows_that_stay(few) == []
    assert len(_rows_that_stay(many)) == 12
    assert reach(np.array([12]), 10_000).sum() == pytest.approx(0.0346, abs=1e-4)
    assert reach(np.array([1] * 12), 10_000).sum() == pytest.approx(0.12)


def _rows_that_stay(probability: NDArray[np.float32]) -> list[int]:
    return np.flatnonzero((demote_unsure(probability.copy(), 0.5, 0.8) >= 0.5).any(axis=1)).tolist()


def test_what_is_asked_of_a_region_depends_on_how_far_sure_ones_reach() -> None:
    asked = asked_certainty(0.9, [0, 0.9 * DAMAGED, DAMAGED, 1])
    assert asked == pytest.approx([0.9**0.5, 0.9**0.5, 0.9**1.6, 0.9**1.6])
    assert (asked_certainty([0, 1], 0) == [0, 1]).all()


@pytest.mark.parametrize("level", [0.0039, 0.0102, 0.05, 0.0901, 0.3, 0.5, 0.9, 1.0])
def test_no_pixel_of_an_unsure_region_is_marked_at_the_level(level: float) -> None:
    probability = np.linspace(level, 1, 200, dtype=np.float32).reshape(10, 20)
    assert not mask_at(quantise(demote_unsure(probability, level, 1.0)), level).any() or level == 1


def test_regions_touch_by_corners_and_know_their_size_and_mean() -> None:
    probability = np.zeros((5, 5), dtype=np.float32)
    probability[0, 0], probability[1, 1], probability[4, 2:] = 0.6, 0.8, 0.9
    regions = regions_at(probability, 0.5)
    assert regions.sizes.tolist() == [2, 3]
    assert regions.means == pytest.approx([0.7, 0.9])
    assert regions.places[regions.of == 0].tolist() == [0, 6]


def test_a_photo_without_regions_stays_as_it_is() -> None:
    probability = np.full((4, 4), 0.2, dtype=np.float32)
    assert (demote_unsure(probability, 0.5, 0.9) == np.float32(0.2)).all()
    assert len(regions_at(probability, 0.5).means) == 0


@pytest.mark.parametrize("certainty", [-0.1, 1.1, float("nan")])
def test_an_impossible_certainty_is_refused(certainty: float) -> None:
    with pytest.raises(UsageProblem, match="certainty"):
        checked_certainty(certainty)
