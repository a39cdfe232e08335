"""How deep and how wide holes are, and the coarser photo in which deep ones are filled first."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Array, Field, Mask

_STRIP = 512
"""Rows at a time, even."""
_DEEPEST = 255


def depth_of(mask: Mask) -> NDArray[np.uint8]:
    """Steps (4-neighbours) from each pixel of a hole to the nearest known one, at most 255; `bool H×W` to `uint8 H×W`.

    Beyond the photo's border a hole is taken to go on.
    """
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L1, 3, dstType=cv2.CV_8U)[1:-1, 1:-1], np.uint8)


def distance_of(mask: Mask) -> Field:
    """Pixels (Euclidean) from each one of a hole to the nearest known one; `bool H×W` to `float32 H×W`.

    Beyond the photo's border a hole is taken to go on.
    """
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance[1:-1, 1:-1], np.float32)


def widest_hole(mask: Mask, least: int) -> int:
    """Diameter in pixels of the largest disc that fits into a hole; 0 where it is certainly not above `least`."""
    depth = depth_of(mask)
    deepest = int(depth.max()) if depth.size else 0
    if deepest < _DEEPEST and 2 * deepest <= least:  # steps are never fewer than pixels of distance
        return 0
    return round(2 * float(distance_of(mask).max()))


def coarser(colours: Array, mask: Mask) -> tuple[Array, Mask]:
    """The photo `H×W×C` at half its size and in its own depth, and its mask.

    Each value is the mean of what is known below it; where nothing is, there is a hole. An odd last row or column is
    repeated.
    """
    height, width = mask.shape
    small = np.empty((-(-height // 2), -(-width // 2), colours.shape[2]), colours.dtype)
    holes = np.empty(small.shape[:2], np.bool_)
    for top in range(0, height, _STRIP):
        values = _even(colours[top : top + _STRIP].astype(np.float32))
        known = _even((~mask[top : top + _STRIP, :, None]).astype(np.float32))
        count = _quartered(known)
        means = _quartered(values * known) / np.maximum(count, 1)
        rows = slice(top // 2, top // 2 + len(means))
        small[rows] = np.rint(means).astype(colours.dtype)
        holes[rows] = count[..., 0] == 0
    return small, holes


def put_coarse(small: Array, colours: Array, where: Mask) -> None:
    """Write the coarser photo, enlarged bilinearly, into `colours` `H×W×C` at `bool H×W`."""
    height, width = where.shape
    for top in range(0, height, _STRIP):
        rows = slice(top, min(top + _STRIP, height))
        if not where[rows].any():
            continue
        first, last = max(top // 2 - 1, 0), min(-(-rows.stop // 2) + 1, len(small))
        part = small[first:last].astype(np.float32)
        large = cv2.resize(part, (2 * part.shape[1], 2 * part.shape[0]), interpolation=cv2.INTER_LINEAR)
        large = large.reshape(2 * part.shape[0], 2 * part.shape[1], -1)
        large = large[top - 2 * first :][: rows.stop - top, :width]
        colours[rows][where[rows]] = np.rint(large[where[rows]]).astype(colours.dtype)


def _even(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape[:2]
    return np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _quartered(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over 2×2."""
    rows = values[0::2] + values[1::2]
    return np.asarray(rows[:, 0::2] + rows[:, 1::2], np.float32)
