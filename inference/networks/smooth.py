"""A smooth fill without parameters: holes are filled from coarser and coarser averages of what is known."""

import torch
import torch.nn.functional as F

_SWEEPS = 4


@torch.no_grad()
def smooth_fill(photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Fill the holes of `N×C×H×W` smoothly; `valid` `N×1×H×W`, above 0 = known. Known values stay as they are.

    Push–pull (Gortler et al. 1996, section 3.4): averages over the known values of 2×2 are taken until one is left;
    back up, each level takes its unknown values from the coarser one and smooths them with their neighbours a few
    times, which brings them close to the harmonic fill. Values in the holes never matter, NaN included; where nothing
    at all is known the result is 0.
    """
    known = valid > 0
    values, weights = photos.masked_fill(~known, 0), known.to(photos.dtype)
    values = values.contiguous(memory_format=torch.channels_last)
    levels = [(values, known)]
    while max(values.shape[-2:]) > 1:
        summed, count = (F.avg_pool2d(each, 2, ceil_mode=True) for each in (values * weights, weights))
        known = count > 0
        values, weights = torch.where(known, summed / count, 0), known.to(photos.dtype)
        levels.append((values, known))
    filled = levels.pop()[0]
    for values, known in reversed(levels):
        filled = F.interpolate(filled, size=values.shape[-2:], mode="bilinear", align_corners=False)
        filled = torch.where(known, values, filled)
        for _ in range(_SWEEPS):
            filled = torch.where(known, values, _around(filled))
    return filled


def _around(pictures: torch.Tensor) -> torch.Tensor:
    """Means of 3×3; on a CPU this convolution is many times faster than average pooling."""
    channels = pictures.shape[1]
    ninth = torch.full((channels, 1, 3, 3), 1 / 9, dtype=pictures.dtype, device=pictures.device)
    return F.conv2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), ninth, groups=channels)
