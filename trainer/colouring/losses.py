"""Losses of the colorizer. Chroma is `float N×2×H×W` (Cb, Cr) in [-0.5, 0.5], luma `N×1×H×W` in [0, 1]."""

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter

from inference.colour import BLUE, GREEN, RED
from trainer.colouring.difference import ciede2000, lab_of
from trainer.learning.features import Features

_SPREAD = 0.02
"""By how much the shares of colours are smoothed, of chroma's range of 1: 5 units of Lab in the paper."""


def rarity_weights(histogram: npt.NDArray[np.float64], rarity: float) -> npt.NDArray[np.float32]:
    """How much pixels of each colour count: 1 on average over `histogram` (shares of Cb×Cr, BINS×BINS), rare ones more.

    Zhang et al. 2016 (arXiv 1603.08511), section 2.2, equation 4, with their λ = 1 - rarity: the shares are smoothed,
    mixed with the same share λ for every colour that occurs, and turned upside down. 0 gives 1 everywhere.
    """
    smooth = gaussian_filter(histogram, _SPREAD * len(histogram))
    occurs = smooth > 1e-7
    even = occurs / occurs.sum()
    weights = 1 / (rarity * smooth / smooth.sum() + (1 - rarity) * even + ~occurs)
    weights[~occurs] = weights[occurs].max()
    return np.asarray(weights / (weights * histogram).sum(), dtype=np.float32)


def weights_of(chroma: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """The weight of each pixel's colour, `N×1×H×W`, read bilinearly from a table `BINS×BINS` over Cb and Cr."""
    bins = len(table)
    places = (chroma.permute(0, 2, 3, 1) + 0.5) * bins - 0.5
    grid = (2 * places + 1) / bins - 1
    tables = table.expand(len(chroma), 1, bins, bins)
    return F.grid_sample(tables, grid.flip(3), mode="bilinear", padding_mode="border", align_corners=False)


def chroma_loss(
    painted: torch.Tensor, true: torch.Tensor, table: torch.Tensor | None = None, smooth: float = 0.0
) -> torch.Tensor:  # fmt: skip
    """Mean of |Cb| + |Cr| of the difference; with a table of rarity weights each pixel counts by its true colour.

    With `smooth` it is Huber's loss (1964), divided by it: squared below that distance, |d| - smooth / 2 above.
    """
    each = (painted - true).abs()
    if smooth:
        each = torch.where(each < smooth, each.square() / (2 * smooth), each - smooth / 2)
    distance = each.sum(dim=1, keepdim=True)
    return (distance if table is None else distance * weights_of(true, table)).mean()


def difference_loss(luma: torch.Tensor, painted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Mean CIEDE2000 of the painted and of the true picture, divided by 100; both inside the RGB cube."""
    return ciede2000(lab_of(as_rgb(luma, painted)), lab_of(as_rgb(luma, true))).mean() / 100


def held(luma: torch.Tensor, chroma: torch.Tensor) -> torch.Tensor:
    """Chroma with what leaves the RGB cube scaled towards grey, as `inference.colour.to_rgb` does in use."""
    offsets = as_rgb(torch.zeros_like(luma), chroma)
    most, least = offsets.amax(dim=1, keepdim=True), offsets.amin(dim=1, keepdim=True)
    share = torch.minimum((1 - luma) / most.clamp(min=1e-6), luma / (-least).clamp(min=1e-6))
    return chroma * share.clamp(0, 1)


def chroma_amount(chroma: torch.Tensor) -> torch.Tensor:
    """Mean of |Cb| + |Cr|: what colourfulness is measured by."""
    return chroma.abs().sum(dim=1).mean()


def hinge_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """The discriminator's hinge loss of its scores, `N×1×h×w`, of real and painted pictures (SAGAN, arXiv 1805.08318,
    equation 4)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_painter(fake: torch.Tensor) -> torch.Tensor:
    """What the painting network wants: high scores (SAGAN, equation 4)."""
    return -fake.mean()


def perceptual_loss(features: Features, luma: torch.Tensor, painted: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of features of the painted and of the true picture, the mean of the three levels.

    Each level's distance counts in shares of what the true picture's features are (their mean square), so that the
    weight means the same for VGG-16 and for another network.
    """
    found = features(as_rgb(luma, painted))
    with torch.no_grad():
        wanted = features(as_rgb(luma, true))
    pairs = [(one.float(), other.float()) for one, other in zip(found, wanted, strict=True)]
    return torch.stack([F.mse_loss(one, other) / other.square().mean() for one, other in pairs]).mean()


def as_rgb(luma: torch.Tensor, chroma: torch.Tensor) -> torch.Tensor:
    """`N×3×H×W` RGB of luma and chroma (BT.601, full range), not held inside [0, 1], so that gradients flow."""
    blue, red = luma + 2 * (1 - BLUE) * chroma[:, :1], luma + 2 * (1 - RED) * chroma[:, 1:]
    green = (luma - BLUE * blue - RED * red) / GREEN
    return torch.cat([red, green, blue], dim=1)
