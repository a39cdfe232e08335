"""A defect probability on disk and as a mask; the editor, the queue and the restorer share these two rules."""

import math

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask
from inference.errors import UsageProblem

LEVELS = 256
"""How many levels a probability has on disk."""


def quantise(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """float32 H×W in [0, 1] to the nearest of 256 levels."""
    scaled = probability * np.float32(LEVELS - 1)
    np.clip(np.rint(scaled, out=scaled), 0, LEVELS - 1, out=scaled)
    return scaled.astype(np.uint8)


def mask_at(levels: NDArray[np.uint8], threshold: float) -> Mask:
    """bool H×W, true where the level of `quantise` is at least ceil(255·threshold)."""
    return np.asarray(levels >= lowest_level(threshold), np.bool_)


def highest_outside(threshold: float) -> float:
    """A probability just low enough that `quantise` does not round it up into the mask at `threshold` (above 0)."""
    return (lowest_level(threshold) - 0.51) / (LEVELS - 1)


def checked_threshold(threshold: float) -> float:
    """The threshold itself. Raises UsageProblem when it is not above 0 and up to 1: at 0 all of a photo is a defect."""
    if not 0 < threshold <= 1:
        raise UsageProblem(f"A threshold of {threshold:g} is not possible; give one above 0 and up to 1.")
    return threshold


def lowest_level(threshold: float) -> int:
    """The level from which on a pixel is a defect, of a threshold in [0, 1]."""
    return math.ceil((LEVELS - 1) * threshold)
