"""Pictures that show what a detector found."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
_FOUND = np.array([60, 200, 90], dtype=np.float32)
_MISSED = np.array([70, 110, 255], dtype=np.float32)
_FALSE = np.array([240, 60, 60], dtype=np.float32)


def overlay(pixels: Pixels, mask: Mask, found: Mask) -> Pixels:
    """The photo `uint8 H×W×3` with hits in green, missed defects in blue and false alarms in red."""
    coloured = pixels.astype(np.float32) * 0.75
    for where, colour in ((found & mask, _FOUND), (mask & ~found, _MISSED), (found & ~mask, _FALSE)):
        coloured[where] = 0.25 * coloured[where] + 0.75 * colour
    return np.asarray(np.rint(coloured), dtype=np.uint8)


def side_by_side(pictures: Sequence[Pixels]) -> Pixels:
    """Pictures of one height in a row."""
    return np.concatenate(list(pictures), axis=1)
