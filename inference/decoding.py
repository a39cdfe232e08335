"""The bounded way from a file's bytes to a photo."""

from collections.abc import Callable
from dataclasses import dataclass
from errno import EINVAL
from functools import partial
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TypeVar

from PIL import BmpImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from inference.arrays import Array
from inference.containers import (
    ENDINGS,
    Layout,
    jpeg_ends_early,
    png_is_complete,
    read_layout,
    sniff,
    sniff_foreign,
    webp_header,
)
from inference.errors import PhotoError
from inference.memory import ran_out, too_large
from inference.metadata import read_exif, read_icc, to_srgb, turns, upright
from inference.photo import Photo
from inference.resolution import read_resolution
from inference.samples import deep_samples, plain_samples, to_eight_bits
from inference.text import readable

T = TypeVar("T")

_OPENERS: dict[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    "JPEG": partial(JpegImagePlugin.jpeg_factory, filename=None),
    "PNG": PngImagePlugin.PngImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_SAVE_AGAIN = "open it in a picture editor, save it as PNG and try again"


@dataclass(frozen=True)
class Limits:
    """What decoding accepts: bytes of the file, pixels by its header, and the smallest side in pixels."""

    max_bytes: int = 512 * 2**20
    max_pixels: int = 100_000_000
    min_side: int = 16


DEFAULT_LIMITS = Limits()


def read_photo(path: Path) -> Photo:
    """Decode the file at `path`; the limit of bytes is checked before reading. Raises PhotoError."""
    return decode(read_file(path), str(path))


def read_file(path: Path) -> bytes:
    """Read the bytes of the file at `path`, unless there are more than the limit. Raises PhotoError."""
    try:
        _check_bytes(size_of(path), str(path), DEFAULT_LIMITS)
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(
            f"{path} cannot be read ({error.strerror or error}); check the path and its permissions."
        ) from error


def size_of(path: Path) -> int:
    """Bytes of the file at `path`. Raises OSError for pipes and devices, too: reading one may never come to an end."""
    found = path.stat()
    if not (S_ISREG(found.st_mode) or S_ISDIR(found.st_mode)):  # what is wrong with a folder is seen when it is read
        raise OSError(EINVAL, "it is not a regular file", str(path))
    return found.st_size


def decode(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Decode a JPEG, PNG, TIFF, WebP or BMP file's bytes.

    Limits are checked from the header, before any pixel is decoded. Raises PhotoError, naming `name` and the remedy,
    for whatever cannot be decoded whole. Bytes of `name` that are not UTF-8 become question marks.
    """
    name = readable(name)
    _check_bytes(len(data), name, limits)
    kind = _known_format(data, name)
    if kind == "WebP":
        _check_webp(data, name, limits)
    image = _guarded(name, lambda: _OPENERS[kind](BytesIO(data)))
    _check_pixels(*image.size, name, limits)
    layout = _guarded(name, lambda: read_layout(data, image, kind))
    _check_layout(layout, name, limits)
    _guarded(name, image.load)
    _check_complete(data, image, kind, name)
    return _assemble(data, image, layout, name)


def _assemble(data: bytes, image: ImageFile.ImageFile, layout: Layout, name: str) -> Photo:
    warnings = list(_oddities(layout, name))
    exif, orientation = read_exif(image, layout.kind, name, warnings, layout.turned)
    if layout.depth == 16 and layout.mode != "CMYK":
        source: Array = _guarded(name, lambda: deep_samples(data, image, layout))
    else:
        flat = to_srgb(image, name, warnings) if image.mode == "CMYK" else image
        source = _guarded(name, lambda: plain_samples(flat, layout))
    if layout.mode != "CMYK" and layout.samples > (kept := 1 if source.ndim == 2 else source.shape[2]):
        warnings.append(
            f"{name} has {layout.samples} channels; what goes beyond the first {kept}, infrared perhaps, was left out."
        )
    source = upright(source, orientation)
    resolution = read_resolution(image, layout.kind, layout.turned or turns(orientation))
    icc = None if layout.mode == "CMYK" else read_icc(image, source.ndim == 2 or source.shape[2] == 2, name, warnings)
    pixels = to_eight_bits(source)
    source.flags.writeable = False
    pixels.flags.writeable = False
    shown_everywhere = layout.kind != "TIFF" and layout.depth == 8 and layout.mode != "CMYK" and orientation == 1
    return Photo(pixels, source, name, layout.kind, exif, icc, tuple(warnings), shown_everywhere, resolution)


def _oddities(layout: Layout, name: str) -> list[str]:
    ending = Path(name).suffix.lower()
    found = []
    if ending and ending not in ENDINGS[layout.kind]:
        found.append(f"{name} is a {layout.kind} file though its name ends in {ending}; it was read as {layout.kind}.")
    if layout.kind == "JPEG" and layout.frames > 1:
        found.append(f"{name} holds {layout.frames} pictures; the first, the photo itself, was read.")
    if layout.mode == "CMYK" and layout.depth == 16:
        found.append(f"{name} is 16-bit CMYK; it was converted to 8-bit RGB.")
    return found


def _known_format(data: bytes, name: str) -> str:
    if not data:
        raise PhotoError(f"{name} is empty; copy it again from where it came from.")
    kind = sniff(data)
    if kind is None:
        foreign = sniff_foreign(data)
        if foreign:
            raise PhotoError(
                f"{name} is in {foreign} format, which heirloom does not read; save it as JPEG, PNG or TIFF."
            )
        raise PhotoError(f"{name} is not a picture that heirloom knows; give it a JPEG, PNG, TIFF, WebP or BMP file.")
    return kind


def _check_bytes(count: int, name: str, limits: Limits) -> None:
    if count > limits.max_bytes:
        raise PhotoError(
            f"{name} has {count / 2**20:.0f} MiB, more than the limit of {limits.max_bytes / 2**20:.0f} MiB; "
            "save it with compression, or scan it at a lower resolution."
        )


def _check_pixels(width: int, height: int, name: str, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise PhotoError(
            f"{name} has {width}×{height} pixels by its header, more than the limit of "
            f"{limits.max_pixels / 1e6:g} megapixels; make it smaller, or cut it into parts."
        )
    if min(width, height) < limits.min_side:
        raise PhotoError(
            f"{name} has only {width}×{height} pixels; each side needs {limits.min_side} or more: scan it larger."
        )


def _check_webp(data: bytes, name: str, limits: Limits) -> None:
    """Pillow allocates a WebP's whole canvas when it opens it, so its header is read here first."""
    width, height, animated = _guarded(name, lambda: webp_header(data))
    if animated:
        raise PhotoError(f"{name} is animated; save the one frame you want as a picture of its own.")
    _check_pixels(width, height, name, limits)


def _check_layout(layout: Layout, name: str, limits: Limits) -> None:
    if layout.kind != "JPEG" and layout.frames > 1:
        what = "pages" if layout.kind == "TIFF" else "frames"
        raise PhotoError(f"{name} holds {layout.frames} {what}; save each as a picture of its own.")
    if layout.problem:
        raise PhotoError(f"{name} {layout.problem}")
    if layout.tile_pixels > limits.max_pixels:
        raise PhotoError(f"{name} is stored in tiles of {layout.tile_pixels} pixels, over the limit; {_SAVE_AGAIN}.")


def _check_complete(data: bytes, image: ImageFile.ImageFile, kind: str, name: str) -> None:
    whole = True
    if kind == "PNG":
        whole = _guarded(name, lambda: png_is_complete(data))
    elif kind == "JPEG":
        whole = not _guarded(name, lambda: jpeg_ends_early(data, image))
    if not whole:
        raise PhotoError(
            f"{name} is truncated: it holds fewer pixels than its header says; copy it again from where it came from."
        )


def _guarded(name: str, step: Callable[[], T]) -> T:
    """Run a step of decoding on bytes nobody vouches for: what a library raises there means a damaged file.

    Only where memory ran out, nothing is wrong with the file.
    """
    try:
        return step()
    except PhotoError:
        raise
    except Exception as error:
        if ran_out(error):
            raise PhotoError(too_large(name)) from error
        cause = next(iter(str(error).strip(" .").splitlines()), type(error).__name__)
        remedy = "copy it again from where it came from" if "truncated" in cause.lower() else _SAVE_AGAIN
        raise PhotoError(f"{name} cannot be decoded ({cause}); {remedy}.") from error
