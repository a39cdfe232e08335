"""From probabilities and true masks to what a detector ships with: its threshold, and how sure a region has to be."""

import numpy as np
import numpy.typing as npt

from inference.arrays import Mask, Probability
from inference.probability import LEVELS, quantise
from inference.regions import asked_certainty, reach, regions_at

CERTAINTIES = np.linspace(0, 1, 101)
"""What is tried. At 0 every region stays."""
FEWEST = 16
"""Photos without which a certainty would be luck."""


class ThresholdSearch:
    """Pools photos by the levels that masks are made from and finds the threshold with the best Dice over all."""

    def __init__(self) -> None:
        self._defect = np.zeros(LEVELS, dtype=np.int64)
        self._clean = np.zeros(LEVELS, dtype=np.int64)

    def add(self, probability: Probability, mask: Mask) -> None:
        """Count a photo's pixels: `float32 H×W` in [0, 1], and its true mask `bool H×W`."""
        levels = quantise(probability)
        self._defect += np.bincount(levels[mask], minlength=LEVELS)
        self._clean += np.bincount(levels[~mask], minlength=LEVELS)

    def best(self) -> tuple[float, float]:
        """The best threshold in (0, 1) and its Dice; 0.5 and 0 when nothing was marked as defect."""
        hits = np.cumsum(self._defect[::-1])[::-1]
        alarms = np.cumsum(self._clean[::-1])[::-1]
        positives = self._defect.sum()
        if positives == 0:
            return 0.5, 0.0
        dice = 2 * hits / (hits + alarms + positives)
        best = 1 + int(np.argmax(dice[1:]))
        return (best - 0.5) / (LEVELS - 1), float(dice[best])


class CertaintySearch:
    """Finds how sure a region at `level` has to be on average for the best mean Dice over photos.

    A photo without defects in which nothing stays found counts 1, so that false alarms on intact photos count.
    """

    def __init__(self, level: float) -> None:
        self._level = level
        self._dice = np.zeros(len(CERTAINTIES))
        self._photos = 0

    def add(self, probability: Probability, mask: Mask) -> None:
        """Count a photo: `float32 H×W` in [0, 1], and its true mask `bool H×W`."""
        regions = regions_at(probability, self._level)
        hit = np.bincount(regions.of, weights=mask.ravel()[regions.places], minlength=len(regions.means))
        falling = np.argsort(-regions.means)
        reached = reach(regions.sizes, mask.size)
        found, hits, sure = (np.concatenate([[0], np.cumsum(each[falling])]) for each in (regions.sizes, hit, reached))
        sure = sure[_at_least(regions.means[falling], CERTAINTIES)]
        kept = _at_least(regions.means[falling], asked_certainty(CERTAINTIES, sure))
        found, hits = found[kept], hits[kept]
        both = found + np.count_nonzero(mask)
        self._dice += np.divide(2 * hits, both, out=np.ones(len(CERTAINTIES)), where=both > 0)
        self._photos += 1

    def best(self) -> tuple[float, float]:
        """The lowest certainty of those that are best, and the mean Dice at it; 0 of fewer than FEWEST photos."""
        best = int(np.argmax(self._dice)) if self._photos >= FEWEST else 0
        return float(CERTAINTIES[best]), float(self._dice[best] / max(1, self._photos))


def _at_least(falling: npt.NDArray[np.float64], bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """How many of the values reach each bound."""
    return np.searchsorted(-falling, -bounds, side="right")
