"""A photo looked at in several sizes: on a large scan a crease is wider than any that a network has learned to see."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.arrays import Pixels, Probability
from inference.regions import demote_unsure, lowered, regions_at

_LEAST_SIDE = 256
"""Shorter side in pixels below which a photo is not made smaller: its lines would be gone."""
_KNOWN = 0.5
"""Share of a region from which it is no news: what a larger look has drawn a smaller one only makes wider."""
_WEIGHT = 0.5
"""How much a look counts beside the next larger one where none of them is sure."""


def look_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Heights and widths in which a photo is looked at: its own, and halves while the shorter side keeps 256 pixels."""
    sizes = [(height, width)]
    while min(height, width) // 2 >= _LEAST_SIDE:
        height, width = height // 2, width // 2
        sizes.append((height, width))
    return sizes


def halved(pixels: Pixels) -> Pixels:
    """Half as high and half as wide, each pixel the mean of those that it stands for: uint8 H×W×3."""
    height, width = pixels.shape[:2]
    whole = np.ascontiguousarray(pixels)
    return np.asarray(cv2.resize(whole, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)


def seen_together(looks: Sequence[Probability], level: float, certainty: float) -> Probability:
    """What all looks say of a photo: float32 H×W in [0, 1], as large as the first; the looks are changed in place.

    Regions that are unsure as a whole are taken below `level` in each look (`regions.demote_unsure`), and so are those
    of a smaller look of which half has been found by larger ones. A pixel that reaches `level` in some look has the
    highest of its probabilities, any other their mean, in which each look counts half as much as the next larger one.
    """
    found, *smaller = (demote_unsure(look, level, certainty) if certainty > 0 else look for look in looks)
    if not smaller:
        return found
    weights = [_WEIGHT**number for number in range(len(looks))]
    mean = found * np.float32(1 / sum(weights))
    for look, weight in zip(smaller, weights[1:], strict=True):
        enlarged = cv2.resize(_news(look, found, level), found.shape[::-1], interpolation=cv2.INTER_LINEAR)
        np.maximum(found, enlarged, out=found)
        mean += enlarged * np.float32(weight / sum(weights))
    return np.where(found >= level, found, mean)


def _news(look: Probability, found: Probability, level: float) -> Probability:
    """A look without the regions that are found already."""
    known = cv2.resize((found >= level).astype(np.float32), look.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    regions = regions_at(look, level)
    covered = np.bincount(regions.of, weights=known.ravel()[regions.places], minlength=len(regions.sizes))
    return lowered(look, regions, covered >= _KNOWN * regions.sizes, level)
