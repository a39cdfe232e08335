"""Luma and chroma (BT.601, full range), colours kept inside the RGB cube, and chroma enlarged along a photo's edges."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inference.arrays import Array, Field
from inference.errors import InferenceError

RED, GREEN, BLUE = 0.299, 0.587, 0.114
"""Shares of luma."""
_CB, _CR = 2 * (1 - BLUE), 2 * (1 - RED)
_RADIUS = 1
_SMOOTHNESS = 1e-2
"""Variance of luma from which on chroma follows it: a step of 0.2. Grain is far below."""


def luma_of(samples: Array) -> Field:
    """Luma `float32 H×W` in [0, 1] of uint8 or uint16 samples: H×W, or H×W×C with C of 2 (grey and alpha), 3 or 4."""
    scale = np.float32(1 / np.iinfo(samples.dtype).max)
    if samples.ndim == 2:
        return samples.astype(np.float32) * scale
    if samples.shape[2] < 3:
        return samples[..., 0].astype(np.float32) * scale
    luma = samples[..., 0] * np.float32(RED)
    luma += samples[..., 1] * np.float32(GREEN)
    luma += samples[..., 2] * np.float32(BLUE)
    luma *= scale
    return np.asarray(luma, dtype=np.float32)


def to_luma_and_chroma(rgb: Field) -> tuple[Field, Field]:
    """RGB `float32 …×3` in [0, 1] to luma `…` in [0, 1] and Cb, Cr `…×2` in [-0.5, 0.5]."""
    luma = rgb[..., 0] * np.float32(RED) + rgb[..., 1] * np.float32(GREEN) + rgb[..., 2] * np.float32(BLUE)
    chroma = np.stack([(rgb[..., 2] - luma) / np.float32(_CB), (rgb[..., 0] - luma) / np.float32(_CR)], axis=-1)
    return luma, chroma


def to_rgb(luma: Field, chroma: Field) -> Field:
    """Luma `H×W` in [0, 1] with Cb, Cr `H×W×2` as RGB `float32 H×W×3` in [0, 1].

    A colour outside the cube is scaled towards grey: every pixel gets the largest t ≤ 1 with luma + t·chroma inside.
    So its luma and its hue stay, where clipping the channels would change both.
    """
    blue, red = chroma[..., 0] * np.float32(_CB), chroma[..., 1] * np.float32(_CR)
    green = (blue * np.float32(-BLUE) + red * np.float32(-RED)) / np.float32(GREEN)
    offsets = (red, green, blue)
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    tiny = np.float32(1e-12)
    share = np.minimum((1 - luma) / np.maximum(most, tiny), luma / np.maximum(-least, tiny))
    np.clip(share, 0, 1, out=share)
    rgb = np.empty((*luma.shape, 3), np.float32)
    for channel, offset in enumerate(offsets):
        np.multiply(offset, share, out=rgb[..., channel])
        rgb[..., channel] += luma
    return np.clip(rgb, 0, 1, out=rgb)  # rounding alone may leave it by a hair


def quantised(rgb: Field, dtype: np.dtype[np.generic]) -> Array:
    """RGB in [0, 1] as uint8 or uint16 samples, rounded."""
    if dtype == np.uint8:
        return (rgb * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    if dtype == np.uint16:
        return (rgb * np.float32(65535) + np.float32(0.5)).astype(np.uint16)
    raise InferenceError(f"Samples are uint8 or uint16, not {dtype}.")


@dataclass(frozen=True)
class GuidedChroma:
    """Small chroma, ready to be enlarged along the edges of a large photo's luma.

    As in the fast guided filter (He & Sun 2015, arXiv 1505.00996, algorithm 2), in every small window chroma is fitted
    as a straight line over luma, and the slopes are enlarged. They say what chroma does where the photo's luma differs
    from the small one enlarged; to that the small chroma itself is added, enlarged bilinearly, where the filter would
    take the fitted line: what luma does not explain is kept. So chroma changes where luma does, and does not bleed over
    an edge.
    """

    luma: Field
    """`h×w`."""
    chroma: Field
    """`h×w×2`."""
    slope: Field
    """`h×w×2`: chroma per luma."""
    height: int
    """Of the large photo."""

    @classmethod
    def fitted(cls, luma: Field, chroma: Field, height: int) -> "GuidedChroma":
        """Fit chroma `h×w×2` to luma `h×w` of the same small size, for a photo `height` rows high."""
        if chroma.shape != (*luma.shape, 2):
            raise InferenceError(f"Chroma {chroma.shape} does not belong to luma {luma.shape}.")
        mean = _mean(luma)[..., None]
        variance = _mean(luma * luma)[..., None] - mean * mean
        covariance = _mean(luma[..., None] * chroma) - mean * _mean(chroma)
        slope = covariance / (np.maximum(variance, 0) + np.float32(_SMOOTHNESS))
        return cls(luma, chroma, _mean(slope), height)

    def rows(self, top: int, luma: Field) -> Field:
        """Chroma `n×W×2` for the rows of the large photo from `top` whose luma `n×W` this is."""
        detail = luma - self._enlarged(self.luma[..., None], top, luma.shape).reshape(luma.shape)
        chroma = self._enlarged(self.slope, top, luma.shape)
        chroma *= detail[..., None]
        chroma += self._enlarged(self.chroma, top, luma.shape)
        return np.clip(chroma, -0.5, 0.5, out=chroma)

    def _enlarged(self, small: Field, top: int, shape: tuple[int, ...]) -> Field:
        """Rows of `small` enlarged bilinearly to the photo's size, the same whichever band they are asked for in."""
        count, width = shape[:2]
        places = (np.arange(top, top + count, dtype=np.float64) + 0.5) * (len(small) / self.height) - 0.5
        places = np.clip(places, 0, len(small) - 1)
        above = np.floor(places).astype(np.intp)
        below = np.minimum(above + 1, len(small) - 1)
        weight = (places - above).astype(np.float32)[:, None, None]
        band = small[above] * (1 - weight) + small[below] * weight
        return np.asarray(cv2.resize(band, (width, count), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _mean(field: npt.ArrayLike) -> Field:
    side = 2 * _RADIUS + 1
    return np.asarray(cv2.blur(np.asarray(field), (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)
