"""Regions of a probability: unsure ones fall below the level and keep their shape."""

import numpy as np
import pytest

from inference.errors import UsageProblem
from inference.probability import mask_at, quantise
from inference.regions import DAMAGED, LENIENCE, asked_certainty, checked_certainty, demote_unsure, regions_at


def test_an_unsure_region_falls_below_the_level_and_a_sure_one_stays() -> None:
    probability = np.full((80, 120), 0.1, dtype=np.float32)
    probability[1, 1:4] = (0.5, 0.9, 0.5)
    probability[2, 4] = 0.6  # touches the first region by a corner
    probability[6, 8:11] = 0.8  # less than a thousandth of the photo
    before = probability.copy()
    after = demote_unsure(probability, 0.5, 0.7)
    assert after is probability
    unsure = np.zeros_like(before, dtype=bool)
    unsure[1, 1:4] = unsure[2, 4] = True
    assert (after[~unsure] == before[~unsure]).all()
    assert (after[unsure] < 0.5).all()
    np.testing.assert_allclose(after[unsure] / before[unsure], 0.49)


def test_of_a_photo_that_is_surely_damaged_a_region_may_be_less_sure() -> None:
    probability = np.full((20, 50), 0.1, dtype=np.float32)
    probability[4, 10:13] = 0.77
    probability[8, 10:13] = 0.73
    sound = demote_unsure(probability.copy(), 0.5, 0.8)
    assert (sound < 0.5).all()
    probability[15, 20:23] = 0.9  # three in a thousand
    damaged = demote_unsure(probability.copy(), 0.5, 0.8)
    kept = [[row, column] for row, first in ((4, 10), (15, 20)) for column in range(first, first + 3)]
    assert np.argwhere(damaged >= 0.5).tolist() == kept


def test_what_is_asked_of_a_region_depends_on_how_much_of_its_photo_is_surely_damaged() -> None:
    asked = asked_certainty(0.9, [0, 0.9 * DAMAGED, DAMAGED, 1])
    assert asked == pytest.approx([0.9, 0.9, 1 - LENIENCE * 0.1, 1 - LENIENCE * 0.1])


@pytest.mark.parametrize("level", [0.05, 0.3, 0.5, 0.9, 1.0])
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
