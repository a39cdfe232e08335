"""Curves over all thresholds against scikit-learn's, at any size and in any order."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve, roc_auc_score, roc_curve

import trainer.measuring.curves
from trainer.measuring.curves import Curve


@pytest.fixture
def case() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities as a network gives them: most next to 0, many next to 1."""
    chance = np.random.default_rng(5)
    mask = chance.random((90, 70)) < 0.1
    logits = chance.normal(-6, 3, mask.shape) + 9 * mask
    return (1 / (1 + np.exp(-logits))).astype(np.float32), mask


def test_bins_are_fine_enough_for_what_networks_give(case: tuple[np.ndarray, np.ndarray]) -> None:
    probability, mask = case
    curve = Curve.of(probability, mask)
    assert curve.auc() == pytest.approx(roc_auc_score(mask.ravel(), probability.ravel()), abs=1e-4)
    assert curve.average_precision() == pytest.approx(
        average_precision_score(mask.ravel(), probability.ravel()), abs=1e-3
    )


@pytest.mark.parametrize("sureness", [10, 14, 40])
def test_what_a_network_is_very_sure_of_is_told_apart(sureness: float) -> None:
    """Half of what is marked, and some of what is clean, lies nearer to 1 than a thousandth."""
    chance = np.random.default_rng(6)
    mask = chance.random((120, 100)) < 0.1
    logits = chance.normal(-4, 4, mask.shape) + (4 + sureness) * mask * chance.random(mask.shape)
    logits += (chance.random(mask.shape) < 0.1) * sureness
    probability = (1 / (1 + np.exp(-logits))).astype(np.float32)
    truth, flat = mask.ravel(), probability.ravel()
    curve = Curve.of(probability, mask)
    assert curve.auc() == pytest.approx(roc_auc_score(truth, flat), abs=1e-4)
    assert curve.average_precision() == pytest.approx(average_precision_score(truth, flat), abs=2e-4)
    dice, threshold = curve.best_dice()
    assert f1_score(truth, flat >= np.float32(threshold)) == pytest.approx(dice, abs=1e-12)


def test_every_bin_begins_with_its_least_probability() -> None:
    chance = np.random.default_rng(7)
    shares = np.concatenate([chance.random(9), chance.random(9) ** 9, 1 - chance.random(9) ** 9, [0, 0.5, 1]])
    for share in shares.astype(np.float32):
        _, least = Curve.of(share[None, None], np.ones((1, 1), bool)).best_dice()
        (same,) = np.flatnonzero(Curve.of(np.array([[least]], np.float32), np.ones((1, 1), bool)).defect)
        assert least == np.float32(least) <= share
        assert Curve.of(share[None, None], np.ones((1, 1), bool)).defect[same] == 1


def test_points_on_the_curves_are_those_of_scikit_learn(case: tuple[np.ndarray, np.ndarray]) -> None:
    probability, mask = np.round(case[0], 2), case[1]
    curve, truth, flat = Curve.of(probability, mask), mask.ravel(), probability.ravel()

    alarms, hits, _ = roc_curve(truth, flat, drop_intermediate=False)
    rates = np.linspace(0, 1, 21)
    np.testing.assert_allclose(curve.recall_at_alarms(rates), np.interp(rates, alarms, hits), atol=1e-9)

    precision, recall, _ = precision_recall_curve(truth, flat)
    expected = [precision[np.flatnonzero(recall >= wanted - 1e-12)[-1]] for wanted in rates[1:]]
    np.testing.assert_allclose(curve.precision_at_recall(rates[1:]), expected, atol=1e-9)

    thresholds = np.linspace(0, 1, 11)
    each = [f1_score(truth, flat >= np.float32(threshold)) for threshold in thresholds]
    np.testing.assert_allclose(curve.dice_at(thresholds), each, atol=1e-9)


def test_counting_goes_piece_by_piece(case: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Curve.of(*case)
    monkeypatch.setattr(trainer.measuring.curves, "_CHUNK", 1000)
    pieces = Curve.of(*case)
    assert np.array_equal(whole.defect, pieces.defect)
    assert np.array_equal(whole.clean, pieces.clean)
    assert whole.clean.sum() + whole.defect.sum() == case[1].size


def test_both_ends_and_minus_zero_are_counted() -> None:
    curve = Curve.of(np.array([[0.0, -0.0, 1.0]], np.float32), np.array([[False, False, True]]))
    assert (curve.clean[0], curve.defect[-1]) == (2, 1)
    assert curve.auc() == curve.average_precision() == 1.0
    assert curve.best_dice() == (1.0, 1.0)


def test_what_is_not_a_probability_is_refused() -> None:
    mask = np.zeros((1, 2), bool)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Curve.of(np.array([[0.5, wrong]], np.float32), mask)


def test_a_mask_without_defects_has_no_curves() -> None:
    curve = Curve.of(np.full((2, 2), 0.3, np.float32), np.zeros((2, 2), bool))
    points = np.linspace(0, 1, 3)
    assert np.isnan(curve.recall_at_alarms(points)).all()
    assert np.isnan(curve.precision_at_recall(points)).all()
    np.testing.assert_array_equal(curve.dice_at(points), [0, 1, 1])


def test_a_recall_that_is_just_reached_counts_as_reached() -> None:
    """0.07 of 100 defects is 7, and a hair more in floating point."""
    falling = np.linspace(0.99, 0.01, 200, dtype=np.float32)[None]
    mask = np.arange(200)[None] % 2 == 0
    found = np.arange(1, 101)
    precision = Curve.of(falling, mask).precision_at_recall(np.linspace(0, 1, 101)[1:])
    assert precision == pytest.approx(found / (2 * found - 1))
