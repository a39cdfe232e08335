"""What every possible threshold would find: ROC, precision and recall, Dice, from one bounded histogram."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from inference.arrays import Mask, Probability

Figures = npt.NDArray[np.float64]

_SHIFT = 11
"""Bits of a float32's fraction that a bin leaves out: 12 stay, so bins are finer the nearer a probability is to 0 or
1."""
_STEP = 2.0**-24
"""Between neighbouring float32 below 1."""
_HALF, _NEXT_TO_1 = (int(np.float32(value).view(np.uint32)) >> _SHIFT for value in (0.5, _STEP))
_ONE = 2 * _HALF - (_NEXT_TO_1 - 1)
"""The last bin, for 1 alone."""
_CHUNK = 2**21


@dataclass(frozen=True, eq=False)
class Curve:
    """Pixels by probability, defects apart from clean ones; photos add up with `+`.

    The bit pattern of a float from 0 to 1 grows with its value, so its leading bits make bins that keep the order of
    probabilities: those of p up to a half, of 1 - p above it, for networks are sure of much, and average precision is
    decided among the surest. 600,000 bins, at most 1/16384 wide. Pixels of one bin count as ties, and ties are
    handled as scikit-learn does. Ten megabytes, however large the photos are.
    """

    defect: npt.NDArray[np.int64]
    clean: npt.NDArray[np.int64]

    @classmethod
    def of(cls, probability: Probability, mask: Mask) -> "Curve":
        """Count `float32 H×W` in [0, 1] against `bool H×W`, true = defect. Raises ValueError for other values."""
        if probability.shape != mask.shape:
            raise ValueError(f"probability {probability.shape} and mask {mask.shape} must have one shape")
        if probability.size and not (probability.min() >= 0 and probability.max() <= 1):
            raise ValueError("probabilities must lie between 0 and 1")
        curve = cls(np.zeros(_ONE + 1, np.int64), np.zeros(_ONE + 1, np.int64))
        values, truth = probability.ravel(), mask.ravel()
        for start in range(0, len(values), _CHUNK):
            bins, marked = _bins(values[start : start + _CHUNK]), truth[start : start + _CHUNK]
            curve.defect[:] += np.bincount(bins[marked], minlength=_ONE + 1)
            curve.clean[:] += np.bincount(bins[~marked], minlength=_ONE + 1)
        return curve

    def __add__(self, other: "Curve") -> "Curve":
        return Curve(self.defect + other.defect, self.clean + other.clean)

    @property
    def positives(self) -> int:
        """Defect pixels."""
        return int(self.defect.sum())

    @cached_property
    def _sweep(self) -> tuple[npt.NDArray[np.intp], Figures, Figures]:
        """From the highest occupied bin down: its number, and hits and false alarms from there upwards."""
        occupied = np.flatnonzero(self.defect + self.clean)[::-1]
        return occupied, np.cumsum(self.defect[occupied], dtype=float), np.cumsum(self.clean[occupied], dtype=float)

    def best_dice(self) -> tuple[float, float]:
        """The highest Dice that one threshold reaches, and that threshold; 1 and 1 where nothing is marked."""
        occupied, hits, alarms = self._sweep
        if self.positives == 0:
            return 1.0, 1.0
        dice = 2 * hits / (hits + alarms + self.positives)
        best = int(np.argmax(dice))
        return float(dice[best]), _least(int(occupied[best]))

    def auc(self) -> float:
        """Area under the ROC curve by trapezia; NaN without a defect, or without a clean pixel."""
        _, hits, alarms = self._sweep
        if not len(hits) or hits[-1] == 0 or alarms[-1] == 0:
            return float("nan")
        return float(np.trapezoid(np.append(0.0, hits / hits[-1]), np.append(0.0, alarms / alarms[-1])))

    def average_precision(self) -> float:
        """Mean of the precision over the steps of recall; NaN without a defect."""
        _, hits, alarms = self._sweep
        if self.positives == 0:
            return float("nan")
        return float(np.sum(np.diff(hits, prepend=0.0) * hits / (hits + alarms)) / hits[-1])

    def recall_at_alarms(self, rates: Figures) -> Figures:
        """ROC curve: the share of defects found at these shares of clean pixels reported; NaN where AUC is."""
        _, hits, alarms = self._sweep
        if not len(hits) or hits[-1] == 0 or alarms[-1] == 0:
            return np.full(len(rates), np.nan)
        recalls = np.interp(rates, np.append(0.0, alarms / alarms[-1]), np.append(0.0, hits / hits[-1]))
        return np.asarray(recalls, dtype=np.float64)

    def precision_at_recall(self, recalls: Figures) -> Figures:
        """Precision at the highest threshold that finds at least these shares of the defects; NaN without a defect."""
        _, hits, alarms = self._sweep
        if self.positives == 0:
            return np.full(len(recalls), np.nan)
        reached = np.searchsorted(hits, recalls * hits[-1] * (1 - 1e-12))
        return np.asarray(hits[reached] / (hits[reached] + alarms[reached]), dtype=np.float64)

    def dice_at(self, thresholds: Figures) -> Figures:
        """Dice when everything from each threshold upwards counts as found, from the beginning of its bin."""
        occupied, hits, alarms = self._sweep
        count = np.searchsorted(-occupied, -_bins(thresholds.astype(np.float32)), side="right")
        hits, alarms = np.append(0.0, hits)[count], np.append(0.0, alarms)[count]
        whole = hits + alarms + self.positives
        return np.divide(2 * hits, whole, out=np.ones_like(whole), where=whole > 0)


def _bins(probability: Probability) -> npt.NDArray[np.int32]:
    """The bin of each of n probabilities, a higher one for a higher probability."""
    near_0 = np.abs(probability, dtype=np.float32)  # turns -0 into 0
    near_1 = np.float32(1) - near_0  # exact from a half upwards
    up_to_half = (near_0.view(np.uint32) >> _SHIFT).astype(np.int32)
    above = 2 * _HALF - np.maximum((near_1.view(np.uint32) >> _SHIFT).astype(np.int32), _NEXT_TO_1 - 1)
    return np.where(near_0 < 0.5, up_to_half, above)


def _least(place: int) -> float:
    """The least probability of a bin."""
    if place < _HALF:
        return float(np.uint32(place << _SHIFT).view(np.float32))
    beyond = float(np.uint32(2 * _HALF - place + 1 << _SHIFT).view(np.float32))
    return max(0.5, 1 - (math.ceil(beyond / _STEP) - 1) * _STEP)
