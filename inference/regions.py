"""Regions of a probability: pixels that hang together are a defect together, or none of them is."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.arrays import Probability
from inference.errors import UsageProblem
from inference.probability import highest_outside

DAMAGED = 0.1
"""Reach of all sure regions together: with less a photo is nearly intact, from here on it is damaged."""
IF_INTACT, IF_DAMAGED = 0.5, 1.6
"""What the certainty is raised to."""
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


def regions_at(probability: Probability, level: float) -> Regions:
    """The regions of float32 H×W in [0, 1]: pixels of `level` or more that touch, corners included."""
    marked = probability >= level
    count, labels = cv2.connectedComponents(marked.view(np.uint8), connectivity=_NEIGHBOURS, ltype=cv2.CV_32S)
    places = np.flatnonzero(marked)
    of = labels.ravel()[places].astype(np.int64) - 1  # label 0 is what lies outside all regions
    sizes = np.bincount(of, minlength=count - 1)
    sums = np.bincount(of, weights=probability.ravel()[places], minlength=count - 1)
    return Regions(places, of, sizes, sums / sizes)


def demote_unsure(probability: Probability, level: float, certainty: float) -> Probability:
    """Take regions that are unsure as a whole below `level`; float32 H×W in [0, 1], changed in place and returned.

    A region whose mean is less than is asked of its photo's (`asked_certainty` of `certainty`, 0 to 1) keeps its shape
    and loses its height: it is scaled until no pixel reaches `level` (above 0, up to 1), not even rounded to the 256
    levels on disk, so that a lower threshold brings it back. It is hysteresis (Canny 1986, section VII) with a mean in
    place of the peak: a false alarm on a wire or a fold of cloth has sure pixels, too.
    """
    regions = regions_at(probability, level)
    sure = reach(regions.sizes[regions.means >= certainty], probability.size).sum()
    asked = asked_certainty(certainty, sure)
    return lowered(probability, regions, regions.means < asked, level)


def lowered(probability: Probability, regions: Regions, which: NDArray[np.bool_], level: float) -> Probability:
    """Scale some regions, `which` of them, until no pixel reaches `level`; float32 H×W, changed in place and returned.
    They keep their shape, and a lower level brings them back."""
    probability.ravel()[regions.places[which[regions.of]]] *= np.float32(min(_BELOW * level, highest_outside(level)))
    return probability


def reach(sizes: NDArray[np.int64], pixels: int) -> NDArray[np.float64]:
    """How far regions of these sizes reach in a photo of so many pixels: the side of a square as large as the region by
    that of one as large as the photo, 0 to 1.

    Many small regions reach further together than one that covers as much, and say more surely that a photo is damaged:
    a single one may be a thing of the scene.
    """
    reached: NDArray[np.float64] = np.sqrt(sizes / pixels)
    return reached


def asked_certainty(certainty: ArrayLike, sure_reach: ArrayLike) -> NDArray[np.float64]:
    """How sure a region has to be, 0 to 1, of a photo whose regions of `certainty`, 0 to 1, together reach so far.

    Where a photo is surely damaged, more damage is likely, and less sure regions are believed as well; where next to
    nothing is sure, hardly any region is a defect. A certainty of 0 asks nothing of any photo.
    """
    exponents = np.where(np.asarray(sure_reach) >= DAMAGED, IF_DAMAGED, IF_INTACT)
    asked: NDArray[np.float64] = np.asarray(certainty, dtype=np.float64) ** exponents
    return asked


def checked_certainty(certainty: float) -> float:
    """The certainty itself. Raises UsageProblem when it is no number from 0 to 1."""
    if not 0 <= certainty <= 1:
        raise UsageProblem(f"A certainty of {certainty:g} is not possible; give one from 0 to 1.")
    return certainty
