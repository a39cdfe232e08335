"""Irregular holes: free strokes of many widths, until a wanted share of the picture is covered."""

import math
from itertools import pairwise

import cv2
import numpy as np

from inference.arrays import Mask

BINS = tuple((tenth / 10, (tenth + 1) / 10) for tenth in range(6))
"""Shares of holes that figures are told by (Liu et al. 2018, table 1)."""
_LEAST = 0.01
_THINNEST, _THICKEST = 0.008, 0.09
"""Widths of strokes, as shares of the shorter side."""
_MOST_STROKES = 1000


def irregular_mask(chance: np.random.Generator, height: int, width: int, share: float) -> Mask:
    """A mask `bool H×W`, true = hole, of strokes that cover `share` of it, in (0, 0.9], to within half a percent.

    As the irregular masks of Liu et al. 2018 (section "Irregular Mask Dataset") it mixes thin and thick, short and
    long; the widths follow creases and tears, from hair-thin to a tenth of the picture. The last stroke is drawn only
    as far as it may go.
    """
    covered = np.zeros((height, width), np.uint8)
    wanted = share * covered.size
    for _ in range(_MOST_STROKES):
        stroke = _stroke(chance, height, width)
        thickness = _thickness(chance, min(height, width))
        for start, end in pairwise(stroke):
            before = covered.copy()
            cv2.line(covered, start, end, 1, thickness)
            if np.count_nonzero(covered) > wanted + 0.005 * covered.size:
                covered = before
                thickness = max(1, thickness // 2)
            elif np.count_nonzero(covered) >= wanted - 0.005 * covered.size:
                return covered.astype(np.bool_)
    return covered.astype(np.bool_)


def _thickness(chance: np.random.Generator, side: int) -> int:
    thickness = math.exp(chance.uniform(math.log(_THINNEST), math.log(_THICKEST)))
    return max(1, round(thickness * side))


def _stroke(chance: np.random.Generator, height: int, width: int) -> list[tuple[int, int]]:
    """The corners of a wandering line, as (x, y)."""
    x, y = chance.uniform(0, width), chance.uniform(0, height)
    heading, side = chance.uniform(0, 2 * math.pi), min(height, width)
    corners = [(round(x), round(y))]
    for _ in range(int(chance.integers(2, 9))):
        heading += chance.normal(0, 0.6)
        length = side * chance.uniform(0.03, 0.2)
        x, y = x + length * math.cos(heading), y + length * math.sin(heading)
        corners.append((round(x), round(y)))
    return corners


def bin_name(bounds: tuple[float, float]) -> str:
    """A bin in percent, such as `10-20`."""
    return f"{round(100 * bounds[0])}-{round(100 * bounds[1])}"


def mask_for(chance: np.random.Generator, height: int, width: int, bounds: tuple[float, float]) -> Mask:
    """An irregular mask whose share of holes lies in a bin; at least a hundredth."""
    low, high = max(bounds[0], _LEAST), bounds[1]
    return irregular_mask(chance, height, width, float(chance.uniform(low + 0.005, high - 0.005)))
