"""Masks as the bytes of a picture, and whether one is to be believed."""

import numpy as np

from inference.arrays import Mask
from inference.decoding import decode
from inference.errors import PhotoError
from inference.png import encode_png
from inference.text import readable

_MOST_MARKED = 0.8
"""Share of a photo above which its mask is doubted: most photos have less than a fifth of them damaged, and look like
that where black marks the defects; few have less than a fifth of them left."""


def encode_mask(mask: Mask) -> bytes:
    """bool H×W as a one-channel 8-bit PNG, 255 = defect."""
    if mask.dtype != np.bool_ or mask.ndim != 2:
        raise ValueError(f"a mask is bool H×W, not {mask.dtype} {mask.shape}")
    return encode_png(mask.astype(np.uint8) * np.uint8(255))


def decode_mask(data: bytes, shape: tuple[int, int], name: str) -> Mask:
    """A mask file's bytes as bool H×W: true where any colour channel is above 127 (and alpha, if any, too).

    `shape` is the photo's upright (height, width). Raises PhotoError for another size, an undecodable file, and
    one that marks nothing though it is not black, or though its transparency draws something.
    """
    mask = decode(data, name)
    if mask.size != tuple(shape):
        raise PhotoError(
            f"{name} is {mask.size[1]}×{mask.size[0]} pixels but its photo is {shape[1]}×{shape[0]}; "
            "a mask must have exactly its photo's size."
        )
    brightest = int(mask.pixels.max())
    if 0 < brightest <= 127:  # zeros and ones, say: as a mask without defects it would teach and fill what is not true
        raise PhotoError(
            f"{name} is not black and marks nothing: its brightest value is {brightest} of 255, and a defect is above "
            "127; save it with 255 where a defect is, or all black."
        )
    defect = mask.pixels.max(axis=2) > 127
    if mask.channels in (2, 4):
        alpha = mask.source[..., -1]
        defect &= alpha > np.iinfo(mask.source.dtype).max // 2
        if not defect.any() and np.ptp(alpha):  # strokes of black, or faint ones, on a layer
            raise PhotoError(
                f"{name} marks nothing, and its transparency is not everywhere the same; save it without transparency, "
                "with white where a defect is and black elsewhere."
            )
    return np.asarray(defect, np.bool_)


def doubt_of_mask(mask: Mask, name: str) -> str | None:
    """What to say of a mask, bool H×W, that marks so much that it may well be inverted; None of any other."""
    share = float(mask.mean())
    if share <= _MOST_MARKED:
        return None
    return f"{readable(name)} marks {100 * share:.1f} % of its photo; if black marks the defects, invert it."
