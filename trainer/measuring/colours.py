"""How far a coloured photo is from the true colours."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from inference.arrays import Field, Pixels
from inference.colour import luma_of, quantised, to_luma_and_chroma, to_rgb


@dataclass(frozen=True)
class ColourFigures:
    """Of one coloured photo."""

    mse: float
    """Mean squared error of Cb and Cr, on the scale of 0 to 255."""
    ciede2000: float
    """Mean colour difference ΔE00 (Sharma et al. 2005); about 1 is just visible."""
    amount: float
    """Mean of |Cb| + |Cr| of the coloured photo, on the scale of 0 to 255."""
    true_amount: float
    """The same of the true one."""


def measure(coloured: Pixels, true: Pixels) -> ColourFigures:
    """Compare two pictures `uint8 H×W×3` RGB of one size."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    if coloured.shape != true.shape:
        raise ValueError(f"coloured {coloured.shape} and true {true.shape} must have one shape")
    chroma, true_chroma = _chroma(coloured), _chroma(true)
    difference = deltaE_ciede2000(rgb2lab(true), rgb2lab(coloured))
    return ColourFigures(
        mse=float(((chroma - true_chroma) ** 2).mean()),
        ciede2000=float(difference.mean()),
        amount=float(np.abs(chroma).sum(axis=2).mean()),
        true_amount=float(np.abs(true_chroma).sum(axis=2).mean()),
    )


def mean_chroma(photos: Iterable[Pixels]) -> Field:
    """The mean Cb and Cr of photos `uint8 H×W×3`, each counting once, `float32 2` in [-0.5, 0.5]."""
    means = [_chroma(pixels).mean(axis=(0, 1)) / 255 for pixels in photos]
    return np.asarray(np.mean(means, axis=0), dtype=np.float32)


def one_colour(pixels: Pixels, chroma: Field) -> Pixels:
    """A picture with the luma of `uint8 H×W` or `H×W×3` and the same chroma everywhere: `uint8 H×W×3` RGB.

    `chroma` is Cb and Cr, `float32 2` in [-0.5, 0.5].
    """
    luma = luma_of(pixels)
    return np.asarray(quantised(to_rgb(luma, np.broadcast_to(chroma, (*luma.shape, 2))), pixels.dtype), np.uint8)


def together(figures: Iterable[ColourFigures]) -> dict[str, float]:
    """Means over photos; PSNR of the mean error, and colourfulness: the amount of colour over the true one's."""
    rows = [asdict(each) for each in figures]
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    return {
        "mse": means["mse"],
        "psnr": float(10 * np.log10(255**2 / max(means["mse"], 1e-9))),
        "ciede2000": means["ciede2000"],
        "colourfulness": means["amount"] / max(means["true_amount"], 1e-9),
    }


def _chroma(pixels: Pixels) -> Field:
    return to_luma_and_chroma(pixels.astype(np.float32))[1]
