"""A threshold and a certainty from probabilities and true masks, against trying all of them one by one."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import f1_score

from inference.probability import mask_at, quantise
from inference.regions import demote_unsure, regions_at
from trainer.measuring.calibrating import CERTAINTIES, FEWEST, CertaintySearch, ThresholdSearch

Case = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]
LEVEL = 0.5
NOTHING = np.zeros((60, 80), dtype=np.bool_)


def _case(seed: int) -> Case:
    """Soft blobs, some of which the mask has."""
    chance = np.random.default_rng(seed)
    probability = cv2.GaussianBlur(chance.random((60, 80), dtype=np.float32), (0, 0), 2)
    probability = np.clip(0.5 + 6 * (probability - 0.5), 0, 1).astype(np.float32)
    mask = (probability > 0.45) & (np.arange(80) < chance.integers(20, 80))
    return probability, mask


def test_threshold_search_pools_all_pixels_and_its_threshold_makes_the_very_mask() -> None:
    search = ThresholdSearch()
    pools = [_case(seed) for seed in range(4)]
    for probability, mask in pools:
        search.add(probability, mask)
    levels = np.concatenate([quantise(probability).ravel() for probability, _ in pools])
    truth = np.concatenate([mask.ravel() for _, mask in pools])
    threshold, dice = search.best()
    assert dice == pytest.approx(max(f1_score(truth, levels >= level) for level in range(1, 256)))
    assert f1_score(truth, mask_at(levels, threshold)) == pytest.approx(dice)


def test_threshold_search_without_defects_stays_in_the_middle() -> None:
    search = ThresholdSearch()
    search.add(np.zeros((3, 3), dtype=np.float32), np.zeros((3, 3), dtype=bool))
    assert search.best() == (0.5, 0.0)


def test_certainty_search_finds_the_best_mean_dice_that_trying_finds() -> None:
    cases = [
        *(_case(seed) for seed in range(FEWEST)),
        *((_fainter(_case(100 + seed)[0]), NOTHING) for seed in range(4)),
        (np.zeros((60, 80), np.float32), NOTHING),
    ]
    search = CertaintySearch(LEVEL)
    for probability, mask in cases:
        search.add(probability, mask)
    tried = [np.mean([_dice(case, certainty) for case in cases]) for certainty in CERTAINTIES]
    certainty, dice = search.best()
    assert dice == pytest.approx(max(tried))
    assert certainty == CERTAINTIES[int(np.argmax(np.round(tried, 9)))]
    assert 0 < certainty < 1
    assert min(tried) < dice - 0.05


def _fainter(probability: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return LEVEL + np.float32(0.8) * (probability - LEVEL)


def _dice(case: Case, certainty: float) -> float:
    probability, mask = case
    found = demote_unsure(probability.copy(), LEVEL, certainty) >= LEVEL
    both = np.count_nonzero(found) + np.count_nonzero(mask)
    return float(2 * np.count_nonzero(found & mask) / both) if both else 1.0


def test_certainty_search_leaves_every_region_to_a_handful_of_photos() -> None:
    search = CertaintySearch(LEVEL)
    assert search.best() == (0.0, 0.0)
    for _ in range(FEWEST - 1):
        search.add(_case(5)[0], NOTHING)
    assert search.best() == (0.0, 0.0)
    search.add(_case(5)[0], NOTHING)
    assert search.best() == (pytest.approx(regions_at(_case(5)[0], LEVEL).means.max(), abs=0.01), 1.0)


def test_a_region_just_as_sure_as_is_asked_stays_as_it_does_in_use() -> None:
    probability = np.zeros((60, 80), np.float32)
    probability[5:15, 5:15], probability[30:40, 30:40] = 1, 0.995
    mask = probability == 1
    search = CertaintySearch(LEVEL)
    for _ in range(FEWEST):
        search.add(probability, mask)
    assert search.best() == (1.0, 1.0)
    assert _dice((probability, mask), 1.0) == 1.0
