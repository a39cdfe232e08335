"""Cutting training pictures out of photos, the same way for every kind of model."""

from collections import OrderedDict
from typing import Any

import cv2
import numpy as np
import torch

from inference.arrays import Mask, Pixels
from trainer.errors import TrainerError
from trainer.learning.examples import TrainingExample
from trainer.quiet import stay_quiet

CLEAN_SCALES = (0.5, 2.4)
"""How much clean photos are scaled: theirs are small and sharp, a scan is large and its picture soft."""
VALIDATION_EPOCH = 2**31
"""An epoch that no training reaches: its pictures are those of validation."""
_PREFER_DEFECTS = 0.7
_KEPT_BYTES = 2**29
"""In each data worker: a photo of 100 megapixels has 400 MB with its mask."""
_kept: OrderedDict[TrainingExample, tuple[Pixels, Mask]] = OrderedDict()


def crop(
    chance: np.random.Generator, pixels: Pixels, mask: Mask | None, size: int, scales: tuple[float, float]
) -> tuple[Pixels, Mask | None]:
    """A square of the photo, `uint8 H×W×3`, scaled to `size`; with a mask it mostly holds a defect.

    `scales` bound the factor, which is drawn; small photos are enlarged.
    """
    height, width = pixels.shape[:2]
    scale = float(np.exp(chance.uniform(*np.log(scales))))
    side = max(1, min(height, width, round(size / scale)))
    top, left = int(chance.integers(height - side + 1)), int(chance.integers(width - side + 1))
    if mask is not None and chance.random() < _PREFER_DEFECTS and mask.any():
        places = np.flatnonzero(mask)
        row, column = divmod(int(places[int(chance.integers(len(places)))]), width)
        top = int(np.clip(row - chance.integers(side), 0, height - side))
        left = int(np.clip(column - chance.integers(side), 0, width - side))
    window = np.s_[top : top + side, left : left + side]
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    cropped = np.asarray(cv2.resize(pixels[window], (size, size), interpolation=way), dtype=np.uint8)
    if mask is None:
        return cropped, None
    share = cv2.resize(mask[window].astype(np.float32), (size, size), interpolation=way)
    return cropped, np.asarray(share >= 0.5, dtype=np.bool_)


def as_tensors(pixels: Pixels, mask: Mask) -> tuple[torch.Tensor, torch.Tensor]:
    """`float32 3×H×W` in [0, 1], and `float32 1×H×W` that is 1 where the mask is true."""
    photo = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255
    return photo, torch.from_numpy(mask[None].astype(np.float32))


def read_example(example: TrainingExample) -> tuple[Pixels, Mask]:
    """A photo with its mask; those used last stay in memory, as many as _KEPT_BYTES hold."""
    if example in _kept:
        _kept.move_to_end(example)
        return _kept[example]
    _kept[example] = _read(example)
    while len(_kept) > 1 and sum(pixels.nbytes + mask.nbytes for pixels, mask in _kept.values()) > _KEPT_BYTES:
        _kept.popitem(last=False)
    return _kept[example]


def _read(example: TrainingExample) -> tuple[Pixels, Mask]:
    pixels, mask = example.load_pixels(), example.load_mask()
    if mask.shape != pixels.shape[:2]:
        raise TrainerError(
            f"{example.name or example.photo_sha}: the mask is {mask.shape[1]}×{mask.shape[0]}, the photo "
            f"{pixels.shape[1]}×{pixels.shape[0]}. Annotate the photo anew."
        )
    return pixels, mask


def augmentation() -> Any:
    """Flips and changes of brightness and contrast, for a photo and its mask."""
    stay_quiet()
    import albumentations

    return albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.VerticalFlip(p=0.2),
            albumentations.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.25, p=0.6),
        ]
    )
