"""Our figures against scikit-learn's, and the corners it leaves undefined."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, jaccard_score, roc_auc_score

from trainer.metrics import Metrics, ThresholdSearch, mean_metrics, measure


def _case(seed: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    probability = (chance.integers(0, levels, (12, 17)) / levels).astype(np.float32)
    mask = chance.random((12, 17)) < 0.2 + 0.4 * probability
    mask[0, :2] = (True, False)
    return probability, mask


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3, 10, 5000]))
def test_figures_equal_those_of_scikit_learn(seed: int, levels: int) -> None:
    probability, mask = _case(seed, levels)
    flat, truth = probability.ravel(), mask.ravel()
    figures = measure(probability, mask, threshold=0.4)
    found = flat >= np.float32(0.4)

    assert figures.dice == pytest.approx(f1_score(truth, found, zero_division=1.0))
    assert figures.iou == pytest.approx(jaccard_score(truth, found, zero_division=1.0))
    assert figures.auc == pytest.approx(roc_auc_score(truth, flat))
    assert figures.average_precision == pytest.approx(average_precision_score(truth, flat))
    each = {float(t): f1_score(truth, flat >= t) for t in np.unique(flat)}
    assert figures.best_dice == pytest.approx(max(each.values()))
    assert each[figures.best_threshold] == pytest.approx(figures.best_dice)


def test_a_photo_without_defects_is_right_when_nothing_is_found() -> None:
    clean, nothing = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=np.float32)
    quiet = measure(nothing, clean, 0.5)
    assert (quiet.dice, quiet.iou, quiet.best_dice) == (1.0, 1.0, 1.0)
    assert math.isnan(quiet.auc)
    assert math.isnan(quiet.average_precision)
    assert measure(nothing + 1, clean, 0.5).dice == 0.0


def test_means_leave_out_what_is_undefined() -> None:
    defined = Metrics(0.5, 0.6, 0.3, 0.4, 0.9, 0.7)
    undefined = Metrics(1.0, 1.0, 1.0, 1.0, float("nan"), float("nan"))
    means = mean_metrics([defined, undefined])
    assert means["dice"] == 0.75
    assert means["auc"] == 0.9
    assert mean_metrics([]) == {}


def test_threshold_search_pools_all_pixels() -> None:
    search = ThresholdSearch(bins=100)
    pools = [_case(seed, 100) for seed in range(4)]
    for probability, mask in pools:
        search.add(probability, mask)
    values = np.concatenate([probability.ravel() for probability, _ in pools])
    truth = np.concatenate([mask.ravel() for _, mask in pools])
    bins = np.minimum((values * 100).astype(int), 99)
    each = [f1_score(truth, bins >= place) for place in range(1, 100)]
    threshold, dice = search.best()
    assert dice == pytest.approx(max(each))
    assert each[round(threshold * 100) - 1] == pytest.approx(dice)


def test_threshold_search_without_defects_stays_in_the_middle() -> None:
    search = ThresholdSearch()
    search.add(np.zeros((3, 3), dtype=np.float32), np.zeros((3, 3), dtype=bool))
    assert search.best() == (0.5, 0.0)


def test_shapes_must_match() -> None:
    with pytest.raises(ValueError, match="one shape"):
        measure(np.zeros((2, 2), dtype=np.float32), np.zeros((2, 3), dtype=bool), 0.5)
