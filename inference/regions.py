"""Regions of a probability: pixels that hang together are a defect together, or none of them is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.errors import UsageProblem

DAMAGED = 0.003
"""From this share of its pixels in sure regions on, a photo counts as damaged."""
LENIENCE = 1.25
"""A region of a damaged photo may lack so many times what another may lack to a mean probability of 1."""
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

    A region whose mean is less than `certainty` (0 to 1; less is asked of a damaged photo's, see `asked_certainty`)
    keeps its shape and loses its height: it is scaled until no pixel reaches `level` (above 0, up to 1), so that a
    lower threshold brings it back. It is hysteresis (Canny 1986, section VII) with a mean in place of the peak: a false
    alarm on a wire or a fold of cloth has sure pixels, too.
    """
    regions = regions_at(probability, level)
    sure = regions.sizes[regions.means >= certainty].sum()
    asked = asked_certainty(certainty, sure / probability.size)
    unsure = regions.places[(regions.means < asked)[regions.of]]
    probability.ravel()[unsure] *= np.float32(_BELOW * level)
    return probability


def asked_certainty(certainty: ArrayLike, sure_share: ArrayLike) -> NDArray[np.float64]:
    """How sure a region has to be, of a photo whose regions of `certainty` cover `sure_share` of it; all 0 to 1.

    Where a photo is surely damaged in one place, damage elsewhere is likely: less sure regions are believed as well.
    """
    certainty = np.asarray(certainty, dtype=np.float64)
    return np.where(np.asarray(sure_share) >= DAMAGED, 1 - LENIENCE * (1 - certainty), certainty)


def checked_certainty(certainty: float) -> float:
    """The certainty itself. Raises UsageProblem when it is no number from 0 to 1."""
    if not 0 <= certainty <= 1:
        raise UsageProblem(f"A certainty of {certainty:g} is not possible; give one from 0 to 1.")
    return certainty
