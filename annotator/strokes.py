"""The rasteriser of strokes and the fold of a draft's event log; `editor/src/strokes.ts` does the same, bit for bit.

A stroke is a chain of points in eighths of a photo pixel, drawn with a round tip. The pixel in column i and row j has
its centre at (8i + 4, 8j + 4) and is painted exactly when the centre lies within the radius 4·size of a segment. All
inputs are integers below 2²¹, so every product in `within` is exact or rounded once, in both languages alike.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Mask
from inference.probability import lowest_level

Floats = NDArray[np.floating[Any]]
Columns = NDArray[np.int64]
Rect = tuple[int, int, int, int]
"""x0, y0, x1, y1 in photo pixels, half-open."""

UNITS = 8
"""Coordinates per photo pixel."""
LARGEST_COORDINATE = 2**21 - 1
LARGEST_SIZE = 8192
LARGEST_POINTS = 20_000
PAIRS_AT_ONCE = 2_000_000
"""Rows of segments worked on together: bounds the memory of a long stroke with a large tip."""


class StrokeError(ValueError):
    """A draft event that cannot be drawn; the message says which and why."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """A stroke or a piece of one: `points` int64 N×2 in eighths of a photo pixel, `size` the tip's width in pixels."""

    tool: Literal["brush", "eraser"]
    size: int
    points: Columns
    group: str | None = None
    """Pieces of one long stroke share a group and are undone together."""

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "Stroke":
        """Checks an event's payload as a client sent it. Raises StrokeError."""
        tool, size, group = payload.get("tool"), payload.get("size"), payload.get("group")
        if tool not in ("brush", "eraser"):
            raise StrokeError(f"A stroke's tool is 'brush' or 'eraser', not {tool!r}.")
        if not _is_whole(size) or not 1 <= size <= LARGEST_SIZE:
            raise StrokeError(f"A stroke's size is a whole number of pixels from 1 to {LARGEST_SIZE}, not {size!r}.")
        if group is not None and not isinstance(group, str):
            raise StrokeError(f"A stroke's group is a text, not {group!r}.")
        return cls(tool, size, _points(payload.get("points")), group)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _points(raw: Any) -> Columns:
    if not isinstance(raw, list) or not 1 <= len(raw) <= LARGEST_POINTS:
        raise StrokeError(f"A stroke has 1 to {LARGEST_POINTS} points.")
    for point in raw:
        if not isinstance(point, list) or len(point) != 2 or not all(_is_whole(value) for value in point):
            raise StrokeError(f"A stroke's points are pairs of whole numbers, not {point!r}.")
    points = np.array(raw, dtype=object)
    if max(abs(value) for point in raw for value in point) > LARGEST_COORDINATE:
        raise StrokeError("A stroke's point lies too far outside the photo.")
    return points.astype(np.int64)


def within(cx: Floats, cy: Floats, segment: Floats, radius: float) -> Mask:
    """Whether centres lie within `radius` of their segments (rows ax, ay, bx, by; eighths of a pixel)."""
    ax, ay, bx, by = segment
    dx, dy = bx - ax, by - ay
    l2 = dx * dx + dy * dy
    px, py = cx - ax, cy - ay
    d = px * dx + py * dy
    qx, qy = cx - bx, cy - by
    c = px * dy - py * dx
    r2 = radius * radius
    covered: Mask = np.where(
        (d <= 0) | (l2 == 0),
        px * px + py * py <= r2,
        np.where(d >= l2, qx * qx + qy * qy <= r2, c * c <= r2 * l2),
    )
    return covered


