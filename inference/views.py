"""One picture seen several times by a network: as it is, in the mirror, a little larger and a little smaller."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import interpolate, pad

from inference.tiles import GRID


@dataclass(frozen=True)
class View:
    """A way to see a picture."""

    times: float
    """How many times as high and as wide, above 0."""
    mirrored: bool
    """Left and right exchanged."""


ONCE = (View(1.0, False),)
"""The picture as it is."""
IN_MIRROR = (*ONCE, View(1.0, True))
"""The picture and its mirror image, as published."""
IN_THREE_SIZES = tuple(
    View(times, mirrored) for times in (1.0, math.sqrt(2), math.sqrt(0.5)) for mirrored in (False, True)
)
"""The picture and its mirror image in their own size, with twice and with half as many pixels."""

VIEWS = {1: IN_MIRROR, 3: IN_THREE_SIZES}
"""The views of detectors by the number of sizes that they were calibrated for."""


def seen(network: Callable[[torch.Tensor], torch.Tensor], pictures: torch.Tensor, view: View) -> torch.Tensor:
    """What `network` says of pictures in one view, laid over them: float32 N×h×w in [0, 1].

    `pictures` are float32 N×3×h×w in [0, 1]; `network` takes such with sides that are multiples of GRID and returns
    logits N×1×h×w. A picture is continued to such sides by repeating its border.
    """
    own = pictures.shape[2:]
    height, width = (round(view.times * side) for side in own)
    changed = pictures if view.times == 1 else _resized(pictures, (height, width), "bicubic").clamp(0, 1)
    changed = changed.flip(3) if view.mirrored else changed
    changed = pad(changed, (0, -width % GRID, 0, -height % GRID), mode="replicate")
    probability = torch.sigmoid(network(changed))[:, :, :height, :width]
    probability = probability.flip(3) if view.mirrored else probability
    return (probability if view.times == 1 else _resized(probability, own, "bilinear"))[:, 0]


def _resized(pictures: torch.Tensor, size: tuple[int, ...], mode: str) -> torch.Tensor:
    return interpolate(pictures, size, mode=mode, align_corners=False, antialias=True)
