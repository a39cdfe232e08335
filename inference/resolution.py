"""How many pixels there are to a metre of the print: what files say in dpi."""

from PIL import ImageFile

from inference.metadata import ACROSS, DOWN

Resolution = tuple[int, int]
"""Pixels per metre across and down."""
_METRE = {2: 1 / 0.0254, 3: 100.0}
"""Inches and centimetres in a metre, by the numbers of TIFF and EXIF for the units; those of JFIF are one less."""
_UNIT = 296
_MOST = 2**31 - 1


def read_resolution(image: ImageFile.ImageFile, kind: str, turned: bool) -> Resolution | None:
    """What the file says beside its pixels, else its EXIF; None where neither does, or it cannot be read.

    `turned` says that the upright photo lies across the file's rows.
    """
    try:
        found = _of_format(image, kind) or _of_exif(image)
    except Exception:  # damaged EXIF, of which read_exif has warned
        return None
    return found[::-1] if found and turned else found


def _of_format(image: ImageFile.ImageFile, kind: str) -> Resolution | None:
    if kind == "JPEG":  # Pillow makes up 72 dpi where there is EXIF that says nothing
        return _whole(image.info.get("jfif_density"), _METRE.get(image.info.get("jfif_unit", 0) + 1))
    return _whole(image.info.get("dpi"), _METRE[2]) if kind in ("PNG", "BMP") else None


def _of_exif(image: ImageFile.ImageFile) -> Resolution | None:
    exif = image.getexif()
    return _whole((exif.get(ACROSS), exif.get(DOWN)), _METRE.get(exif.get(_UNIT, 2)))


def _whole(density: tuple[float | None, float | None] | None, units: float | None) -> Resolution | None:
    if density is None or units is None or None in density:
        return None
    try:
        across, down = (round(float(each or 0) * units) for each in density)
    except (ValueError, OverflowError, ZeroDivisionError):  # 0/0, 1/0
        return None
    return (across, down) if 0 < across <= _MOST and 0 < down <= _MOST else None
