"""How well probabilities find the defects of a mask."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

Probability = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Metrics:
    """Figures of one photo (or of many pooled); each is in [0, 1]. AUC and AP need both defects and clean pixels."""

    dice: float
    """At the model's own threshold."""
    best_dice: float
    """At the threshold that is best for this photo: what a person moving the slider could reach."""
    best_threshold: float
    iou: float
    auc: float
    """Area under the ROC curve; NaN for a mask with no defect, or nothing else."""
    average_precision: float

    def to_dict(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def measure(probability: Probability, mask: Mask, threshold: float) -> Metrics:
    """Measure probabilities `float H×W` in [0, 1] against a mask `bool H×W`, true = defect.

    A pixel counts as found when its probability is at least the threshold. Ties are handled as scikit-learn does.
    Raises ValueError when the shapes differ.
    """
    if probability.shape != mask.shape:
        raise ValueError(f"probability {probability.shape} and mask {mask.shape} must have one shape")
    curve = _Curve.of(probability.ravel(), mask.ravel())
    found = probability >= threshold
    overlap = float(np.count_nonzero(found & mask))
    chosen, positives = float(np.count_nonzero(found)), float(np.count_nonzero(mask))
    best_dice, best_threshold = curve.best_dice()
    return Metrics(
        dice=_ratio(2 * overlap, chosen + positives),
        best_dice=best_dice,
        best_threshold=best_threshold,
        iou=_ratio(overlap, chosen + positives - overlap),
        auc=curve.auc(),
        average_precision=curve.average_precision(),
    )


def mean_metrics(figures: Iterable[Metrics]) -> dict[str, float]:
    """The mean of each figure over photos; AUC and AP over those that have one."""
    rows = [entry.to_dict() for entry in figures]
    means: dict[str, float] = {}
    for key in rows[0] if rows else ():
        values = [row[key] for row in rows if not np.isnan(row[key])]
        means[key] = float(np.mean(values)) if values else float("nan")
    return means


class ThresholdSearch:
    """Pools photos in a histogram and finds the threshold with the best Dice over all their pixels."""

    def __init__(self, bins: int = 1000) -> None:
        self._bins = bins
        self._defect = np.zeros(bins, dtype=np.int64)
        self._clean = np.zeros(bins, dtype=np.int64)

    def add(self, probability: Probability, mask: Mask) -> None:
        """Count a photo's pixels."""
        bins = np.minimum((probability * self._bins).astype(np.int64), self._bins - 1)
        self._defect += np.bincount(bins[mask], minlength=self._bins)
        self._clean += np.bincount(bins[~mask], minlength=self._bins)

    def best(self) -> tuple[float, float]:
        """The best threshold in (0, 1) and its Dice; 0.5 and 0 when nothing was marked as defect."""
        hits = np.cumsum(self._defect[::-1])[::-1]
        alarms = np.cumsum(self._clean[::-1])[::-1]
        positives = self._defect.sum()
        if positives == 0:
            return 0.5, 0.0
        dice = 2 * hits / (hits + alarms + positives)
        best = 1 + int(np.argmax(dice[1:]))
        return best / self._bins, float(dice[best])


@dataclass(frozen=True)
class _Curve:
    """Hits and false alarms when everything from each distinct probability upwards counts as found."""

    thresholds: npt.NDArray[np.float32]
    hits: npt.NDArray[np.float64]
    alarms: npt.NDArray[np.float64]

    @classmethod
    def of(cls, probability: Probability, mask: Mask) -> "_Curve":
        order = np.argsort(probability, kind="stable")[::-1]
        sorted_probability, sorted_mask = probability[order], mask[order]
        last_of_ties = np.append(np.flatnonzero(np.diff(sorted_probability)), len(order) - 1)
        hits = np.cumsum(sorted_mask, dtype=np.float64)[last_of_ties]
        return cls(sorted_probability[last_of_ties], hits, last_of_ties + 1 - hits)

    def best_dice(self) -> tuple[float, float]:
        positives = self.hits[-1]
        if positives == 0:
            return 1.0, 1.0
        dice = 2 * self.hits / (self.hits + self.alarms + positives)
        best = int(np.argmax(dice))
        return float(dice[best]), float(self.thresholds[best])

    def auc(self) -> float:
        positives, negatives = self.hits[-1], self.alarms[-1]
        if positives == 0 or negatives == 0:
            return float("nan")
        rates = np.append(0.0, self.hits / positives), np.append(0.0, self.alarms / negatives)
        return float(np.trapezoid(rates[0], rates[1]))

    def average_precision(self) -> float:
        if self.hits[-1] == 0:
            return float("nan")
        precision = self.hits / (self.hits + self.alarms)
        return float(np.sum(np.diff(self.hits, prepend=0.0) * precision) / self.hits[-1])


def _ratio(part: float, whole: float) -> float:
    """Nothing marked and nothing found is a perfect answer."""
    return part / whole if whole > 0 else 1.0
