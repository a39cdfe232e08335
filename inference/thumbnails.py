"""Small and browser-ready faces of a photo."""

from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.photo import Photo
from inference.png import encode_png

_RGB_COLOUR_SPACE = b"RGB "


def shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """uint8 H×W×3 with its longer side brought down to `side` pixels; a smaller picture is returned as it is."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


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
