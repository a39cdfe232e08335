"""Validation within a colorizer's training, beside leaving the photos grey and giving all of them one colour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from torch import nn

from inference.colorizer import Colorizer
from inference.colour import Field, luma_of, quantised, to_rgb
from inference.names import ModelName
from inference.networks.colorizer import ColorizerNetwork
from trainer.clean import CleanPhoto
from trainer.colouring.dataset import is_portrait
from trainer.colouring.measures import ColourFigures, mean_chroma, measure, together
from trainer.errors import Stopped
from trainer.learner import Validation
from trainer.overlays import side_by_side

Pixels = npt.NDArray[np.uint8]
GROUPS = ("general", "portraits")
_SHOWN = 8
_SHOWN_SIDE = 192


@dataclass(frozen=True)
class JudgedPhoto:
    """A clean photo of validation, no larger than the network sees it."""

    group: str
    pixels: Pixels


def judged_photos(photos: Sequence[CleanPhoto], portraits: Sequence[str], most: int, side: int) -> list[JudgedPhoto]:
    """At most `most` photos, evenly chosen, as many portraits as others where there are enough of both."""
    groups = {name: [photo for photo in photos if (name == "portraits") == is_portrait(photo, portraits)]
              for name in GROUPS}  # fmt: skip
    fair = max(most // 2, most - min(len(group) for group in groups.values()))
    judged: list[JudgedPhoto] = []
    for name, group in groups.items():
        count = min(len(group), fair, most - len(judged))
        chosen = [group[place * len(group) // count] for place in range(count)]
        judged += [JudgedPhoto(name, _at_most(photo.load(), side)) for photo in chosen]
    return judged


def references(judged: Sequence[JudgedPhoto]) -> dict[str, float]:
    """Figures of leaving the photos grey, and of giving all of a group their own mean chroma: what to beat."""
    figures: dict[str, float] = {}
    for group, photos in _grouped(judged).items():
        mean = mean_chroma(photo.pixels for photo in photos)
        for name, chroma in (("grey", np.zeros(2, np.float32)), ("mean_colour", mean)):
            measured = [measure(one_colour(photo.pixels, chroma), photo.pixels) for photo in photos]
            figures |= {f"{group}/{name}_{key}": value for key, value in together(measured).items()}
    return figures


def one_colour(pixels: Pixels, chroma: Field) -> Pixels:
    """The photo's luma with the same chroma `float32 2` everywhere."""
    luma = luma_of(pixels)
    return np.asarray(quantised(to_rgb(luma, np.broadcast_to(chroma, (*luma.shape, 2))), pixels.dtype), np.uint8)


def validate(
    network: nn.Module,
    device: str,
    judged: Sequence[JudgedPhoto],
    side: int,
    should_stop: Callable[[], bool],
) -> Validation:
    """Colour the grey versions of clean photos and compare with their colours; groups apart.

    The score is the mean of the groups' ΔE00, negative. Raises Stopped as soon as `should_stop` says so.
    """
    assert isinstance(network, ColorizerNetwork)
    name = ModelName("colorizer", "in training", "file")
    colorizer = Colorizer(network, side, name, device=device)
    measured: dict[str, list[ColourFigures]] = {}
    shown: dict[str, list[Pixels]] = {}
    for photo in judged:
        if should_stop():
            raise Stopped("The training was asked to stop while it validated.")
        luma = luma_of(photo.pixels)
        coloured = np.asarray(quantised(to_rgb(luma, colorizer.chroma(luma)), photo.pixels.dtype), np.uint8)
        measured.setdefault(photo.group, []).append(measure(coloured, photo.pixels))
        columns = shown.setdefault(photo.group, [])
        if len(columns) < _SHOWN:
            columns.append(_column(photo.pixels, coloured))
    figures = {
        f"{group}/{key}": value for group, found in measured.items() for key, value in together(found).items()
    }  # fmt: skip
    score = -float(np.mean([figures[f"{group}/ciede2000"] for group in measured]))
    samples = {f"{group} samples": side_by_side(columns) for group, columns in shown.items()}
    return Validation(figures, score, samples, {"side": side})


def _grouped(judged: Sequence[JudgedPhoto]) -> dict[str, list[JudgedPhoto]]:
    groups: dict[str, list[JudgedPhoto]] = {}
    for photo in judged:
        groups.setdefault(photo.group, []).append(photo)
    return groups


def _column(true: Pixels, coloured: Pixels) -> Pixels:
    """Grey, coloured and true above each other, each a square."""
    grey = one_colour(true, np.zeros(2, np.float32))
    return np.concatenate([_square(pixels) for pixels in (grey, coloured, true)])


def _square(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = pixels[top : top + side, left : left + side]
    return np.asarray(cv2.resize(middle, (_SHOWN_SIDE, _SHOWN_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _at_most(pixels: Pixels, side: int) -> Pixels:
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
