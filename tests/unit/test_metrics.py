"""Our figures against scikit-learn's and against brute force, and the corners that these leave undefined."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from sklearn.metrics import average_precision_score, f1_score, jaccard_score, roc_auc_score

from inference.probability import mask_at, quantise
from trainer.measuring.metrics import Metrics, Tally, mean_intervals, mean_metrics, measure, widened


def _case(seed: int, levels: int, shape: tuple[int, int] = (12, 17)) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    probability = (chance.integers(0, levels + 1, shape) / levels).astype(np.float32)
    mask = chance.random(shape) < 0.2 + 0.4 * probability
    mask[0, :2] = (True, False)
    return probability, mask


def _metrics(**values: float) -> Metrics:
    return Metrics(**dict.fromkeys(Metrics.__dataclass_fields__, 0.5) | values)


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.sampled_from([3, 10, 5000]))
def test_figures_equal_those_of_scikit_learn(seed: int, levels: int) -> None:
    probability, mask = _case(seed, levels)
    flat, truth = probability.ravel(), mask.ravel()
    figures = measure(probability, mask, threshold=0.4)
    found = mask_at(quantise(flat), 0.4)

    assert figures.dice == pytest.approx(f1_score(truth, found, zero_division=1.0))
    assert figures.iou == pytest.approx(jaccard_score(truth, found, zero_division=1.0))
    assert figures.auc == pytest.approx(roc_auc_score(truth, flat))
    assert figures.average_precision == pytest.approx(average_precision_score(truth, flat))
    assert figures.best_dice == pytest.approx(max(f1_score(truth, flat >= t) for t in np.unique(flat)))
    assert f1_score(truth, flat >= figures.best_threshold) == pytest.approx(figures.best_dice)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.5, 1.0), st.floats(0.5, 1.0))
def test_precision_and_recall_forgive_what_lies_within_two_pixels(seed: int, bare: float, empty: float) -> None:
    chance = np.random.default_rng(seed)
    mask, found = chance.random((19, 23)) > empty, chance.random((19, 23)) > bare
    figures = measure(found.astype(np.float32), mask, 0.5)
    assert figures.precision == pytest.approx(_share_near(found, mask), nan_ok=True)
    assert figures.recall == pytest.approx(_share_near(mask, found), nan_ok=True)


def _share_near(pixels: np.ndarray, goal: np.ndarray) -> float:
    """Brute force: the share of `pixels` whose distance to the next pixel of `goal` is at most two."""
    if not pixels.any():
        return math.nan
    if not goal.any():
        return 0.0
    return float((distance_transform_edt(~goal)[pixels] <= 2).mean())


def test_the_tolerance_is_a_disk_and_not_a_square() -> None:
    point = np.zeros((7, 7), bool)
    point[3, 3] = True
    assert np.count_nonzero(widened(point)) == 13
    assert not widened(point)[1, 1]


def test_a_photo_without_defects_is_right_when_nothing_is_found() -> None:
    clean, nothing = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=np.float32)
    quiet = measure(nothing, clean, 0.5)
    assert (quiet.dice, quiet.iou, quiet.best_dice) == (1.0, 1.0, 1.0)
    assert all(math.isnan(value) for value in (quiet.auc, quiet.average_precision, quiet.precision, quiet.recall))
    loud = measure(nothing + 1, clean, 0.5)
    assert (loud.dice, loud.precision) == (0.0, 0.0)
    assert math.isnan(loud.recall)


def test_tallies_of_photos_add_up_to_that_of_all_their_pixels() -> None:
    """Empty rows between two photos keep the tolerance from reaching over."""
    cases = [_case(seed, 50, (10, 9)) for seed in range(2)]
    gap = np.zeros((3, 9))
    whole = np.concatenate([cases[0][0], gap, cases[1][0]]).astype(np.float32)
    mask = np.concatenate([cases[0][1], gap.astype(bool), cases[1][1]])
    tallies = [Tally.of(p, m, p >= 0.6) for p, m in [*cases, (gap.astype(np.float32), gap.astype(bool))]]
    assert (tallies[0] + tallies[1] + tallies[2]).metrics() == Tally.of(whole, mask, whole >= 0.6).metrics()


def test_means_leave_out_what_is_undefined() -> None:
    means = mean_metrics([_metrics(dice=0.5, auc=0.9), _metrics(dice=1.0, auc=math.nan)])
    assert means["dice"] == 0.75
    assert means["auc"] == 0.9
    assert mean_metrics([]) == {}


def test_the_interval_of_a_mean_comes_from_drawing_photos_again() -> None:
    values = np.random.default_rng(3).normal(0.5, 0.1, 200)
    low, high = mean_intervals([_metrics(dice=value) for value in values])["dice"]
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert low == pytest.approx(values.mean() - half, abs=half / 10)
    assert high == pytest.approx(values.mean() + half, abs=half / 10)
    assert all(math.isnan(bound) for bound in mean_intervals([_metrics()])["dice"])
    assert mean_intervals([_metrics(dice=0.2), _metrics(dice=0.6)])["dice"] == (0.2, 0.6)


def test_shapes_must_match() -> None:
    with pytest.raises(ValueError, match="one shape"):
        measure(np.zeros((2, 2), dtype=np.float32), np.zeros((2, 3), dtype=bool), 0.5)
