"""Validation within a colorizer's training, beside leaving the photos grey and giving all of them one colour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from torch import nn

from inference.arrays import Field, Pixels
from inference.colorizer import Colorizer
from inference.colour import luma_of, quantised, to_rgb
from inference.names import ModelName
from inference.networks.colorizer import ColorizerNetwork
from inference.thumbnails import shrunk
from trainer.colouring.dataset import is_portrait
from trainer.errors import Stopped
from trainer.learning.clean import CleanPhoto
from trainer.learning.learner import Validation
from trainer.measuring.colours import ColourFigures, mean_chroma, measure, one_colour, together
from trainer.measuring.overlays import side_by_side

GROUPS = ("general", "portraits")
SCALES = tuple(round(0.7 + 0.05 * step, 2) for step in range(11))
"""Those tried for chroma."""
LEAST_COLOURFULNESS = 0.5
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
    fair = max((most + 1) // 2, most - min(len(group) for group in groups.values()))
    judged: list[JudgedPhoto] = []
    for name, group in groups.items():
        count = min(len(group), fair, most - len(judged))
        chosen = [group[place * len(group) // count] for place in range(count)]
        judged += [JudgedPhoto(name, shrunk(photo.load(), side)) for photo in chosen]
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


def validate(
    network: nn.Module,
    device: str,
    judged: Sequence[JudgedPhoto],
    side: int,
    should_stop: Callable[[], bool],
) -> Validation:
    """Colour the grey versions of clean photos and compare with their colours; groups apart.

    Chroma is scaled by what is best for these photos, as `best_scale` says. The score is the mean of the groups' ΔE00,
    negative, less 1 for every hundredth of the true colour that a group is short of half: a pale epoch is no good one.
    Raises Stopped as soon as `should_stop` says so.
    """
    assert isinstance(network, ColorizerNetwork)
    colorizer = Colorizer(network, side, ModelName("colorizer", "in training", "file"), device=device)
    chromas = []
    for photo in judged:
        if should_stop():
            raise Stopped("The training was asked to stop while it validated.")
        chromas.append(colorizer.chroma(luma_of(photo.pixels)))
    scale, figures = best_scale(judged, chromas)
    shown: dict[str, list[Pixels]] = {}
    for photo, chroma in zip(judged, chromas, strict=True):
        columns = shown.setdefault(photo.group, [])
        if len(columns) < _SHOWN:
            columns.append(_column(photo.pixels, _coloured(photo, chroma, scale)))
    samples = {f"{group} samples": side_by_side(columns) for group, columns in shown.items()}
    return Validation(figures, score_of(figures), samples, {"side": side, "chroma_scale": scale})


def best_scale(judged: Sequence[JudgedPhoto], chromas: Sequence[Field]) -> tuple[float, dict[str, float]]:
    """By how much to multiply chroma `h×w×2`, and each group's figures then.

    Of what leaves at least half of the true colour in every group, that with the smallest mean of the groups' ΔE00:
    networks are surer of themselves on photos they have seen than they may be on others, but grey is no answer. Where
    nothing leaves half, the one that leaves most.
    """
    found = {scale: _figures(judged, chromas, scale) for scale in SCALES}
    full = [scale for scale in SCALES if _least_colour(found[scale]) >= LEAST_COLOURFULNESS]
    best = min(full, key=lambda scale: _difference(found[scale])) if full else SCALES[-1]
    return best, found[best]


def score_of(figures: dict[str, float]) -> float:
    """What decides which epoch is kept, of the groups' figures: the higher the better."""
    return -_difference(figures) - 100 * max(0.0, LEAST_COLOURFULNESS - _least_colour(figures))


def _figures(judged: Sequence[JudgedPhoto], chromas: Sequence[Field], scale: float) -> dict[str, float]:
    measured: dict[str, list[ColourFigures]] = {}
    for photo, chroma in zip(judged, chromas, strict=True):
        measured.setdefault(photo.group, []).append(measure(_coloured(photo, chroma, scale), photo.pixels))
    return {f"{group}/{key}": value for group, found in measured.items() for key, value in together(found).items()}


def _coloured(photo: JudgedPhoto, chroma: Field, scale: float) -> Pixels:
    rgb = to_rgb(luma_of(photo.pixels), chroma * np.float32(scale))
    return np.asarray(quantised(rgb, photo.pixels.dtype), np.uint8)


def _difference(figures: dict[str, float]) -> float:
    return float(np.mean([value for key, value in figures.items() if key.endswith("/ciede2000")]))


def _least_colour(figures: dict[str, float]) -> float:
    return min(value for key, value in figures.items() if key.endswith("/colourfulness"))


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
