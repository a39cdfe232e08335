"""Training pictures: crops of annotated photos, and clean photos with synthetic defects.

Picture `index` of epoch `epoch` depends on nothing but the recipe, these two numbers and the photos: not on the worker
that makes it, nor on what was made before. That is what makes a training resumable in the middle of an epoch.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import Dataset

from inference.arrays import Mask, Pixels
from trainer.defects import AgeingSettings, age_and_damage
from trainer.detecting.recipe import DetectorRecipe
from trainer.errors import TrainerError
from trainer.learning.clean import CleanPhoto
from trainer.learning.cropping import CLEAN_SCALES, VALIDATION_EPOCH, as_tensors, augmentation, crop, read_example
from trainer.learning.examples import TrainingExample

_ANNOTATED_SCALES = (0.75, 1.33)
_SCANNED_SCALES = (1.0, 3.0)
"""How much damaged photos are enlarged where the recipe wants it; beyond that a detector looks at photos smaller."""
_SCANNER_NOISE = 3.0
"""Standard deviation of the noise that such a scan has at most, of 255."""


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
        self._augment = augmentation()

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        chance = np.random.default_rng((self.recipe.seed, self.epoch, index))
        synthetic = chance.random() < self._synthetic_share
        pixels, mask = self._from_clean(chance) if synthetic else self._from_annotation(chance)
        return as_tensors(pixels, mask)

    def _from_clean(self, chance: np.random.Generator) -> tuple[Pixels, Mask]:
        photo = self._clean[int(chance.integers(len(self._clean)))]
        pixels, _ = crop(chance, photo.load(), None, self.recipe.size, CLEAN_SCALES)
        pixels, _ = self._vary(chance, pixels, None)
        damaged, mask, _ = age_and_damage(pixels, int(chance.integers(2**31)), self._defects)
        return _scanned(chance, damaged, mask, self.recipe.enlarged_share)

    def _from_annotation(self, chance: np.random.Generator) -> tuple[Pixels, Mask]:
        example = self._examples[int(chance.integers(len(self._examples)))]
        whole, whole_mask = read_example(example)
        pixels, cropped = crop(chance, whole, whole_mask, self.recipe.size, _ANNOTATED_SCALES)
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
        chance = np.random.default_rng((recipe.seed, VALIDATION_EPOCH, index))
        pixels, _ = crop(chance, clean[index % len(clean)].load(), None, recipe.size, CLEAN_SCALES)
        damaged, mask, _ = age_and_damage(pixels, int(chance.integers(2**31)), defects)
        pictures.append(_scanned(chance, damaged, mask, recipe.enlarged_share))
    return pictures


def _scanned(chance: np.random.Generator, pixels: Pixels, mask: Mask, share: float) -> tuple[Pixels, Mask]:
    """As often as `share`, a part of the damaged photo enlarged to its size: a fine scan, its defects wide and soft."""
    if chance.random() >= share:
        return pixels, mask
    pixels, cropped = crop(chance, pixels, mask, len(pixels), _SCANNED_SCALES)
    noise = chance.normal(0, chance.uniform(0, _SCANNER_NOISE), (*pixels.shape[:2], 1))
    assert cropped is not None
    return np.clip(pixels + noise, 0, 255).astype(np.uint8), cropped


def _share(wanted: float, has_examples: bool, has_clean: bool) -> float:
    """Without annotations everything is synthetic; without clean photos nothing is."""
    if not has_examples:
        return 1.0
    return wanted if has_clean else 0.0
