"""Regions of a probability: pixels that hang together are a defect together, or none of them is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageProblem

_BELOW = 0.98
_NEIGHBOURS = 8


@dataclass(frozen=True)
class Regions:
    """Regions of n pixels in all; they are numbered from 0."""

    places: NDArray[np.intp]
    """Where the pixels lie in the flat photo, n."""
    of: NDArray[np.int64]
    """To which region each belongs, n."""
    sizes: NDArray[np.int64]
    """Pixels of each region."""
    means: NDArray[np.float64]
    """Mean probability of each region."""


def regions_at(probability: NDArray[np.float32], level: float) -> Regions:
    """The regions of float32 H×W in [0, 1]: pixels of `level` or more that touch, corners included."""
    marked = probability >= level
    count, labels = cv2.connectedComponents(marked.view(np.uint8), connectivity=_NEIGHBOURS, ltype=cv2.CV_32S)
    places = np.flatnonzero(marked)
    of = labels.ravel()[places].astype(np.int64) - 1  # label 0 is what lies outside all regions
    sizes = np.bincount(of, minlength=count - 1)
    sums = np.bincount(of, weights=probability.ravel()[places], minlength=count - 1)
    return Regions(places, of, sizes, sums / sizes)


def demote_unsure(probability: NDArray[np.float32], level: float, certainty: float) -> NDArray[np.float32]:
    """Take regions that are unsure as a whole below `level`; float32 H×W in [0, 1], changed in place and returned.

    A region whose mean is less than `certainty` (0 to 1) keeps its shape and loses its height: it is scaled until no
    pixel reaches `level` (above 0, up to 1), so that a lower threshold brings it back. It is hysteresis (Canny 1986,
    section VII) with a mean in place of the peak: a false alarm on a wire or a fold of cloth has sure pixels, too.
    """
    regions = regions_at(probability, level)
    unsure = regions.places[(regions.means < certainty)[regions.of]]
    probability.ravel()[unsure] *= np.float32(_BELOW * level)
    return probability


def checked_certainty(certainty: float) -> float:
    """The certainty itself. Raises UsageProblem when it is no number from 0 to 1."""
    if not 0 <= certainty <= 1:
        raise UsageProblem(f"A certainty of {certainty:g} is not possible; give one from 0 to 1.")
    return certainty
