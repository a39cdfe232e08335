"""Files of pictures, whole and broken, made by hand where no library writes them."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture's file as Pillow writes it."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(*shape: int, dtype: type = np.uint8, seed: int = 0) -> Pixels:
    """Samples over the whole range of the depth, the same for a seed."""
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def tiff(array: Pixels, tags: dict[int, tuple[str, int, int]] | None = None, photometric: int | None = None) -> bytes:
    """An uncompressed, interleaved, little-endian TIFF; `tags` adds or replaces (type, count, value)."""
    planes = array[..., None] if array.ndim == 2 else array
    height, width, channels = planes.shape
    raw = planes.astype(planes.dtype.newbyteorder("<")).tobytes()
    bits = planes.dtype.itemsize * 8
    entries = {
        256: ("I", 1, width), 257: ("I", 1, height), 258: ("H", 1, bits), 259: ("H", 1, 1),
        262: ("H", 1, photometric if photometric is not None else (2 if channels > 2 else 1)), 273: ("I", 1, 8),
        277: ("H", 1, channels), 278: ("I", 1, height), 279: ("I", 1, len(raw)),
    }  # fmt: skip
    extra = b""
    if channels > 1:
        entries[258] = ("H", channels, 8 + len(raw))
        extra = struct.pack(f"<{channels}H", *[bits] * channels)
        if channels in (2, 4):
            entries[338] = ("H", 1, 2)
        if channels == 2:
            entries[258] = ("H", 2, bits | bits << 16)
    entries |= tags or {}
    directory = struct.pack("<H", len(entries))
    for tag, (kind, count, value) in sorted(entries.items()):
        directory += struct.pack("<HHII", tag, {"H": 3, "I": 4}[kind], count, value)
    return b"II*\0" + struct.pack("<I", 8 + len(raw) + len(extra)) + raw + extra + directory + b"\0\0\0\0"


def with_orientation(image: Image.Image, kind: str, orientation: int, **options: object) -> bytes:
    """A picture's file whose EXIF names a camera and says how it was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Leica"
    return saved(image, kind, exif=exif.tobytes(), **({"lossless": True} if kind == "WebP" else {}), **options)


def jpeg_with_profile(path: Path, colours: Literal["rgb", "grey"]) -> bytes:
    """Writes a JPEG that EXIF turns to 40×60, with a profile for its colours, which is returned."""
    rgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = rgb if colours == "rgb" else rgb[:16] + b"GRAY" + rgb[20:]
    pixels = noise(40, 60, 3) if colours == "rgb" else noise(40, 60)
    path.write_bytes(with_orientation(Image.fromarray(pixels), "JPEG", 6, icc_profile=profile))
    return profile


def png_chunks(data: bytes, *extra: bytes, replace_size: tuple[int, int] | None = None) -> bytes:
    """Put chunks after a PNG's header, and another size into the header."""
    header = bytearray(data[16:29])
    if replace_size:
        struct.pack_into(">II", header, 0, *replace_size)
    return data[:8] + chunk(b"IHDR", bytes(header)) + b"".join(extra) + data[33:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
