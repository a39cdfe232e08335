"""A defect probability on disk and as a mask; the editor, the queue and the restorer share these two rules."""

import math

import numpy as np
from numpy.typing import NDArray


def quantise(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """float32 H×W in [0, 1] to the nearest of 256 levels."""
    return np.rint(np.clip(probability, 0, 1) * 255).astype(np.uint8)


def mask_at(levels: NDArray[np.uint8], threshold: float) -> NDArray[np.bool_]:
    """bool H×W, true where the level of `quantise` is at least ceil(255·threshold)."""
    return np.asarray(levels >= math.ceil(255 * threshold), np.bool_)
