"""Holes to train on: free strokes, synthetic defects of every kind, and masks that people drew."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inference.arrays import Mask
from inference.holes import distance_of
from trainer.defects.render import touched, visible_change
from trainer.defects.sampler import draw_layers
from trainer.defects.settings import DefectSettings
from trainer.inpainting.irregular import irregular_mask
from trainer.inpainting.recipe import InpainterRecipe
from trainer.learning.cropping import crop, read_example
from trainer.learning.examples import TrainingExample

_FEWEST = 16
"""Pixels that a training mask covers at least."""
_TRIES = 8
_ZOOM = (1.0, 2.5)
"""Strokes are drawn as for a photo this many times as large, of which the training picture is a part."""
_ANNOTATED_SCALES = (0.75, 1.33)
_LEAST = 0.01
"""Share of a photo that strokes cover at least, where as much is allowed."""


class MaskSource:
    """Draws training masks as a recipe says, the same ones for the same chance."""

    def __init__(self, recipe: InpainterRecipe, examples: Sequence[TrainingExample]) -> None:
        self._recipe = recipe
        self._examples = list(examples)
        self._defects = replace(recipe.defects, textures=recipe.textures, lookalikes=0.0, intact=0.0)

    def draw(self, chance: np.random.Generator) -> Mask:
        """A mask `bool S×S`, true = hole, with some hole and something known in it."""
        side = self._recipe.size
        for _ in range(_TRIES):
            mask = limited(self._any(chance), self._recipe.largest_hole)
            if _FEWEST <= np.count_nonzero(mask) <= 0.95 * mask.size:
                return mask
        return limited(irregular_mask(chance, side, side, 0.1), self._recipe.largest_hole)

    def _any(self, chance: np.random.Generator) -> Mask:
        kind = chance.random()
        if kind < self._recipe.irregular_share:
            return _strokes(chance, self._recipe.size, self._recipe.most_covered)
        if self._examples and kind < self._recipe.irregular_share + self._recipe.annotated_share:
            pixels, whole = read_example(self._examples[int(chance.integers(len(self._examples)))])
            _, mask = crop(chance, pixels, whole, self._recipe.size, _ANNOTATED_SCALES)
            assert mask is not None
            return mask
        return defect_mask(int(chance.integers(2**31)), self._recipe.size, self._defects)


def defect_mask(seed: int, side: int, settings: DefectSettings) -> Mask:
    """The mask `bool S×S` of synthetic defects as they would be seen on a flat ground, true = defect."""
    drawn = draw_layers(seed, side, side, settings)
    mask = np.zeros((side, side), np.bool_)
    visible = visible_change(drawn.record.ageing)
    for layer in drawn.layers:
        mask[layer.window.slices] |= touched(layer, visible)
    return mask


def limited(mask: Mask, largest: int) -> Mask:
    """The mask without what lies so deep in a hole that a disc wider than `largest` pixels fits around it."""
    return np.asarray(mask & (distance_of(mask) <= largest / 2), np.bool_)


def _strokes(chance: np.random.Generator, side: int, most: float) -> Mask:
    whole = round(side * chance.uniform(*_ZOOM))
    mask = irregular_mask(chance, whole, whole, chance.uniform(min(_LEAST, most), most))
    top, left = (int(chance.integers(whole - side + 1)) for _ in range(2))
    return np.ascontiguousarray(mask[top : top + side, left : left + side])
