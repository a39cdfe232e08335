"""What a mark does to which pixels. Pure functions of one entry of a record and the size of the photo."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from inference.arrays import Field
from trainer.defects.records import Point, Tone

Canvas = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]
_SHIFT = 4
"""OpenCV draws with coordinates in sixteenths of a pixel."""
_FINER = 2
"""Lines and specks are drawn so much larger, then scaled down: half pixels count."""


@dataclass(frozen=True)
class Window:
    """A rectangle of the photo."""

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def around(cls, points: npt.ArrayLike, margin: float, height: int, width: int) -> "Window | None":
        """The rectangle around points (x, y) and a margin, as far as it lies on a photo of this size."""
        listed = np.asarray(points, dtype=np.float64)
        left, top = (max(0, int(low)) for low in np.floor(listed.min(axis=0) - margin))
        right, bottom = (int(high) + 1 for high in np.ceil(listed.max(axis=0) + margin))
        right, bottom = min(width, right), min(height, bottom)
        return cls(top, left, bottom - top, right - left) if right > left and bottom > top else None

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the photo."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def canvas(self, finer: int = 1) -> Canvas:
        """An empty canvas, `finer` times as large as the window."""
        return np.zeros((self.height * finer, self.width * finer), dtype=np.uint8)

    def fixed(self, points: npt.ArrayLike, finer: int = 1) -> npt.NDArray[np.int32]:
        """Points of the photo in sixteenths of a pixel of the canvas."""
        relative = (np.asarray(points, dtype=np.float64) - (self.left, self.top)) * finer + (finer - 1) / 2
        return np.rint(relative * (1 << _SHIFT)).astype(np.int32)


@dataclass(frozen=True)
class Layer:
    """What a mark does to the pixels of its window that it touches; everything else stays."""

    window: Window
    rows: Places
    """Rows inside the window, one per touched pixel."""
    columns: Places
    shape: Field
    """`float32 n`: 0 = beside the mark, 1 = inside."""
    weight: Field
    """`float32 n`: how much of the pixel is replaced by the tone, 0 to 1."""
    tone: Field
    """`float32 n×3` or `1×3`, RGB, 0 to 255."""
    shade: Field | None = None
    """`float32 n`: brightness added beside or over the mark, in levels."""
    soaked: bool = False
    """The tone filters the photo, as coffee does, instead of covering it."""
    seen_from: float = 1.0
    """Share of what makes a single pixel visible from which this mark is seen."""

    @property
    def strongest(self) -> Field:
        """No pixel of any photo changes by more levels than this, `float32 n`."""
        return self.weight * np.float32(255) if self.shade is None else self.weight * 255 + np.abs(self.shade)


def places_of(canvas: Canvas) -> tuple[Places, Places]:
    """Rows and columns of all pixels of a canvas that are not empty."""
    flat = np.flatnonzero(canvas)
    rows, columns = np.divmod(flat, canvas.shape[1])
    return rows, columns


def share(canvas: Canvas, rows: Places, columns: Places) -> Field:
    """Values of a canvas at these places as shares of 1."""
    return np.asarray(canvas[rows, columns] * np.float32(1 / 255), dtype=np.float32)


def in_photo(window: Window, rows: Places, columns: Places) -> tuple[Field, Field]:
    """Rows and columns of the photo, for noise that does not move with the window."""
    return (rows + window.top).astype(np.float32), (columns + window.left).astype(np.float32)


def toned(tone: Tone, relief: Field | None = None) -> Field:
    """A tone, `1×3`, or with its relief (levels added per pixel), `n×3`, inside 0 to 255."""
    plain = np.asarray(tone, dtype=np.float32)[None]
    return plain if relief is None else np.clip(plain + relief[:, None], 0, 255)


def draw_strokes(window: Window, strokes: tuple[tuple[tuple[Point, ...], tuple[float, ...]], ...]) -> Canvas:
    """Polylines (points, widths) as a canvas of the window, 255 = covered."""
    canvas = window.canvas(_FINER)
    for points, widths in strokes:
        fixed = window.fixed(points, _FINER)
        thick = (np.asarray(widths[:-1]) + np.asarray(widths[1:])) * (_FINER / 2)
        for place, width in enumerate(thick):
            value = round(255 * min(1.0, max(0.15, width)))
            start, end = fixed[place], fixed[place + 1]
            cv2.line(
                canvas, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), value, max(1, round(width)),
                cv2.LINE_AA, _SHIFT,
            )  # fmt: skip
    return smaller(canvas, window)


def draw_ellipses(window: Window, specks: tuple[tuple[float, float, float, float, float], ...]) -> Canvas:
    """Ellipses (x, y, half length, half width, degrees) as a canvas of the window, 255 = covered."""
    canvas = window.canvas(_FINER)
    for x, y, length, breadth, angle in specks:
        centre = window.fixed([(x, y)], _FINER)[0]
        axes = (max(4, round(length * 16 * _FINER)), max(4, round(breadth * 16 * _FINER)))
        cv2.ellipse(canvas, (int(centre[0]), int(centre[1])), axes, angle, 0, 360, 255, -1, cv2.LINE_AA, _SHIFT)
    return smaller(canvas, window)


def fill(window: Window, outlines: tuple[tuple[Point, ...], ...]) -> Canvas:
    """Closed curves as a canvas of the window, 255 = inside an odd number of them."""
    canvas = window.canvas()
    cv2.fillPoly(canvas, [window.fixed(outline) for outline in outlines], 255, cv2.LINE_AA, _SHIFT)
    return canvas


def smaller(canvas: Canvas, window: Window) -> Canvas:
    """A finer canvas scaled down to its window."""
    size = (window.width, window.height)
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def soften(canvas: Canvas, softness: float) -> Canvas:
    """A canvas blurred by a standard deviation in pixels; beyond 4 px by way of a smaller one, which nobody sees."""
    if softness <= 0:
        return canvas
    step = int(softness // 4) + 1
    height, width = canvas.shape
    if step == 1 or min(height, width) < 4 * step:
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), softness), dtype=np.uint8)
    small = cv2.resize(canvas, (width // step, height // step), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), softness / step)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def shifted(canvas: Canvas, right: int, down: int) -> Canvas:
    """A canvas moved by whole pixels; what comes in is empty."""
    moved = np.zeros_like(canvas)
    height, width = canvas.shape
    if abs(right) < width and abs(down) < height:
        moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = canvas[
            max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)
        ]
    return moved
