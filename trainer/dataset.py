"""Training pictures: crops of annotated photos, and clean photos with synthetic defects.

Picture `index` of epoch `epoch` depends on nothing but the recipe, these two numbers and the photos: not on the worker
that makes it, nor on what was made before. That is what makes a training resumable in the middle of an epoch.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from trainer.clean import CleanPhoto
from trainer.defects import AgeingSettings, age_and_damage
from trainer.errors import TrainerError
from trainer.quiet import stay_quiet
from trainer.recipe import DetectorRecipe

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
_PREFER_DEFECTS = 0.7
_KEPT_BYTES = 2**29
"""In each data worker: a photo of 100 megapixels has 400 MB with its mask."""
_CLEAN_SCALES = (0.5, 1.6)
_ANNOTATED_SCALES = (0.75, 1.33)
_VALIDATION_EPOCH = 2**31
"""An epoch that no training reaches: its pictures are those of validation."""


@dataclass(frozen=True)
class TrainingExample:
    """A photo with its accepted annotation, read when it is needed."""

    photo_sha: str
    load_pixels: Callable[[], Pixels]
    """Gives `uint8 H×W×3` RGB, upright."""
    load_mask: Callable[[], Mask]
    """Gives `bool H×W`, true = defect."""
    split: Literal["train", "validation"]
    origin: Literal["drawn", "imported", "synthetic"]
    name: str = ""

    @property
    def is_real(self) -> bool:
        """Whether people marked the defects; synthetic masks never count as real."""
        return self.origin != "synthetic"


_kept: OrderedDict[TrainingExample, tuple[Pixels, Mask]] = OrderedDict()


class DetectorDataset(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Pairs of a photo `float32 3×S×S` in [0, 1] and its mask `float32 1×S×S`, 1 = defect."""

    def __init__(
        self, recipe: DetectorRecipe, examples: Sequence[TrainingExample], clean: Sequence[CleanPhoto]
    ) -> None:
        if not examples and not clean:
            raise TrainerError("There is nothing to train on: neither annotations nor clean photos.")
        self.recipe = recipe
        self.epoch = 0
        self._examples = list(examples)
        self._clean = list(clean)
        self._synthetic_share = _share(recipe.synthetic_share, bool(examples), bool(clean))
        self._defects = replace(recipe.defects, textures=recipe.textures)
        self._augment = _augmentation()

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        chance = np.random.default_rng((self.recipe.seed, self.epoch, index))
        synthetic = chance.random() < self._synthetic_share
        pixels, mask = self._from_clean(chance) if synthetic else self._from_annotation(chance)
        return as_tensors(pixels, mask)

    def _from_clean(self, chance: np.random.Generator) -> tuple[Pixels, Mask]:
        photo = self._clean[int(chance.integers(len(self._clean)))]
        pixels, _ = _crop(chance, photo.load(), None, self.recipe.size, _CLEAN_SCALES)
        pixels, _ = self._vary(chance, pixels, None)
        damaged, mask, _ = age_and_damage(pixels, int(chance.integers(2**31)), self._defects)
        return damaged, mask

    def _from_annotation(self, chance: np.random.Generator) -> tuple[Pixels, Mask]:
        example = self._examples[int(chance.integers(len(self._examples)))]
        whole, whole_mask = _load(example)
        pixels, cropped = _crop(chance, whole, whole_mask, self.recipe.size, _ANNOTATED_SCALES)
        pixels, mask = self._vary(chance, pixels, cropped)
        if chance.random() < 0.5:
            settings = replace(self._defects, lookalikes=0, ageing=AgeingSettings(strength=0.25, grey=0.3))
            pixels, added, _ = age_and_damage(pixels, int(chance.integers(2**31)), settings)
            mask = mask | added
        return pixels, mask

    def _vary(self, chance: np.random.Generator, pixels: Pixels, mask: Mask | None) -> tuple[Pixels, Mask]:
        self._augment.set_random_seed(int(chance.integers(2**31)))
        known = np.zeros(pixels.shape[:2], np.uint8) if mask is None else mask.astype(np.uint8)
        varied = self._augment(image=pixels, mask=known)
        return np.ascontiguousarray(varied["image"]), np.ascontiguousarray(varied["mask"]).astype(np.bool_)


def validation_pictures(recipe: DetectorRecipe, clean: Sequence[CleanPhoto]) -> list[tuple[Pixels, Mask]]:
    """Synthetic pictures `uint8 S×S×3` with their masks `bool S×S`; the same ones for the same recipe."""
    defects = replace(recipe.defects, textures=recipe.validation_textures)
    pictures = []
    for index in range(recipe.validation_pictures):
        chance = np.random.default_rng((recipe.seed, _VALIDATION_EPOCH, index))
        pixels, _ = _crop(chance, clean[index % len(clean)].load(), None, recipe.size, _CLEAN_SCALES)
        damaged, mask, _ = age_and_damage(pixels, int(chance.integers(2**31)), defects)
        pictures.append((damaged, mask))
    return pictures


def as_tensors(pixels: Pixels, mask: Mask) -> tuple[torch.Tensor, torch.Tensor]:
    """`float32 3×H×W` in [0, 1] and `float32 1×H×W`, 1 = defect."""
    photo = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255
    return photo, torch.from_numpy(mask[None].astype(np.float32))


def _load(example: TrainingExample) -> tuple[Pixels, Mask]:
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


def _crop(
    chance: np.random.Generator, pixels: Pixels, mask: Mask | None, size: int, scales: tuple[float, float]
) -> tuple[Pixels, Mask | None]:
    """A square of the photo scaled to `size`; with a mask it mostly holds a defect. Small photos are enlarged."""
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


def _share(wanted: float, has_examples: bool, has_clean: bool) -> float:
    """Without annotations everything is synthetic; without clean photos nothing is."""
    if not has_examples:
        return 1.0
    return wanted if has_clean else 0.0


def _augmentation() -> Any:
    stay_quiet()
    import albumentations

    return albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.VerticalFlip(p=0.2),
            albumentations.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.25, p=0.6),
        ]
    )
