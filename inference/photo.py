"""A photo in memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Array
from inference.resolution import Resolution


@dataclass(frozen=True)
class Photo:
    """An upright photo with two faces; both arrays are read-only.

    `pixels` is uint8 H×W×3 RGB, what networks and pages see. `source` is the decoded array in its own depth and
    channels: uint8 or uint16, H×W (grey) or H×W×C (2 grey+alpha, 3 RGB, 4 RGBA). `exif` starts with ``Exif\\0\\0`` and
    has its orientation at 1. `as_stored` says that any browser shows the file's own bytes just like `pixels`;
    `resolution` is in pixels per metre, across and down the upright photo.
    """

    pixels: NDArray[np.uint8]
    source: Array
    name: str
    format: str
    exif: bytes | None = None
    icc: bytes | None = None
    warnings: tuple[str, ...] = ()
    as_stored: bool = False
    resolution: Resolution | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Upright height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def channels(self) -> int:
        """Channels of `source`: 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA."""
        return 1 if self.source.ndim == 2 else self.source.shape[2]

    @property
    def bit_depth(self) -> int:
        """Bits of one sample of `source`: 8 or 16."""
        return self.source.dtype.itemsize * 8
