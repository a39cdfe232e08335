"""Draw the defects of a record on a photo. Nothing here is left to chance."""

import cv2
import numpy as np
import numpy.typing as npt

from trainer.defects.coverage import Layer, layer_of
from trainer.defects.errors import DefectError
from trainer.defects.noise import Field
from trainer.defects.records import Defect, DefectRecord
from trainer.defects.textures import TextureFolder

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
_VISIBLE_COVER = 0.18
_VISIBLE_CHANGE = 7.0
"""Levels: a white scratch on white paper is nothing that anyone could find or would fill."""
_RING = np.ones((3, 3), dtype=np.uint8)


def apply(pixels: Pixels, record: DefectRecord, textures: TextureFolder | None = None) -> tuple[Pixels, Mask]:
    """Draw the defects (not the ageing) of a record.

    Takes and returns `uint8 H×W×3` RGB; the mask is `bool H×W`, true = defect, one pixel wider than what is visibly
    changed. Raises DefectError when the photo has not the record's size or a texture is missing.
    """
    if pixels.shape != (record.height, record.width, 3) or pixels.dtype != np.uint8:
        raise DefectError(
            f"The record is for a photo of {record.width}×{record.height}, uint8 RGB; this one is "
            f"{pixels.dtype} {pixels.shape}."
        )
    drawn = pixels.astype(np.float32)
    mask = np.zeros(pixels.shape[:2], dtype=np.bool_)
    for defect in record.defects:
        layer = layer_of(defect, record.height, record.width, textures)
        if layer is not None:
            _lay(drawn, mask, defect, layer)
    return np.asarray(cv2.convertScaleAbs(np.maximum(drawn, 0)), dtype=np.uint8), mask


def touched(layer: Layer, defect: Defect) -> Mask:
    """Pixels of the layer's window that its defect may put into the mask: an upper bound for every photo."""
    return widen(_visible(layer.cover, defect))


def _lay(drawn: Field, mask: Mask, defect: Defect, layer: Layer) -> None:
    part = drawn[layer.window]
    inside = layer.cover > 0
    before, cover = part[inside], layer.cover[inside]
    tone = np.broadcast_to(np.asarray(defect.tone, dtype=np.float32), before.shape)
    if layer.relief is not None:
        tone = tone + layer.relief[inside][:, None]
    change = (cover * np.float32(defect.opacity))[:, None] * (tone - before)
    part[inside] = before + change
    strongest = np.maximum(np.maximum(np.abs(change[:, 0]), np.abs(change[:, 1])), np.abs(change[:, 2]))
    seen = np.zeros(layer.cover.shape, dtype=np.bool_)
    seen[inside] = (strongest > _VISIBLE_CHANGE) & _visible(cover, defect)
    mask[layer.window] |= widen(seen)
    if layer.shade is not None:
        part += layer.shade[..., None]


def _visible(cover: Field, defect: Defect) -> Mask:
    return cover * np.float32(min(1.0, 2 * defect.opacity)) > _VISIBLE_COVER


def widen(mask: Mask) -> Mask:
    """The mask and a ring of one pixel around it."""
    return cv2.dilate(mask.astype(np.uint8), _RING).astype(np.bool_)
