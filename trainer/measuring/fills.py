"""How close a filled photo is to the true one."""

import numpy as np

from inference.arrays import Mask, Pixels

_MOST = 100.0
"""PSNR of equal pictures, which would be infinite, dB."""


def psnr(filled: Pixels, true: Pixels, where: Mask | None = None) -> float:
    """Peak signal-to-noise ratio of `uint8 H×W×3` in dB, over all pixels or those `where` says; 100 where equal."""
    difference = filled.astype(np.float64) - true
    squared = float(np.mean((difference if where is None else difference[where]) ** 2))
    return min(_MOST, 10 * np.log10(255**2 / squared)) if squared else _MOST


def l1(filled: Pixels, true: Pixels, where: Mask | None = None) -> float:
    """Mean distance of values, as a share of their range."""
    distance = np.abs(filled.astype(np.float64) - true) / 255
    return float(np.mean(distance if where is None else distance[where]))


def ssim(filled: Pixels, true: Pixels, where: Mask) -> tuple[float, float]:
    """Structural similarity (Wang et al. 2004, their Gaussian window): its mean over the picture and over `where`."""
    from skimage.metrics import structural_similarity

    mean, similarity = structural_similarity(
        filled, true, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    return float(mean), float(similarity[where].mean())
