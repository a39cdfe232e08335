"""Validation within an inpainter's training: PSNR and SSIM by share of holes, beside a classical fill."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from torch import nn

from inference.arrays import Mask, Pixels
from inference.inpainter import Inpainter
from inference.names import ModelName
from inference.networks.inpainter import InpainterNetwork
from trainer.errors import Stopped
from trainer.inpainting.irregular import BINS, bin_name, mask_for
from trainer.inpainting.recipe import InpainterRecipe
from trainer.learning.clean import CleanPhoto
from trainer.learning.cropping import VALIDATION_EPOCH
from trainer.learning.learner import Validation
from trainer.measuring.fills import psnr, ssim
from trainer.measuring.overlays import side_by_side

_RADIUS = 3
_SIDE = 256
"""Pixels of what is judged of a photo, whatever the size of training pictures: holes are as wide as in use."""


@dataclass(frozen=True)
class JudgedPicture:
    """The middle of a clean photo, and a mask over it."""

    group: str
    """The bin of its share of holes, such as `10-20`."""
    pixels: Pixels
    mask: Mask

    @property
    def classical(self) -> float:
        """PSNR of OpenCV's Navier–Stokes fill, dB."""
        filled = cv2.inpaint(self.pixels, self.mask.astype(np.uint8), _RADIUS, cv2.INPAINT_NS)
        return psnr(np.asarray(filled, np.uint8), self.pixels)


def judged_pictures(recipe: InpainterRecipe, clean: Sequence[CleanPhoto]) -> list[JudgedPicture]:
    """`validation_pictures` of them, the same ones for the same recipe.

    Bin after bin comes in turn and photo after photo; in the end every photo is seen in every bin.
    """
    judged = []
    for index in range(recipe.validation_pictures):
        chance = np.random.default_rng((recipe.seed, VALIDATION_EPOCH, index))
        pixels = _middle(clean[_photo_of(index, len(clean), recipe.validation_pictures)].load(), _SIDE)
        part = BINS[index % len(BINS)]
        judged.append(JudgedPicture(bin_name(part), pixels, mask_for(chance, pixels.shape[0], pixels.shape[1], part)))
    return judged


def _photo_of(index: int, photos: int, pictures: int) -> int:
    """Which photo picture `index` shows: some from all over the list, or each in turn, shifted whenever the turns of
    photos and bins meet."""
    if pictures < photos:
        return index * photos // pictures
    return (index + index // math.lcm(photos, len(BINS))) % photos


def references(judged: Sequence[JudgedPicture]) -> dict[str, float]:
    """PSNR of the classical fill by bin: what to beat."""
    found: dict[str, list[float]] = {}
    for picture in judged:
        found.setdefault(picture.group, []).append(picture.classical)
    return {f"{group}/psnr_navier_stokes": float(np.mean(values)) for group, values in sorted(found.items())}


def validate(
    network: nn.Module,
    device: str,
    judged: Sequence[JudgedPicture],
    largest_hole: int,
    should_stop: Callable[[], bool],
) -> Validation:
    """Fill holes in clean photos as in use. The score is the mean of the bins' PSNR; raises Stopped when asked to."""
    assert isinstance(network, InpainterNetwork)
    inpainter = Inpainter(network, largest_hole, ModelName("inpainter", "in training", "file"), device=device)
    measured: dict[str, list[tuple[float, float]]] = {}
    columns: dict[str, Pixels] = {}
    for picture in judged:
        if should_stop():
            raise Stopped("The training was asked to stop while it validated.")
        filled = np.asarray(inpainter.filled(picture.pixels, picture.mask), np.uint8)
        measured.setdefault(picture.group, []).append(
            (psnr(filled, picture.pixels), ssim(filled, picture.pixels, picture.mask)[0])
        )
        columns.setdefault(picture.group, _column(picture, filled))
    figures: dict[str, float] = {}
    for group, found in sorted(measured.items()):
        figures[f"{group}/psnr"], figures[f"{group}/ssim"] = (float(value) for value in np.mean(found, axis=0))
    score = float(np.mean([figures[f"{group}/psnr"] for group in measured]))
    samples = {"samples": side_by_side([columns[group] for group in sorted(columns)])}
    return Validation({**figures, "psnr": score}, score, samples, {"largest_hole": largest_hole})


def _middle(pixels: Pixels, side: int) -> Pixels:
    height, width = pixels.shape[:2]
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])


def _column(picture: JudgedPicture, filled: Pixels) -> Pixels:
    """The photo with its holes, filled, and as it was, above each other, each on a square."""
    holed = picture.pixels.copy()
    holed[picture.mask] = 255
    return np.concatenate([_on_square(pixels) for pixels in (holed, filled, picture.pixels)])


def _on_square(pixels: Pixels) -> Pixels:
    below, right = (_SIDE - side for side in pixels.shape[:2])
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), constant_values=255)
