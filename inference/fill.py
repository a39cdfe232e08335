"""The classical fill: OpenCV's inpainting by Telea or Navier–Stokes, at any size and depth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

import cv2
import numpy as np

from inference.arrays import Array, Mask
from inference.errors import PhotoError, UsageProblem
from inference.holes import depth_of
from inference.methods import FillMethod, fill_name
from inference.names import ModelName
from inference.photo import Photo

_FLAGS: dict[str, int] = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
_TILE = 2048
_DEEP = 48
_CONTEXT = 96
Box = tuple[slice, slice]


@dataclass(frozen=True)
class Filled:
    """A photo without its defects."""

    pixels: Array
    """Like the photo's `source`, bit-identical to it outside the mask."""
    warnings: tuple[str, ...] = ()
    """Sentences about what may have gone wrong, such as a hole larger than any in training."""


class ClassicalInpainter:
    """OpenCV's fill in the place of an inpainter: no weights, nothing learned."""

    def __init__(self, method: FillMethod) -> None:
        """Fill by `telea` or `ns`. Raises UsageProblem for another method."""
        self._method: FillMethod = _checked(method)
        self.name: ModelName = fill_name(method)

    def fill(self, photo: Photo, mask: Mask, progress: Callable[[float], None] | None = None) -> Filled:
        """Fill what `mask`, bool H×W, marks. See `fill` for the rest and for what is raised."""
        return Filled(fill(photo, mask, self._method, progress=progress))


def fill(
    photo: Photo,
    mask: Mask,
    method: FillMethod = "telea",
    radius: int = 3,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """Fill the defects of `photo` from what surrounds them.

    `mask` is bool H×W, true = defect; `radius` is how far OpenCV looks for known pixels. Returns an array like
    `photo.source` (depth, channels), equal to it outside the mask; alpha is carried over. `progress` gets the share
    done. Telea 2004 and Bertalmio et al. 2001, as OpenCV has them; 16-bit samples are filled as such, per channel.

    Raises PhotoError for a mask of another size or one that leaves nothing to fill from, UsageProblem for a `method`
    or `radius` that is none.
    """
    _checked(method)
    if radius < 1:
        raise UsageProblem(f"Filling with a radius of {radius} is not possible; give 1 or more.")
    check_mask(mask, photo)
    result = photo.source.copy()
    planes = result.reshape(*photo.size, photo.channels)
    colours = 1 if photo.channels <= 2 else 3
    pieces = list(_pieces(mask))
    for number, (core, own) in enumerate(pieces, 1):
        around, inside = _grow(core, mask.shape)
        crop = photo.source.reshape(planes.shape)[around][..., :colours]
        filled = _inpaint(crop, mask[around], _FLAGS[method], radius)
        planes[core][own, :colours] = filled[inside][own]
        if progress:
            progress(number / len(pieces))
    return result


def check_mask(mask: Mask, photo: Photo) -> None:
    """Raises PhotoError for a mask of another size than the photo, and one that leaves nothing to fill from."""
    if mask.dtype != np.bool_ or mask.shape != photo.size:
        raise PhotoError(
            f"The mask is {mask.dtype} {mask.shape} but {photo.name} needs bool {photo.size}; make it anew."
        )
    if mask.all():
        raise PhotoError(f"The mask covers all of {photo.name}; leave some of it to fill from.")


def _checked(method: FillMethod) -> FillMethod:
    if method not in get_args(FillMethod):
        raise UsageProblem(f"Filling by '{method}' is not possible; use telea or ns.")
    return method


def _inpaint(crop: Array, unknown: Mask, flag: int, radius: int) -> Array:
    """OpenCV's inpainting of H×W×C, C 1 or 3; it takes 16-bit samples one channel at a time only."""
    holes = unknown.astype(np.uint8)
    if crop.dtype == np.uint8:
        return np.asarray(cv2.inpaint(np.ascontiguousarray(crop), holes, radius, flag), np.uint8).reshape(crop.shape)
    channels = [np.ascontiguousarray(crop[..., channel], np.uint16) for channel in range(crop.shape[2])]
    return np.stack([cv2.inpaint(channel, holes, radius, flag) for channel in channels], axis=2).astype(np.uint16)


def _pieces(mask: Mask) -> Iterator[tuple[Box, Mask]]:
    """Cut the mask into pieces that can be filled alone: (box, which pixels in the box).

    What fills a pixel comes from the nearest edges of its defect. So thin defects, however long, go tile by tile, with
    their neighbours in the same tile; a deep hole goes whole, for a tile inside it would hold nothing to fill from.
    """
    deep = _deep_regions(mask)
    height, width = mask.shape
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            tile = mask[top : top + _TILE, left : left + _TILE]
            own = tile if deep is None else tile & ~deep[top : top + _TILE, left : left + _TILE]
            if own.any():
                box = _bounds(own)
                yield (_shift(box[0], top), _shift(box[1], left)), own[box]
    if deep is not None:
        yield from _whole_regions(deep)


def _deep_regions(mask: Mask) -> Mask | None:
    """The connected regions that somewhere reach more than _DEEP pixels from the clean; None where there are none."""
    depth = depth_of(mask)
    if int(depth.max()) <= _DEEP:
        return None
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    found = np.zeros(int(labels.max()) + 1, np.bool_)
    found[np.unique(labels[depth > _DEEP])] = True
    return np.asarray(found[labels], np.bool_)


def _whole_regions(deep: Mask) -> Iterator[tuple[Box, Mask]]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(deep.astype(np.uint8), connectivity=8)
    areas = (stats[1:, cv2.CC_STAT_WIDTH] + 2 * _CONTEXT) * (stats[1:, cv2.CC_STAT_HEIGHT] + 2 * _CONTEXT)
    if int(areas.sum(dtype=np.int64)) > deep.size:
        box = _bounds(deep)
        yield box, deep[box]
        return
    for label in range(1, count):
        left, top, width, height = (int(value) for value in stats[label, :4])
        box = slice(top, top + height), slice(left, left + width)
        yield box, labels[box] == label


def _bounds(own: Mask) -> Box:
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _shift(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _grow(box: Box, shape: tuple[int, ...]) -> tuple[Box, Box]:
    """The box with its context, inside the photo; and where the box lies in that."""
    grown = [
        slice(max(part.start - _CONTEXT, 0), min(part.stop + _CONTEXT, length))
        for part, length in zip(box, shape, strict=True)
    ]
    inside = [_shift(part, -around.start) for part, around in zip(box, grown, strict=True)]
    return (grown[0], grown[1]), (inside[0], inside[1])
