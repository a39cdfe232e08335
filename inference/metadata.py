"""EXIF, colour profiles and the upright way of a photo."""

import struct
from io import BytesIO

from PIL import Image, ImageCms, ImageFile
from PIL.ExifTags import IFD

from inference.arrays import Array

ORIENTATION = 0x0112
ACROSS, DOWN = 0x011A, 0x011B
"""The tags of the resolution along rows and columns."""
_HEADER = b"Exif\0\0"
# Tags of a TIFF that say how its pixels lie in the file; they would be untrue in any other file.
_STRUCTURE = {
    *range(254, 260), 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284, 290, 291, 292, 293, 317, 320, 322,
    323, 324, 325, 330, 332, 333, 334, 336, 338, 339, 340, 341, 347, *range(512, 522), 529, 530, 531, 532, 700,
    33723, 34377, 34675,
}  # fmt: skip
_DIRECTORIES = {int(IFD.Exif), int(IFD.GPSInfo)}


def upright(array: Array, orientation: int) -> Array:
    """Turn H×W[×C] the way EXIF orientation 1 to 8 says; other values mean 1."""
    if turns(orientation):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array if array.flags.c_contiguous else array.copy()


def turns(orientation: int) -> bool:
    """Whether what EXIF orientation says makes rows of columns."""
    return orientation in (5, 6, 7, 8)


def read_exif(
    image: ImageFile.ImageFile, kind: str, name: str, warnings: list[str], turned: bool = False
) -> tuple[bytes | None, int]:
    """EXIF as it is true of the upright photo (or None), and the orientation that the decoded pixels still need.

    Pillow and OpenCV turn TIFF files themselves, so theirs is always 1; `turned` says that they made rows of columns.
    """
    try:
        orientation = int(image.getexif().get(ORIENTATION, 1))
        raw = _tiff_exif(image) if kind == "TIFF" else _plain_exif(image)
        exif = raw and _HEADER + _upright_exif(raw.removeprefix(_HEADER), turned or turns(orientation))
    except Exception:
        warnings.append(f"{name} has EXIF data that cannot be read; it was left out, and the photo taken as upright.")
        return None, 1
    return exif, orientation if kind != "TIFF" and 1 <= orientation <= 8 else 1


def _plain_exif(image: ImageFile.ImageFile) -> bytes | None:
    raw = image.info.get("exif")
    if isinstance(raw, bytes) and raw:
        return raw
    exif = image.getexif()
    return exif.tobytes() if exif else None


def _tiff_exif(image: ImageFile.ImageFile) -> bytes | None:
    """Copied into a directory of its own: that of a BigTIFF keeps 64-bit offsets, which EXIF does not know."""
    found, exif = image.getexif(), Image.Exif()
    exif.update({tag: value for tag, value in found.items() if tag not in _STRUCTURE | _DIRECTORIES})
    for directory in _DIRECTORIES & {*found}:
        exif[directory] = {**found.get_ifd(directory)}
        if IFD.Interop in exif[directory]:
            exif[directory][IFD.Interop] = found.get_ifd(IFD.Interop)
    if not exif:
        return None
    exif[ORIENTATION] = 1
    return exif.tobytes()


def _upright_exif(exif: bytes, turned: bool) -> bytes:
    """Set the orientation in the first directory to 1, and change across and down over if the photo was `turned`.

    In place: what cameras wrote behind it keeps its offsets.
    """
    order = {b"II": "<", b"MM": ">"}[exif[:2]]
    (start,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, start)
    table = order + "H10s" * count
    entries = struct.unpack_from(table, exif, start + 2)
    values = dict(zip(entries[::2], entries[1::2], strict=True))
    values[ORIENTATION] = struct.pack(order + "HIHH", 3, 1, 1, 0)
    if turned and ACROSS in values and DOWN in values:
        values[ACROSS], values[DOWN] = values[DOWN], values[ACROSS]
    fixed = bytearray(exif)
    struct.pack_into(table, fixed, start + 2, *(part for tag in entries[::2] for part in (tag, values[tag])))
    return bytes(fixed)


def read_icc(image: Image.Image, grey: bool, name: str, warnings: list[str]) -> bytes | None:
    """The file's colour profile, if it fits the colours that the decoded photo has."""
    icc = image.info.get("icc_profile")
    if not isinstance(icc, bytes) or not icc:
        return None
    if icc[16:20] != (b"GRAY" if grey else b"RGB "):
        warnings.append(f"{name} has a colour profile for other channels than its own; the profile was left out.")
        return None
    return icc


def rgb_profile(icc: bytes | None) -> bytes | None:
    """The profile if it is one for RGB; a profile for grey would be untrue in a picture in colour."""
    return icc if icc is not None and icc[16:20] == b"RGB " else None


def to_srgb(image: Image.Image, name: str, warnings: list[str]) -> Image.Image:
    """Convert CMYK to RGB through the file's profile; without a usable one by the plain formula. Always warns."""
    icc = image.info.get("icc_profile")
    if isinstance(icc, bytes) and icc:
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(BytesIO(icc)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            warnings.append(f"{name} is CMYK with a broken profile; it was converted to RGB without it.")
            return image.convert("RGB")
        assert converted is not None
        warnings.append(f"{name} is CMYK; it was converted to RGB through its profile, which was left out.")
        return converted
    warnings.append(f"{name} is CMYK without a profile; it was converted to RGB by the plain formula.")
    return image.convert("RGB")
