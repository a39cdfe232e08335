"""What colours the training photos of a colorizer have, and which have too little to be trained on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.arrays import Pixels
from inference.colour import to_luma_and_chroma
from inference.thumbnails import shrunk
from trainer.errors import TrainerError
from trainer.learning.clean import CleanPhoto

BINS = 64
_SURVEYED = 600
_DULL_SIDE = 64
"""Longer side at which a photo's colour is measured, pixels."""


@dataclass(frozen=True)
class Survey:
    """What colours the training photos have."""

    histogram: npt.NDArray[np.float64]
    """Share of pixels in each of BINS×BINS squares of Cb and Cr from -0.5 to 0.5."""
    looked_at: int
    dull: int
    """Of those looked at, how many have too little colour to be trained on."""


def survey(photos: Sequence[CleanPhoto], least_colour: float) -> Survey:
    """Look at the colours of up to 600 photos, evenly chosen. Raises TrainerError when none has colour."""
    every = max(1, math.ceil(len(photos) / _SURVEYED))
    counts, dull, chosen = np.zeros((BINS, BINS)), 0, photos[::every]
    for photo in chosen:
        pixels = shrunk(photo.load(), _DULL_SIDE)
        if colour_amount(pixels) < least_colour:
            dull += 1
            continue
        _, chroma = to_luma_and_chroma(pixels.astype(np.float32) / np.float32(255))
        places = np.clip(((chroma + 0.5) * BINS).astype(np.intp), 0, BINS - 1)
        flat = np.bincount((places[..., 0] * BINS + places[..., 1]).ravel(), minlength=BINS * BINS)
        counts += flat.reshape(BINS, BINS) / flat.sum()
    if dull == len(chosen):
        raise TrainerError("The training photos have no colour. Name folders of colour photos in photos.")
    return Survey(counts / counts.sum(), len(chosen), dull)


def colour_amount(pixels: Pixels) -> float:
    """The mean of |Cb| + |Cr| of `uint8 H×W×3` RGB, each up to 0.5; 0 for a grey photo."""
    small = shrunk(pixels, _DULL_SIDE)
    _, chroma = to_luma_and_chroma(small.astype(np.float32) / np.float32(255))
    return float(np.abs(chroma).sum(axis=2).mean())
