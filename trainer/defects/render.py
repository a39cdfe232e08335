"""Draw the marks of a record on a photo. Nothing here is left to chance."""

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from inference.arrays import Mask, Pixels
from trainer.defects.coverage import layer_of
from trainer.defects.errors import DefectError
from trainer.defects.layers import Layer
from trainer.defects.records import Ageing, DefectRecord
from trainer.defects.textures import Textures

_INSIDE = 0.15
"""A pixel that a defect covers by less is its soft edge: the ring around the mask has it anyway."""
_FAINTEST = 11.0
"""Levels: a white scratch on white paper is nothing that anyone could find or would fill."""
_LOST_IN_GRAIN = 0.6
"""Share of the standard deviation of grain and noise by which a change must be stronger to be seen."""
_LOST_IN_DETAIL = np.float32(0.5)
"""Share of the local standard deviation of the photo by which a change must be stronger to be seen."""
_DETAIL_SIDE = 9
"""Pixels."""
_EDGE_OF_A_LINE = 0.3
"""Share of a line's strongest change from which its soft edge counts: seeing faint lines makes plain ones no wider."""
_RING = np.ones((3, 3), dtype=np.uint8)


def apply(pixels: Pixels, record: DefectRecord, textures: Textures) -> tuple[Pixels, Mask]:
    """Draw the defects (not the ageing, nor the lookalikes) of a record.

    Takes and returns `uint8 H×W×3` RGB; the mask is `bool H×W`, true = defect, one pixel wider than what is visibly
    changed. Raises DefectError when the photo has not the record's size or a texture is missing.
    """
    check_size(pixels, record)
    layers = (layer_of(defect, record.height, record.width, textures) for defect in record.defects)
    return damage(pixels, (layer for layer in layers if layer is not None), visible_change(record.ageing))


def check_size(pixels: Pixels, record: DefectRecord) -> None:
    """Raise DefectError unless the photo is of the size that the record was drawn for."""
    if pixels.shape != (record.height, record.width, 3) or pixels.dtype != np.uint8:
        raise DefectError(
            f"The record is for a photo of {record.width}×{record.height}, uint8 RGB; this one is "
            f"{pixels.dtype} {pixels.shape}."
        )


def damage(pixels: Pixels, layers: Iterable[Layer], visible: float) -> tuple[Pixels, Mask]:
    """Lay layers over a photo, in order; the mask shows what they visibly changed, and a ring.

    On a flat ground a change of `visible` levels is seen; where the photo is full of detail it takes more, along a line
    less.
    """
    drawn = pixels.copy()
    needed = np.full(pixels.shape[:2], np.inf, dtype=np.float32)
    for layer in layers:
        strongest = lay(drawn, layer)
        share = _seen_from(layer, strongest, visible)
        seen = (strongest > share * visible) & _counts(layer, visible)
        here = layer.window.top + layer.rows[seen], layer.window.left + layer.columns[seen]
        needed[here] = np.minimum(needed[here], np.float32(share))
    change = np.asarray(cv2.absdiff(drawn, pixels))
    strongest = _strongest(change[..., 0], change[..., 1], change[..., 2])
    return drawn, widen(strongest > needed * (visible + _lost_in_detail(pixels)))


def _seen_from(layer: Layer, strongest: npt.NDArray[np.float32], visible: float) -> float:
    """The share of `visible` from which a layer is seen that changes the photo by `strongest` levels."""
    edge = _EDGE_OF_A_LINE * float(strongest.max(initial=0)) / visible
    return min(1.0, max(layer.seen_from, edge))


def _lost_in_detail(pixels: Pixels) -> npt.NDArray[np.float32]:
    """By how many levels more a pixel must change where the photo itself is full of detail, `float32 H×W`."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    around = (_DETAIL_SIDE, _DETAIL_SIDE)
    mean = cv2.boxFilter(grey, cv2.CV_32F, around)
    variance = cv2.sqrBoxFilter(grey, cv2.CV_32F, around) - mean * mean
    return np.asarray(_LOST_IN_DETAIL * np.sqrt(np.maximum(variance, 0)), dtype=np.float32)


def lay(drawn: Pixels, layer: Layer) -> npt.NDArray[np.float32]:
    """Lay one layer over a photo, in place. Returns the change of its pixels in levels, `float32 n`."""
    part = drawn[layer.window.slices]
    before = part[layer.rows, layer.columns].astype(np.float32)
    tone = before * layer.tone * np.float32(1 / 255) if layer.soaked else layer.tone
    after = before + layer.weight[:, None] * (tone - before)
    if layer.shade is not None:
        after += layer.shade[:, None]
    after = np.rint(np.clip(after, 0, 255))
    part[layer.rows, layer.columns] = after.astype(np.uint8)
    change = np.abs(after - before)
    return np.asarray(_strongest(change[:, 0], change[:, 1], change[:, 2]), dtype=np.float32)


def touched(layer: Layer, visible: float) -> Mask:
    """Pixels of the layer's window that it may put into the mask: an upper bound for every photo."""
    seen = np.zeros((layer.window.height, layer.window.width), dtype=np.bool_)
    seen[layer.rows, layer.columns] = (layer.strongest > layer.seen_from * visible - 1) & _counts(layer, visible)
    return widen(seen)


def visible_change(ageing: Ageing) -> float:
    """How many levels a pixel must change by to be seen on a print that aged like this."""
    return _FAINTEST + _LOST_IN_GRAIN * float(np.hypot(ageing.grain, ageing.scan_noise))


def _strongest(red: npt.NDArray[Any], green: npt.NDArray[Any], blue: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The strongest of three channels: many times faster than `max` over the last axis."""
    return np.asarray(np.maximum(np.maximum(red, green), blue))


def _counts(layer: Layer, visible: float) -> Mask:
    inside = layer.shape > _INSIDE
    return inside if layer.shade is None else inside | (np.abs(layer.shade) > visible)


def widen(mask: Mask) -> Mask:
    """The mask and a ring of one pixel around it."""
    return cv2.dilate(mask.view(np.uint8), _RING).astype(np.bool_)
