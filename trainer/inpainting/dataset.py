"""Training pictures of an inpainter: crops of clean photos, some grey, and the holes to fill in them.

Picture `index` of epoch `epoch` depends on nothing but the recipe, these two numbers and the photos.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from trainer.errors import TrainerError
from trainer.inpainting.masks import MaskSource
from trainer.inpainting.recipe import InpainterRecipe
from trainer.learning.clean import CleanPhoto
from trainer.learning.cropping import as_tensors, augmentation, crop
from trainer.learning.examples import TrainingExample

_SCALES = (0.7, 1.2)
_GREY = 0.3
"""Share of pictures without colours: most old prints have none."""


class InpainterDataset(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """A photo `float32 3×S×S` in [0, 1], whole, and what of it is known, `float32 1×S×S`, 1 = clean."""

    def __init__(
        self, recipe: InpainterRecipe, examples: Sequence[TrainingExample], clean: Sequence[CleanPhoto]
    ) -> None:
        """`examples` give masks only: there is no truth below an annotated defect."""
        if not clean:
            raise TrainerError("There is nothing to train on: an inpainter needs clean photos. Name folders in photos.")
        self.recipe = recipe
        self.epoch = 0
        self._clean = list(clean)
        self._masks = MaskSource(recipe, examples)
        self._augment = augmentation()

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        chance = np.random.default_rng((self.recipe.seed, self.epoch, index))
        photo = self._clean[int(chance.integers(len(self._clean)))]
        pixels, _ = crop(chance, photo.load(), None, self.recipe.size, _SCALES)
        self._augment.set_random_seed(int(chance.integers(2**31)))
        pixels = np.ascontiguousarray(self._augment(image=pixels)["image"])
        if chance.random() < _GREY:
            pixels = np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
        return as_tensors(pixels, ~self._masks.draw(chance))
