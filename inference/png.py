"""Writing PNG at 8 and 16 bits with its metadata; Pillow has no 16-bit colour and OpenCV no grey with alpha."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_BLOCK_BYTES = 2**22


def encode_png(
    array: NDArray[np.uint8] | NDArray[np.uint16], *, exif: bytes | None = None, icc: bytes | None = None
) -> bytes:
    """Encode uint8 or uint16 H×W or H×W×C (1 grey, 2 grey+alpha, 3 RGB, 4 RGBA), sample for sample.

    `exif` may begin with ``Exif\\0\\0``. Raises ValueError for another shape or type.
    """
    planes = array[..., None] if array.ndim == 2 else array
    if array.dtype not in (np.uint8, np.uint16) or planes.ndim != 3 or planes.shape[2] not in _COLOUR_TYPE:
        raise ValueError(f"a PNG holds uint8 or uint16 with 1 to 4 channels, not {array.dtype} {array.shape}")
    height, width, channels = planes.shape
    header = struct.pack(">IIBBBBB", width, height, array.dtype.itemsize * 8, _COLOUR_TYPE[channels], 0, 0, 0)
    parts = [_SIGNATURE, _chunk(b"IHDR", header)]
    if icc:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if exif:
        parts.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    parts.extend(_chunk(b"IDAT", data) for data in _compressed(planes) if data)
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _compressed(planes: NDArray[np.uint8] | NDArray[np.uint16]) -> Iterator[bytes]:
    """Filter and compress in blocks of rows, so that memory stays bounded."""
    height, width, channels = planes.shape
    step = channels * planes.dtype.itemsize
    rows = max(1, _BLOCK_BYTES // (width * step))
    packer = zlib.compressobj(4)
    above = np.zeros((1, width * step), np.uint8)
    for top in range(0, height, rows):
        block = np.ascontiguousarray(planes[top : top + rows].astype(planes.dtype.newbyteorder(">"), copy=False))
        raw = block.view(np.uint8).reshape(len(block), width * step)
        yield packer.compress(_filtered(raw, np.concatenate([above, raw[:-1]]), step).tobytes())
        above = raw[-1:]
    yield packer.flush()


def _filtered(raw: NDArray[np.uint8], up: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Per row the filter (none, sub, up, Paeth) with the smallest sum of absolute differences (PNG spec, 12.7)."""
    left, corner = np.zeros_like(raw), np.zeros_like(raw)
    left[:, step:], corner[:, step:] = raw[:, :-step], up[:, :-step]
    choices = {0: raw, 1: raw - left, 2: raw - up, 4: raw - _paeth(left, up, corner)}
    best = np.full(len(raw), np.inf)
    result = np.empty((len(raw), raw.shape[1] + 1), np.uint8)
    for kind, candidate in choices.items():
        cost = np.minimum(candidate, -candidate).sum(axis=1, dtype=np.float64)
        wins = cost < best
        result[wins, 0], result[wins, 1:] = kind, candidate[wins]
        best = np.minimum(best, cost)
    return result


def _paeth(left: NDArray[np.uint8], up: NDArray[np.uint8], corner: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The neighbour nearest to left + up - corner; ties go to left, then up (PNG spec, 9.4)."""
    a, b, c = left.astype(np.int16), up.astype(np.int16), corner.astype(np.int16)
    to_left, to_up, to_corner = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    nearest = np.where(to_up <= to_corner, up, corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, nearest)
