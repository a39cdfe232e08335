"""The colorizer in use: a grey photo in, the same photo in colour out, its luma untouched."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.arrays import Array, Field
from inference.colour import GuidedChroma, luma_of, quantised, to_luma_and_chroma, to_rgb
from inference.devices import chosen_device, fast_precision
from inference.errors import UsageProblem, not_finite
from inference.loading import load_network
from inference.methods import MOST_SATURATION
from inference.names import ModelName
from inference.networks.colorizer import ColorizerArchitecture, ColorizerNetwork, build_colorizer
from inference.networks.hinted import HINT_CHANNELS
from inference.networks.lean import fold_norms
from inference.photo import Photo
from inference.thumbnails import shrunk

LARGEST_SIDE = 512
HINT_RADIUS = 2
"""A hint is a square of this many pixels to each side of its point, of the picture that the network sees."""
_BAND_PIXELS = 2**20


@dataclass(frozen=True)
class Hint:
    """A colour that a person gave: at this row and column of the photo (upright, from 0), RGB from 0 to 255."""

    row: int
    column: int
    red: int
    green: int
    blue: int

    def __post_init__(self) -> None:
        if not all(0 <= level <= 255 for level in (self.red, self.green, self.blue)):
            raise UsageProblem(f"A hint's red, green and blue are from 0 to 255, not {self.rgb}.")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Its colour."""
        return self.red, self.green, self.blue


