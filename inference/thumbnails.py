"""Small and browser-ready faces of a photo."""

from io import BytesIO
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Array
from inference.photo import Photo
from inference.png import encode_png

Samples = TypeVar("Samples", bound=Array)
_RGB_COLOUR_SPACE = b"RGB "


def shrunk(samples: Samples, side: int) -> Samples:
    """H×W or H×W×C of 8 or 16 bits with its longer side brought down to `side` pixels; a smaller picture as it is."""
    height, width = shrunk_size(samples.shape, side)
    if (height, width) == samples.shape[:2]:
        return samples
    return cast(Samples, cv2.resize(samples, (width, height), interpolation=cv2.INTER_AREA))


def shrunk_size(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Height and width of a picture whose longer side is brought down to `side`; of a smaller one its own."""
    height, width = shape[:2]
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def thumbnail(pixels: NDArray[np.uint8], side: int = 320) -> bytes:
    """uint8 H×W×3 RGB as a JPEG whose longer side is at most `side` pixels; smaller photos keep their size."""
    buffer = BytesIO()
    Image.fromarray(shrunk(pixels, side)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def browser_view(photo: Photo, data: bytes) -> bytes:
    """What a browser shows for `photo`: the file's bytes where they look just like its pixels, else an 8-bit PNG."""
    if photo.as_stored:
        return data
    shown = photo.source if photo.source.dtype == np.uint8 else photo.pixels
    grey_profile = photo.icc is not None and photo.icc[16:20] != _RGB_COLOUR_SPACE
    keeps_profile = photo.bit_depth == 8 or not grey_profile
    return encode_png(shown, icc=photo.icc if keeps_profile else None)


def difference_hash(pixels: NDArray[np.uint8]) -> int:
    """64 bits, as a signed integer, of which neighbours on a 9×8 grey copy grow brighter to the right.

    Near-copies (scaled, recompressed, slightly retouched) differ in few bits (dHash, Krawetz 2013).
    """
    # Averaging colour down first keeps a large photo's grey copy out of memory.
    small = cv2.resize(pixels, (9, 8), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    packed = np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()
    return int.from_bytes(packed, "big", signed=True)
