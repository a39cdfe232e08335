"""What a recipe's defects look like: damaged photos with their masks outlined, one by one or on a sheet."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.arrays import Mask, Pixels
from inference.thumbnails import shrunk
from trainer.defects import DefectRecord, DefectSettings, age_and_damage

OUTLINE = (240, 96, 58)
"""Vermilion, the colour of drawn masks; RGB."""
_GROUND = 38
_GAP = 6
_RING = np.ones((3, 3), dtype=np.uint8)


def damaged(photo: Pixels, seed: int, size: int, settings: DefectSettings) -> tuple[Pixels, Mask, DefectRecord]:
    """A clean photo `uint8 H×W×3` RGB, its longer side brought down to `size` pixels, aged and damaged.

    Returns it with its mask `bool`, true = defect, and the record. Raises DefectError for a folder without textures.
    """
    return age_and_damage(shrunk(photo, size), seed, settings)


def outlined(pixels: Pixels, mask: Mask) -> Pixels:
    """A picture `uint8 H×W×3` with a line of one pixel around what the mask marks: what is marked stays to be seen."""
    drawn = pixels.copy()
    drawn[cv2.dilate(mask.astype(np.uint8), _RING).astype(np.bool_) & ~mask] = OUTLINE
    return drawn


def sheet(pictures: Sequence[Pixels], columns: int) -> Pixels:
    """Pictures `uint8 H×W×3` of any sizes in rows of `columns`, each in the middle of its place, on dark grey."""
    rows = [pictures[first : first + columns] for first in range(0, len(pictures), columns)]
    width = max(each.shape[1] for each in pictures)
    strips = [_strip(row, min(columns, len(pictures)), width) for row in rows]
    page = [part for strip in strips for part in (_ground(_GAP, strip.shape[1]), strip)]
    return np.concatenate([*page, _ground(_GAP, strips[0].shape[1])])


def _strip(row: Sequence[Pixels], columns: int, width: int) -> Pixels:
    height = max(each.shape[0] for each in row)
    strip = _ground(height, columns * (width + _GAP) + _GAP)
    for place, picture in enumerate(row):
        top = (height - picture.shape[0]) // 2
        left = _GAP + place * (width + _GAP) + (width - picture.shape[1]) // 2
        strip[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return strip


def _ground(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), _GROUND, dtype=np.uint8)
