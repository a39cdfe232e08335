"""Marks: the places on a photo that a verdict points at, checked on entry."""

from collections.abc import Sequence
from typing import Any

from db.errors import PlatformError

LARGEST_COUNT = 50
LARGEST_SCRIBBLE = 4000
"""Points of one scribble; a hand draws some hundred."""


class MarkError(PlatformError):
    """A mark that cannot be kept; the message says which and why."""


def check_marks(raw: Sequence[Any], width: int, height: int) -> list[dict[str, Any]]:
    """Marks as the client sent them, checked and cut down to the fields we keep.

    raw: {"kind": "rectangle", "x", "y", "width", "height"} and {"kind": "scribble", "points": [[x, y], …]}, in whole
    pixels of the upright photo of `width`×`height`. Raises MarkError.
    """
    if len(raw) > LARGEST_COUNT:
        raise MarkError(f"A verdict marks at most {LARGEST_COUNT} places.")
    return [_check_mark(mark, number, width, height) for number, mark in enumerate(raw, start=1)]


def _check_mark(mark: Any, number: int, width: int, height: int) -> dict[str, Any]:
    kind = mark.get("kind") if isinstance(mark, dict) else None
    if kind == "rectangle":
        return _check_rectangle(mark, number, width, height)
    if kind == "scribble":
        return _check_scribble(mark, number, width, height)
    raise MarkError(f"Mark {number} is neither a rectangle nor a scribble.")


def _check_rectangle(mark: dict[str, Any], number: int, width: int, height: int) -> dict[str, Any]:
    x, y, across, down = (_whole(mark.get(field), number) for field in ("x", "y", "width", "height"))
    if across < 1 or down < 1:
        raise MarkError(f"Mark {number} is a rectangle without an area: drag a larger one.")
    if x < 0 or y < 0 or x + across > width or y + down > height:
        raise MarkError(f"Mark {number} leaves the photo, which is {width}×{height} pixels.")
    return {"kind": "rectangle", "x": x, "y": y, "width": across, "height": down}


def _check_scribble(mark: dict[str, Any], number: int, width: int, height: int) -> dict[str, Any]:
    raw = mark.get("points")
    if not isinstance(raw, list) or not 2 <= len(raw) <= LARGEST_SCRIBBLE:
        raise MarkError(f"Mark {number} is a scribble of 2 to {LARGEST_SCRIBBLE} points.")
    points = [_check_point(point, number) for point in raw]
    if any(not (0 <= x <= width and 0 <= y <= height) for x, y in points):
        raise MarkError(f"Mark {number} leaves the photo, which is {width}×{height} pixels.")
    return {"kind": "scribble", "points": [list(point) for point in points]}


def _check_point(point: Any, number: int) -> tuple[int, int]:
    if not isinstance(point, list) or len(point) != 2:
        raise MarkError(f"Mark {number} has a point that is not a pair of numbers.")
    return _whole(point[0], number), _whole(point[1], number)


def _whole(value: Any, number: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MarkError(f"Mark {number} needs whole pixels, not {value!r}.")
    return value
