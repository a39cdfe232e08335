"""The classical fills that an inpainter has to beat: mean, Telea, Navier–Stokes, biharmonic.

Each takes a photo `uint8 H×W×3` RGB and a mask `bool H×W`, true = to be filled, and returns the filled photo.
"""

from collections.abc import Callable

import cv2
import numpy as np

from inference.arrays import Mask, Pixels

Fill = Callable[[Pixels, Mask], Pixels]
_RADIUS = 3


def mean_fill(pixels: Pixels, mask: Mask) -> Pixels:
    """The mean colour of what is known, in every hole."""
    filled = pixels.copy()
    filled[mask] = np.rint(pixels[~mask].mean(axis=0)).astype(np.uint8)
    return filled


def telea(pixels: Pixels, mask: Mask) -> Pixels:
    """OpenCV's fast marching (Telea 2004), with the radius that `heirloom inpaint --method` uses."""
    return _opencv(pixels, mask, cv2.INPAINT_TELEA)


def navier_stokes(pixels: Pixels, mask: Mask) -> Pixels:
    """OpenCV's Navier–Stokes fill (Bertalmio et al. 2001)."""
    return _opencv(pixels, mask, cv2.INPAINT_NS)


def biharmonic(pixels: Pixels, mask: Mask) -> Pixels:
    """scikit-image's biharmonic fill (Damelin & Hoang 2018), in pieces where the hole falls into several."""
    from skimage.restoration import inpaint_biharmonic

    holed = pixels.copy()
    holed[mask] = 0
    filled = inpaint_biharmonic(holed, mask, split_into_regions=True, channel_axis=2)
    return np.asarray(np.rint(np.clip(filled, 0, 1) * 255), np.uint8)


def _opencv(pixels: Pixels, mask: Mask, way: int) -> Pixels:
    return np.asarray(cv2.inpaint(pixels, mask.astype(np.uint8), _RADIUS, way), np.uint8)


BIHARMONIC = "biharmonic"
CLASSICAL: dict[str, Fill] = {
    "mean of the known": mean_fill,
    "Telea": telea,
    "Navier–Stokes": navier_stokes,
    BIHARMONIC: biharmonic,
}
"""By the name that tables show."""
