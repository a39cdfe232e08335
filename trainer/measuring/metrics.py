"""How well probabilities find the defects of a mask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from inference.arrays import Mask, Probability
from inference.probability import mask_at, quantise
from trainer.measuring.curves import Curve

TOLERANCE = 2
"""How far beside the mask a found pixel may lie and still be right, pixels."""
_RESAMPLES = 2000


@dataclass(frozen=True)
class Metrics:
    """Figures of one photo, or of many pooled; each is in [0, 1].

    Precision and recall allow for TOLERANCE pixels, because two careful people do not draw the same border: boundaries
    are compared so (Martin, Fowlkes and Malik 2004), and cracks. Unlike theirs, pixels are not paired
    one to one: a found pixel is right when a marked one lies within the tolerance, and the other way round.
    """

    dice: float
    """At the model's own threshold."""
    best_dice: float
    """At the threshold that is best for this photo: what a person moving the slider could reach."""
    best_threshold: float
    iou: float
    precision: float
    """Share of the found pixels with a marked one within the tolerance (Euclidean); NaN where nothing was found."""
    recall: float
    """Share of the marked pixels with a found one within the tolerance; NaN where nothing is marked."""
    auc: float
    """Area under the ROC curve; NaN for a mask with no defect, or nothing else."""
    average_precision: float
    """NaN for a mask with no defect."""

    def to_dict(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


@dataclass(frozen=True)
class Tally:
    """What the figures of a photo are made of. Tallies add up: the sum gives the figures of all pixels pooled."""

    found: int
    marked: int
    hits: int
    """Pixels both found and marked."""
    found_near: int
    """Found pixels with a marked one within the tolerance."""
    marked_near: int
    """Marked pixels with a found one within the tolerance."""
    curve: Curve

    @classmethod
    def of(cls, probability: Probability, mask: Mask, found: Mask) -> "Tally":
        """Count `found`, the mask that a threshold makes of `probability`, against the true one; all are H×W.

        Raises ValueError when the shapes differ.
        """
        if not probability.shape == mask.shape == found.shape:
            raise ValueError(f"probability {probability.shape} and mask {mask.shape} must have one shape")
        return cls(
            found=int(np.count_nonzero(found)),
            marked=int(np.count_nonzero(mask)),
            hits=int(np.count_nonzero(found & mask)),
            found_near=int(np.count_nonzero(found & widened(mask))),
            marked_near=int(np.count_nonzero(mask & widened(found))),
            curve=Curve.of(probability, mask),
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            found=self.found + other.found,
            marked=self.marked + other.marked,
            hits=self.hits + other.hits,
            found_near=self.found_near + other.found_near,
            marked_near=self.marked_near + other.marked_near,
            curve=self.curve + other.curve,
        )

    def metrics(self) -> Metrics:
        """The figures."""
        best_dice, best_threshold = self.curve.best_dice()
        both = self.found + self.marked
        return Metrics(
            dice=_ratio(2 * self.hits, both, 1.0),
            best_dice=best_dice,
            best_threshold=best_threshold,
            iou=_ratio(self.hits, both - self.hits, 1.0),
            precision=_ratio(self.found_near, self.found, float("nan")),
            recall=_ratio(self.marked_near, self.marked, float("nan")),
            auc=self.curve.auc(),
            average_precision=self.curve.average_precision(),
        )


def measure(probability: Probability, mask: Mask, threshold: float) -> Metrics:
    """Measure probabilities `float32 H×W` in [0, 1] against a mask `bool H×W`, true = defect.

    What counts as found is the mask that restoring makes at that threshold. Nothing marked and nothing found is a
    perfect answer. Raises ValueError when the shapes differ.
    """
    return Tally.of(probability, mask, mask_at(quantise(probability), threshold)).metrics()


def widened(mask: Mask) -> Mask:
    """The pixels `bool H×W` that have one of the mask within TOLERANCE, Euclidean."""
    reach = np.arange(-TOLERANCE, TOLERANCE + 1)
    disk = (reach[:, None] ** 2 + reach**2 <= TOLERANCE**2).astype(np.uint8)
    return np.asarray(cv2.dilate(mask.view(np.uint8), disk), np.uint8).view(np.bool_)


def mean_metrics(figures: Iterable[Metrics]) -> dict[str, float]:
    """The mean of each figure over photos, each over those that have it; empty without photos."""
    return {key: float(np.mean(values)) if values else float("nan") for key, values in _columns(figures).items()}


def mean_intervals(figures: Iterable[Metrics]) -> dict[str, tuple[float, float]]:
    """The interval of each figure's mean, over those photos that have it."""
    return {key: interval_of_mean(values) for key, values in _columns(figures).items()}


def interval_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean of a value per photo may lie for other photos of the same kind: 95 %, bootstrap, percentiles.

    Efron and Tibshirani 1993, chapter 13. The same values give the same interval. NaN with fewer than two photos; with
    a handful, an interval is too narrow rather than too wide, and says little.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    chance, numbers = np.random.default_rng(0), np.asarray(values)
    means = [numbers[chance.integers(len(numbers), size=len(numbers))].mean() for _ in range(_RESAMPLES)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def without_nan(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures as JSON has them: None for one that a photo cannot have."""
    return {key: None if np.isnan(value) else value for key, value in figures.items()}


def _columns(figures: Iterable[Metrics]) -> dict[str, list[float]]:
    rows = [entry.to_dict() for entry in figures]
    return {key: [row[key] for row in rows if not np.isnan(row[key])] for key in (rows[0] if rows else ())}


def _ratio(part: float, whole: float, otherwise: float) -> float:
    return part / whole if whole > 0 else otherwise