class Colorizer:
    """A colorizer network with the size of picture it was trained on and the name it goes by in results."""

    def __init__(
        self, network: ColorizerNetwork, side: int, name: ModelName, *, scale: float = 1.0, device: str | None = None
    ) -> None:  # fmt: skip
        """Use `network` on `device`; without one, a GPU where there is.

        Photos are shown to it with their longer side shrunk to `side` pixels, 16 to 512; smaller ones as they are.
        Its chroma is multiplied by `scale`, above 0 and up to 4, for which it was calibrated. Raises UsageProblem for
        another side or scale.
        """
        if not 16 <= side <= LARGEST_SIDE:
            raise UsageProblem(f"A colorizer sees photos of 16 to {LARGEST_SIDE} pixels, not {side}.")
        if not 0 < scale <= MOST_SATURATION:
            raise UsageProblem(
                f"A colorizer's chroma is scaled by more than 0 and up to {MOST_SATURATION:g}, not {scale}."
            )
        self.name = name
        self.side = side
        self.scale = scale
        self._device = chosen_device(device)
        self._network = network.eval().to(self._device).to(memory_format=torch.channels_last)

    @classmethod
    def load(
        cls, path: Path | None = None, *, name: ModelName | None = None, threads: int | None = None,
        device: str | None = None,
    ) -> "Colorizer":  # fmt: skip
        """Load a checkpoint file, or the shipped colorizer when `path` is None.

        `name` is what results call it (by default the file's name and hash); `threads` sets torch's threads for the
        whole process. Raises CheckpointError naming the file and the remedy.
        """
        network, (side, scale), called = load_network(
            "colorizer",
            path,
            name,
            build=lambda described: build_colorizer(ColorizerArchitecture.from_dict(described)),
            read=lambda settings: (int(settings["side"]), float(settings.get("chroma_scale", 1.0))),
        )
        if threads is not None:
            torch.set_num_threads(threads)
        fold_norms(network)
        return cls(network, side, called, scale=scale, device=device)

    def colour(
        self, photo: Photo, source: Array | None = None, *, saturation: float = 1.0, hints: Sequence[Hint] = (),
        progress: Callable[[float], None] | None = None,
    ) -> Array:  # fmt: skip
        """The photo in colour: RGB `H×W×3` in the depth of the source, its luma within one level of the photo's.

        `source` is another picture of the same photo to colour instead of its own, such as the filled one: uint8 or
        uint16, H×W or H×W×C. Alpha is left out, and colours that the source has are not kept: it is coloured from its
        luma. Chroma is multiplied by `saturation` (0 to 4) before what leaves the RGB cube is scaled towards grey.
        `hints` give colours at points of the photo. Beside the result, memory does not grow with the photo: it is made
        in bands of rows. `progress` gets the share done. Raises UsageProblem for a source of another size, an
        impossible saturation, a hint outside the photo, or hints for a network without.
        """
        samples = photo.source if source is None else source
        self._check(photo, samples, saturation, hints)
        height, width = photo.size
        small = shrunk(samples, self.side)
        small_luma = luma_of(small)
        chroma = self.chroma(small_luma, _hint_map(hints, photo.size, small_luma.shape))
        guided = GuidedChroma.fitted(small_luma, chroma, height)
        coloured = np.empty((height, width, 3), samples.dtype)
        rows = max(1, _BAND_PIXELS // width)
        for top in range(0, height, rows):
            luma = luma_of(samples[top : top + rows])
            band = guided.rows(top, luma) * np.float32(saturation)
            coloured[top : top + rows] = quantised(to_rgb(luma, band), samples.dtype)
            if progress:
                progress(min(1.0, (top + rows) / height))
        return coloured

    @torch.inference_mode()
    def chroma(self, luma: Field, hints: Field | None = None) -> Field:
        """What the network answers to luma `float32 H×W` in [0, 1]: Cb, Cr, scaled, `float32 H×W×2` in [-0.5, 0.5].

        `hints` are `float32 3×H×W` as the network takes them.
        """
        picture = torch.from_numpy(np.ascontiguousarray(luma))[None, None].to(self._device)
        points = None if hints is None else torch.from_numpy(hints)[None].to(self._device)
        with fast_precision(self._device.type):
            answer = self._network(picture, points)
        chroma: NDArray[np.float32] = answer[0].permute(1, 2, 0).float().cpu().numpy()
        if not np.isfinite(chroma).all():
            raise not_finite(self.name)
        scaled = np.ascontiguousarray(chroma) * np.float32(self.scale)
        return np.clip(scaled, -0.5, 0.5, out=scaled)

    def _check(self, photo: Photo, samples: Array, saturation: float, hints: Sequence[Hint]) -> None:
        height, width = photo.size
        if samples.shape[:2] != (height, width) or samples.dtype not in (np.uint8, np.uint16):
            raise UsageProblem(
                f"{photo.name} is uint8 or uint16 of {width}×{height} pixels; a source that is {samples.dtype} "
                f"{samples.shape} is not of this photo."
            )
        if not (math.isfinite(saturation) and 0 <= saturation <= MOST_SATURATION):
            raise UsageProblem(f"Saturation is from 0 to {MOST_SATURATION:g}, not {saturation}.")
        if hints and not self._network.hints:
            raise UsageProblem(f"{self.name} takes no hints; use a colorizer that was trained with hints: true.")
        for hint in hints:
            if not (0 <= hint.row < height and 0 <= hint.column < width):
                raise UsageProblem(
                    f"{photo.name} has {width}×{height} pixels; a hint at row {hint.row}, column {hint.column} is "
                    "outside."
                )


def hint_map(shape: tuple[int, ...], places: Sequence[tuple[int, int]], chroma: Field, radius: int) -> Field:
    """Hints as the network takes them, `float32 3×H×W`: squares of chroma `n×2` at n places (row, column), with where.

    The first of two that overlap lies on top.
    """
    points = np.zeros((HINT_CHANNELS, *shape[:2]), np.float32)
    for (row, column), colour in reversed(list(zip(places, chroma, strict=True))):
        window = np.s_[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1]
        points[(slice(0, 2), *window)] = colour[:, None, None]
        points[(2, *window)] = 1
    return points


def _hint_map(hints: Sequence[Hint], size: tuple[int, int], shape: tuple[int, ...]) -> Field | None:
    if not hints:
        return None
    scale = (shape[0] / size[0], shape[1] / size[1])
    places = [(int((hint.row + 0.5) * scale[0]), int((hint.column + 0.5) * scale[1])) for hint in hints]
    colours = np.array([hint.rgb for hint in hints], np.float32) / np.float32(255)
    _, chroma = to_luma_and_chroma(colours)
    return hint_map(shape, places, chroma, HINT_RADIUS)
