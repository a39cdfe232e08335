"""Pictures that show what a detector found."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.arrays import Mask, Pixels
from inference.thumbnails import shrunk

COLOURS = {"hits": (60, 200, 90), "missed": (70, 110, 255), "false alarms": (240, 60, 60)}
"""What an overlay's colours mean; RGB."""
_STILL_SEEN = 0.25
"""Share of a pixel of a shrunken mask that has to be marked for it to be: thin defects stay visible."""


def overlay(pixels: Pixels, mask: Mask, found: Mask) -> Pixels:
    """The photo `uint8 H×W×3` with hits in green, missed defects in blue and false alarms in red."""
    coloured = pixels.astype(np.float32) * 0.75
    for where, colour in zip((found & mask, mask & ~found, found & ~mask), COLOURS.values(), strict=True):
        coloured[where] = 0.25 * coloured[where] + 0.75 * np.array(colour, dtype=np.float32)
    return np.asarray(np.rint(coloured), dtype=np.uint8)


def overlay_at(side: int, pixels: Pixels, mask: Mask, found: Mask) -> Pixels:
    """The overlay with its longer side at most `side` pixels; thin defects stay visible."""
    small = shrunk(pixels, side)
    return overlay(small, _shrunk(mask, small.shape), _shrunk(found, small.shape))


def side_by_side(pictures: Sequence[Pixels]) -> Pixels:
    """Pictures of one height in a row."""
    return np.concatenate(list(pictures), axis=1)


def _shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    if mask.shape == shape[:2]:
        return mask
    # As uint8: a float copy of a mask of 100 megapixels would be 400 MB.
    share = cv2.resize(mask.view(np.uint8) * np.uint8(255), shape[1::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share > _STILL_SEEN * 255, np.bool_)
