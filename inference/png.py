"""Writing PNG at 8 and 16 bits with its metadata: OpenCV's encoder, and our own for what that cannot write."""

import struct
import zlib

import cv2
import numpy as np

from inference.arrays import Array
from inference.errors import OutputError
from inference.resolution import Resolution

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = 33
_BLOCK_ROWS = 256
_LONGEST_SIDE = 1_000_000
"""libpng, which OpenCV writes by, takes no longer one."""
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_BLUE_FIRST = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}


def encode_png(
    array: Array, *, exif: bytes | None = None, icc: bytes | None = None,
    resolution: Resolution | None = None,
) -> bytes:  # fmt: skip
    """Encode uint8 or uint16 H×W or H×W×C (1 grey, 2 grey+alpha, 3 RGB, 4 RGBA), sample for sample.

    `exif` may begin with ``Exif\\0\\0``; `resolution` is in pixels per metre. Raises ValueError for another shape or
    type, OutputError where encoding fails.
    """
    planes = array[..., None] if array.ndim == 2 else array
    if array.dtype not in (np.uint8, np.uint16) or planes.ndim != 3 or not 1 <= planes.shape[2] <= 4:
        raise ValueError(f"a PNG holds uint8 or uint16 with 1 to 4 channels, not {array.dtype} {array.shape}")
    ours = planes.shape[2] == 2 or max(planes.shape) > _LONGEST_SIDE
    plain = memoryview(_by_rows(planes)) if ours else _by_opencv(planes)
    parts: list[bytes | memoryview] = [plain[:_HEADER_END]]
    if icc:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if resolution:
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", *resolution, 1)))
    if exif:
        parts.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    return b"".join([*parts, plain[_HEADER_END:]])


def _by_opencv(planes: Array) -> memoryview:
    blue_first: cv2.typing.MatLike = np.ascontiguousarray(planes, planes.dtype.type)
    if planes.shape[2] > 1:
        blue_first = cv2.cvtColor(blue_first, _BLUE_FIRST[planes.shape[2]])
    done, encoded = cv2.imencode(".png", blue_first)
    if not done:
        height, width = planes.shape[:2]
        raise OutputError(f"A picture of {width}×{height} pixels cannot be written as PNG; cut the photo into parts.")
    return np.asarray(encoded, np.uint8).data


def _by_rows(planes: Array) -> bytes:
    """Grey with alpha, which OpenCV lacks, and what is longer than libpng takes."""
    height, width, channels = planes.shape
    header = struct.pack(">IIBBBBB", width, height, planes.dtype.itemsize * 8, _COLOUR_TYPES[channels], 0, 0, 0)
    packer = zlib.compressobj(3)
    above = np.zeros((1, width * channels * planes.dtype.itemsize), np.uint8)
    packed = []
    for top in range(0, height, _BLOCK_ROWS):
        block = np.ascontiguousarray(planes[top : top + _BLOCK_ROWS].astype(planes.dtype.newbyteorder(">"), copy=False))
        raw = block.view(np.uint8).reshape(len(block), -1)
        # Filter 2, 'up' (PNG specification, 9.2): each row as its difference from the one above.
        rows = np.insert(raw - np.concatenate([above, raw[:-1]]), 0, 2, axis=1)
        packed.append(packer.compress(rows.tobytes()))
        above = raw[-1:]
    packed.append(packer.flush())
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"".join(packed)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