def cover(stroke: Stroke, width: int, height: int) -> tuple[Rect, Mask]:
    """The pixels a stroke touches on a photo of `width`×`height`: its rectangle there, and a bool mask of that size.

    Each segment covers one run of pixels per row, since it is convex; the runs' ends are found by bisection.
    """
    radius = 4.0 * stroke.size
    rect = _rectangle(stroke, width, height)
    x0, y0, x1, y1 = rect
    covered = np.zeros((max(0, y1 - y0), max(0, x1 - x0)), bool)
    if not covered.size:
        return (x0, y0, x0, y0), covered[:0, :0]
    steps = np.zeros((y1 - y0, x1 - x0 + 1), np.int32)
    for rows, segments in _rows_of_segments(stroke, radius, y0, y1):
        starts, ends, rows_hit = _runs(rows, segments, radius, reach=stroke.size)
        starts, ends = np.clip(starts, x0, x1) - x0, np.clip(ends, x0, x1) - x0
        np.add.at(steps, (rows_hit - y0, starts), 1)
        np.add.at(steps, (rows_hit - y0, ends), -1)
    np.greater(np.cumsum(steps, axis=1)[:, :-1], 0, out=covered)
    return rect, covered


def _rectangle(stroke: Stroke, width: int, height: int) -> Rect:
    """All rows and columns a stroke could touch, cut to the photo; also empty ones."""
    radius = 4 * stroke.size
    low, high = stroke.points.min(axis=0) - radius, stroke.points.max(axis=0) + radius
    x0, y0 = (max(0, int(value) // UNITS) for value in low)
    x1, y1 = (min(limit, int(value) // UNITS + 1) for value, limit in zip(high, (width, height), strict=True))
    return x0, y0, x1, y1


def _rows_of_segments(stroke: Stroke, radius: float, y0: int, y1: int) -> Iterable[tuple[Columns, Floats]]:
    """Pairs of a pixel row and a segment near it, in bounded batches: rows N, segments 4×N."""
    points = stroke.points.astype(np.float64)
    ends = points[1:] if len(points) > 1 else points
    segments = np.concatenate([points[: len(ends)], ends], axis=1)
    top = np.minimum(segments[:, 1], segments[:, 3]) - radius
    bottom = np.maximum(segments[:, 1], segments[:, 3]) + radius
    first = np.clip(np.floor(top / UNITS).astype(np.int64), y0, y1)
    last = np.clip(np.floor(bottom / UNITS).astype(np.int64) + 1, y0, y1)
    counts = np.maximum(last - first, 0)
    batch = np.cumsum(counts) // PAIRS_AT_ONCE
    for number in np.unique(batch):
        chosen = batch == number
        count = counts[chosen]
        starts = np.repeat(np.cumsum(count) - count, count)
        rows = np.arange(int(count.sum())) - starts + np.repeat(first[chosen], count)
        yield rows, np.repeat(segments[chosen], count, axis=0).T


def _runs(rows: Columns, segments: Floats, radius: float, reach: int) -> tuple[Columns, Columns, Columns]:
    """Half-open runs of covered columns per pair, and their rows; pairs that touch no pixel are left out."""
    cy = rows * 8.0 + 4.0
    nearest = np.floor((_nearest_x(cy, segments) - 4.0) / UNITS).astype(np.int64)
    at_floor = within(nearest * 8.0 + 4.0, cy, segments, radius)
    seed = np.where(at_floor, nearest, nearest + 1)
    hit = at_floor | within(seed * 8.0 + 4.0, cy, segments, radius)
    seed, cy, segments = seed[hit], cy[hit], segments[:, hit]
    span = int(np.ceil(np.abs(segments[2] - segments[0]).max(initial=0.0) / UNITS)) + reach + 2

    def covered(columns: Columns) -> Mask:
        return within(columns * 8.0 + 4.0, cy, segments, radius)

    return _last_covered(seed, -1, span, covered), _last_covered(seed, 1, span, covered) + 1, rows[hit]


def _nearest_x(cy: Floats, segments: Floats) -> Floats:
    """Where on its row each segment is nearest."""
    ax, ay, bx, by = segments
    low, high = np.minimum(ay, by), np.maximum(ay, by)
    dy = by - ay
    share = np.clip(np.divide(np.clip(cy, low, high) - ay, dy, out=np.zeros_like(dy), where=dy != 0), 0.0, 1.0)
    nearest: Floats = ax + (bx - ax) * share
    return nearest


def _last_covered(seed: Columns, step: int, span: int, covered: Callable[[Columns], Mask]) -> Columns:
    """The covered column furthest from `seed` in the direction `step`, by bisection over at most `span` columns."""
    near, far = np.zeros_like(seed), np.full_like(seed, span)
    while np.any(far - near > 1):
        middle = (near + far) // 2
        inside = covered(seed + step * middle)
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return seed + step * near


def paint(mask: Mask, stroke: Stroke) -> None:
    """Draws a stroke into `mask` (bool H×W, true = defect) in place."""
    height, width = mask.shape
    (x0, y0, x1, y1), covered = cover(stroke, width, height)
    mask[y0:y1, x0:x1][covered] = stroke.tool == "brush"


def cut(threshold: float) -> int:
    """The smallest value of an 8-bit probability map that counts as defect; never 0, so that certain sound stays so."""
    if not 0 <= threshold <= 1:
        raise StrokeError(f"A threshold lies between 0 and 1, not at {threshold!r}.")
    return max(1, lowest_level(threshold))


@dataclass(frozen=True)
class Event:
    """One event of a draft's log."""

    kind: Literal["stroke", "undo", "redo", "threshold"]
    payload: dict[str, Any]


@dataclass
class DraftState:
    """What an event log amounts to. An action is a threshold, or the pieces of one stroke."""

    actions: list[float | list[Stroke]] = field(default_factory=list)
    done: int = 0
    """Actions in force; those behind are undone and can be redone."""

    @property
    def strokes(self) -> list[Stroke]:
        return [stroke for action in self.actions[: self.done] if isinstance(action, list) for stroke in action]

    @property
    def threshold(self) -> float | None:
        """The last threshold in force; None where the base's own holds."""
        return next((action for action in reversed(self.actions[: self.done]) if isinstance(action, float)), None)

    def apply(self, event: Event) -> None:
        """Adds one event. A new stroke or threshold drops what was undone. Raises StrokeError."""
        if event.kind == "undo":
            self.done = max(0, self.done - 1)
        elif event.kind == "redo":
            self.done = min(len(self.actions), self.done + 1)
        elif event.kind == "threshold":
            self._add(threshold_value(event.payload))
        else:
            self._draw(Stroke.from_payload(event.payload))

    def _draw(self, stroke: Stroke) -> None:
        last = self.actions[-1] if self.actions and self.done == len(self.actions) else None
        if stroke.group is not None and isinstance(last, list) and last[-1].group == stroke.group:
            last.append(stroke)
        else:
            self._add([stroke])

    def _add(self, action: float | list[Stroke]) -> None:
        del self.actions[self.done :]
        self.actions.append(action)
        self.done += 1


def threshold_value(payload: dict[str, Any]) -> float:
    """The value of a threshold event. Raises StrokeError."""
    value = payload.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise StrokeError(f"A threshold lies between 0 and 1, not at {value!r}.")
    return float(value)


def fold(events: Iterable[Event]) -> DraftState:
    """What a log amounts to. Raises StrokeError."""
    state = DraftState()
    for event in events:
        state.apply(event)
    return state


def rebuild_mask(base: NDArray[np.uint8] | Mask, events: Sequence[Event], base_threshold: float | None = None) -> Mask:
    """The mask of a draft, bool H×W, true = defect.

    base: bool H×W (an annotation's mask, or all false), or uint8 H×W (a proposal's probability map) with the threshold
    that held when the draft was opened. Raises StrokeError where the log cannot be drawn or a map lacks its threshold.
    """
    state = fold(events)
    if base.dtype == np.bool_:
        mask = base.astype(np.bool_)
    else:
        threshold = base_threshold if state.threshold is None else state.threshold
        if threshold is None:
            raise StrokeError("A probability map needs a threshold to become a mask.")
        mask = base >= cut(threshold)
    for stroke in state.strokes:
        paint(mask, stroke)
    return mask
