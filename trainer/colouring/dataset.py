"""Training pictures of a colorizer: clean colour photos, their grey made to look like an old print.

Picture `index` of epoch `epoch` depends on nothing but the recipe, these two numbers and the photos.
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from inference.arrays import Field, Pixels
from inference.colorizer import hint_map
from inference.colour import luma_of, to_luma_and_chroma
from inference.thumbnails import shrunk
from trainer.colouring.recipe import ColorizerRecipe
from trainer.colouring.surveying import colour_amount
from trainer.defects.ageing import age_print, scan
from trainer.defects.ageing_sampler import draw_ageing
from trainer.errors import TrainerError
from trainer.learning.clean import CleanPhoto

_KEPT_BYTES = 2**28
_TRIES = 50
_CLOSEST, _UNEVEN = 0.6, 1.15
"""The smallest share of a photo's sides that a picture shows, and how much more it may show of one than of the other:
nothing is stretched."""
_GAMMA = 2.2


def is_portrait(photo: CleanPhoto, folders: Sequence[str]) -> bool:
    """Whether the photo's file is below one of these folders."""
    return photo.path is not None and any(photo.path.resolve().is_relative_to(Path(each).resolve()) for each in folders)


class ColorizerDataset(Dataset[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]):
    """Luma `float32 1×S×S` in [0, 1], the chroma to be found `2×S×S` in [-0.5, 0.5], and hints `3×S×S`."""

    def __init__(self, recipe: ColorizerRecipe, photos: Sequence[CleanPhoto]) -> None:
        self.recipe = recipe
        self.epoch = 0
        groups: dict[bool, list[CleanPhoto]] = {True: [], False: []}
        for photo in photos:
            groups[is_portrait(photo, recipe.portraits)].append(photo)
        self._portraits, self._others = groups[True], groups[False]
        self._photos = list(photos)
        if recipe.portrait_share and not self._portraits:
            raise TrainerError("None of the training photos is below a folder of `portraits`; set portrait_share to 0.")
        self._kept: OrderedDict[str, tuple[Pixels, float]] = OrderedDict()

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        chance = np.random.default_rng((self.recipe.seed, self.epoch, index))
        pixels = _view(chance, self._draw(chance), self.recipe.size)
        _, chroma = to_luma_and_chroma(pixels.astype(np.float32) / np.float32(255))
        luma = luma_of(old_print(chance, pixels, self.recipe))
        hinted = chance.random() < self.recipe.hint_share
        hints = draw_hints(chance, chroma) if hinted else np.zeros((3, *luma.shape), np.float32)
        planes = (luma[None], chroma.transpose(2, 0, 1), hints)
        luma_plane, chroma_planes, hint_planes = (torch.from_numpy(_squared(each, self.recipe.size)) for each in planes)
        return luma_plane, chroma_planes, hint_planes

    def _draw(self, chance: np.random.Generator) -> Pixels:
        """A photo with colour in it; those without are passed over."""
        for _ in range(_TRIES):
            photos = self._photos
            if self.recipe.portrait_share:
                photos = self._portraits if chance.random() < self.recipe.portrait_share else self._others
            photo = (photos or self._photos)[int(chance.integers(len(photos or self._photos)))]
            pixels, colour = self._read(photo)
            if colour >= self.recipe.least_colour:
                return pixels
        raise TrainerError(
            f"Of {_TRIES} training photos none has colour (least_colour is {self.recipe.least_colour}). "
            "A colorizer learns from colour photos: name folders of them in photos."
        )

    def _read(self, photo: CleanPhoto) -> tuple[Pixels, float]:
        """The photo no larger than pictures need, and how much colour it has; those used last stay in memory."""
        key = str(photo.path or photo.name)
        if key not in self._kept:
            pixels = shrunk(photo.load(), 2 * self.recipe.size)
            self._kept[key] = pixels, colour_amount(pixels)
            while len(self._kept) > 1 and sum(kept.nbytes for kept, _ in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def old_print(chance: np.random.Generator, pixels: Pixels, recipe: ColorizerRecipe) -> Pixels:
    """A colour photo `uint8 H×W×3` as an old print of it would look after scanning: grey or toned, same shape."""
    grey = film(chance, pixels, recipe.orthochromatic)
    ageing = draw_ageing(chance, recipe.ageing)
    aged = age_print(np.repeat(grey[..., None], 3, axis=2), ageing)
    return scan(aged, ageing)


def film(chance: np.random.Generator, pixels: Pixels, orthochromatic: float) -> Pixels:
    """How film saw the colours, `uint8 H×W`: a mix of red, green and blue light.

    Orthochromatic film, that of the first half of the 20th century, is blind to red and likes blue: lips and skin come
    out dark and skies white. Panchromatic film is near the eye's own mix. Light is mixed, not its gamma-coded levels.
    """
    if chance.random() < orthochromatic:
        shares = np.array([chance.uniform(0.0, 0.12), 1.0, chance.uniform(0.5, 1.3)])
    else:
        shares = np.array([0.299, 0.587, 0.114]) * chance.uniform(0.7, 1.4, 3)
    shares /= shares.sum()
    table = np.power(np.arange(256, dtype=np.float32) / 255, np.float32(_GAMMA))
    light = cv2.LUT(pixels, table) @ shares.astype(np.float32)
    return np.asarray(np.rint(255 * np.power(light, 1 / _GAMMA)), dtype=np.uint8)


def draw_hints(chance: np.random.Generator, chroma: Field) -> Field:
    """Hints as a person would give them, `float32 3×H×W`: a few squares with the mean of the true chroma in them."""
    height, width = chroma.shape[:2]
    count, radius = int(chance.geometric(0.25)), int(chance.integers(1, 4))
    places = [(int(chance.integers(height)), int(chance.integers(width))) for _ in range(count)]
    means = [
        chroma[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1].mean((0, 1))
        for row, column in places
    ]
    return hint_map((height, width), places, np.asarray(means, np.float32), radius)


def _view(chance: np.random.Generator, pixels: Pixels, size: int) -> Pixels:
    """Most of the photo, its longer side `size`, perhaps mirrored; of one side a little more than of the other."""
    uneven = np.sqrt(np.exp(chance.uniform(-1, 1) * np.log(_UNEVEN)))
    parts = chance.uniform(_CLOSEST, 1) * np.array([uneven, 1 / uneven])
    (height, width), shape = (max(1, round(each)) for each in np.minimum(parts, 1) * pixels.shape[:2]), pixels.shape
    top, left = int(chance.integers(shape[0] - height + 1)), int(chance.integers(shape[1] - width + 1))
    window = pixels[top : top + height, left : left + width]
    scale = size / max(height, width)
    wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    view = np.asarray(cv2.resize(window, wanted, interpolation=way), dtype=np.uint8)
    return np.ascontiguousarray(view[:, ::-1]) if chance.random() < 0.5 else view


def _squared(planes: Field, size: int) -> Field:
    """`C×H×W` continued to the right and below by repeating its border, as the network does in use: `C×S×S`."""
    below, right = size - planes.shape[1], size - planes.shape[2]
    return np.ascontiguousarray(np.pad(planes, ((0, 0), (0, below), (0, right)), mode="edge"))
