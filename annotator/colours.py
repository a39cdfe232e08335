"""Colours that a person gives to a photo, checked on entry."""

import math
from typing import Any, TypeGuard

from db.errors import PlatformError

MOST_HINTS = 64
MOST_SATURATION = 2.0
"""Twice as strong as the colorizer paints; it could do more, and nobody would want to see it."""


class ColouringError(PlatformError):
    """Colours that cannot be given; the message says which and why."""


def checked_colouring(raw: Any, width: int, height: int) -> dict[str, Any]:
    """Colours as the page sent them, cut down to the fields we keep: see `db.models.Restoration.colouring`.

    Raises ColouringError for a strength or a place that is none.
    """
    saturation = raw.get("saturation") if isinstance(raw, dict) else None
    hints = raw.get("hints") if isinstance(raw, dict) else None
    if not _is_number(saturation) or not 0 <= saturation <= MOST_SATURATION:
        raise ColouringError(f"The strength of colours is between 0 and {100 * MOST_SATURATION:.0f} %.")
    if not isinstance(hints, list) or len(hints) > MOST_HINTS:
        raise ColouringError(f"At most {MOST_HINTS} colours can be given.")
    return {
        "saturation": round(float(saturation), 2),
        "hints": [_checked_hint(hint, number, width, height) for number, hint in enumerate(hints, start=1)],
    }


def _checked_hint(hint: Any, number: int, width: int, height: int) -> dict[str, Any]:
    row, column, rgb = (hint.get(field) if isinstance(hint, dict) else None for field in ("row", "column", "rgb"))
    if not (_is_whole(row, height) and _is_whole(column, width)):
        raise ColouringError(f"Colour {number} lies outside the photo, which is {width}×{height} pixels.")
    if not isinstance(rgb, list) or len(rgb) != 3 or not all(_is_whole(level, 256) for level in rgb):
        raise ColouringError(f"Colour {number} is no colour: red, green and blue are from 0 to 255.")
    return {"row": row, "column": column, "rgb": rgb}


def _is_whole(value: Any, below: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
