"""What a picture file says of itself before its pixels are decoded, and whether it holds what it says."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin

from inference.metadata import ORIENTATION, turns

ENDINGS: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WebP": (".webp",),
    "BMP": (".bmp", ".dib"),
}
UNREAD_ENDINGS = (
    ".heic",
    ".heif",
    ".avif",
    ".gif",
    ".jp2",
    ".jxl",
    ".psd",
    ".pdf",
    ".dng",
    ".cr2",
    ".cr3",
    ".nef",
    ".arw",
)
"""Of files that hold pictures, or may, and that heirloom does not read: whoever looks through a folder names them."""
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "GIF"),
    (0, b"%PDF", "PDF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"\x00\x00\x00\x0cjP", "JPEG 2000"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
)
# Pillow calls 16-bit grey with alpha RGBA; the colour type in the header knows better.
_PNG_MODES = {0: "I;16", 2: "RGB", 4: "LA", 6: "RGBA"}


@dataclass(frozen=True)
class Layout:
    """How a file stores its pixels: format, Pillow's mode, bits of a sample, pages or frames, and any `problem`.

    `problem` ends a sentence that begins with the file's name; it is empty when the file can be read.
    """

    kind: str
    mode: str
    depth: int
    frames: int
    problem: str = ""
    tile_pixels: int = 0
    inverted: bool = False
    premultiplied: bool = False
    turned: bool = False
    """Whether decoding makes rows of columns: Pillow and OpenCV turn TIFF files themselves."""
    samples: int = 0
    """Channels that a TIFF says it has, of which a picture may need fewer."""
    step: int = 1
    """What one level of the file is at 8 bits: more for the grey of a PNG of 2 or 4 bits."""


def sniff(data: bytes) -> str | None:
    """Name the format by the first bytes; None when it is none that heirloom reads."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((kind for start, kind in _STARTS if data.startswith(start)), None)


def sniff_foreign(data: bytes) -> str | None:
    """Name a well-known format that heirloom does not read."""
    return next((kind for at, mark, kind in _FOREIGN if data[at : at + len(mark)] == mark), None)


def read_layout(data: bytes, image: ImageFile.ImageFile, kind: str) -> Layout:
    """Read the layout of a file that was opened and not yet decoded."""
    if kind == "TIFF":
        return _tiff_layout(image)
    frames = getattr(image, "n_frames", 1)
    if kind == "PNG" and data[24] == 16:
        return Layout(kind, _PNG_MODES.get(data[25], image.mode), 16, frames)
    step = 255 // (2 ** data[24] - 1) if kind == "PNG" and image.mode == "L" else 1
    return Layout(kind, image.mode, 8, frames, step=step)


def _tiff_layout(image: ImageFile.ImageFile) -> Layout:
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits = max(tags.get(258, (1,)))
    samples = tags.get(277, 1)
    problem = ""
    if max(tags.get(339, (1,))) != 1 or bits not in (1, 2, 4, 8, 16):
        problem = f"stores {bits}-bit samples of a kind that is not read; save it as an 8- or 16-bit TIFF or PNG."
    elif bits == 16 and samples > 1 and tags.get(284, 1) == 2:
        problem = "stores its 16-bit channels in separate planes; save it with interleaved channels, or as PNG."
    tile = tags.get(322, 0) * tags.get(323, 0)
    return Layout(
        "TIFF",
        image.mode,
        16 if bits == 16 else 8,
        _tiff_pages(image),
        problem,
        tile,
        inverted=tags.get(262) == 0,
        premultiplied=1 in tags.get(338, ()),
        turned=turns(tags.get(ORIENTATION, 1)),
        samples=samples,
    )


def _tiff_pages(image: ImageFile.ImageFile) -> int:
    """Count the pages, without the small copies (NewSubfileType bit 0) that scanners add."""
    count = 1
    for page in range(1, getattr(image, "n_frames", 1)):
        image.seek(page)
        count += not image.tag_v2.get(254, 0) & 1  # type: ignore[attr-defined]
    image.seek(0)
    return count


def webp_header(data: bytes) -> tuple[int, int, bool]:
    """Width, height and whether it is animated, from a WebP file's first chunk (RFC 9649, section 2)."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
        return width, height, bool(data[20] & 0x02)
    if chunk == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        return 1 + (packed & 0x3FFF), 1 + ((packed >> 14) & 0x3FFF), False
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF, False


def png_is_complete(data: bytes) -> bool:
    """Whether a PNG's pixel data unpack to as many bytes as its header promises; Pillow fills up silently."""
    width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    per_pixel = bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = _adam7(width, height) if interlaced else [(width, height)]
    expected = sum(rows * (1 + (columns * per_pixel + 7) // 8) for columns, rows in passes if columns and rows)
    unpacker, found = zlib.decompressobj(), 0
    for chunk in _idat_chunks(data):
        rest: bytes = chunk
        while rest and found < expected:
            found += len(unpacker.decompress(rest, 2**20))
            rest = unpacker.unconsumed_tail
    while found < expected and (more := unpacker.decompress(b"", 2**20)):
        found += len(more)
    return bool(found >= expected)


def _adam7(width: int, height: int) -> list[tuple[int, int]]:
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    return [(-(-max(width - x, 0) // dx), -(-max(height - y, 0) // dy)) for x, y, dx, dy in steps]


def _idat_chunks(data: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def jpeg_ends_early(data: bytes, image: Image.Image) -> bool:
    """Whether a JPEG's pixels end before its header says.

    libjpeg then paints the rest mid-grey and only warns. So where the last block is plain, random data is put before
    the end marker: a whole file decodes to the same pixels, for it needs nothing more. It is taken as plain by its
    luma, for chroma of half the size is smoothed into it from the blocks around.
    """
    width, height = image.size
    block = image.crop((width - (width % 8 or 8), height - (height % 8 or 8), width, height))
    luma = np.asarray(block.convert("L"))
    end = data.rfind(b"\xff\xd9")
    if luma.min() != luma.max() or end < 0:
        return False
    noise = np.random.default_rng(0).integers(0, 255, width * height // 8 + 4096, dtype=np.uint8).tobytes()
    padded = JpegImagePlugin.jpeg_factory(BytesIO(data[:end] + noise + b"\xff\xd9"), None)
    padded.load()
    again = np.asarray(padded)
    return not np.array_equal(np.asarray(image), again)
