"""A page made of strips one below the other, each drawn by matplotlib and measured in inches from its top left."""

import textwrap
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from inference.arrays import Pixels
from trainer.evaluation.tables import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Thing = TypeVar("Thing")

WIDTH, MARGIN = 12.0, 0.5
LINE = 0.25
"""From one line of a table to the next."""
INK, SOFT, RULE = "#1d1d1f", "#6e6e73", "#d9d9de"
_DOTS = 110
_REMARK_LINE, _REMARK_LETTERS = 0.2, 160
"""From one line of a remark to the next, and how many letters fit in it."""


class Strip:
    """A strip of the page, all its width; lengths are measured from its top left."""

    def __init__(self, height: float) -> None:
        self.height = round(height * _DOTS) / _DOTS
        self._figure = Figure(figsize=(WIDTH, self.height), dpi=_DOTS, facecolor="white")

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Text with its baseline at `y`."""
        look = {"fontsize": 9.5, "color": INK, "parse_math": False, **style}
        self._figure.text(x / WIDTH, 1 - y / self.height, text, **look)

    def box(self, x: float, y: float, width: float, height: float, colour: str | tuple[float, ...]) -> None:
        """A filled rectangle."""
        corner = (x / WIDTH, 1 - (y + height) / self.height)
        self._figure.add_artist(Rectangle(corner, width / WIDTH, height / self.height, facecolor=colour, linewidth=0))

    def axes(self, x: float, y: float, width: float, height: float) -> "Axes":
        """Axes with their top left at (x, y)."""
        return self._figure.add_axes((x / WIDTH, 1 - (y + height) / self.height, width / WIDTH, height / self.height))

    def pixels(self) -> Pixels:
        """The strip drawn, `uint8 H×W×3`."""
        buffer = BytesIO()
        self._figure.savefig(buffer, format="rgba")
        width, height = round(WIDTH * _DOTS), round(self.height * _DOTS)
        return np.frombuffer(buffer.getvalue(), np.uint8).reshape(height, width, 4)[..., :3]

    def picture(self, x: float, y: float, width: float, height: float, pixels: Pixels) -> None:
        """`uint8 H×W×3` in a place of its own shape."""
        axes = self.axes(x, y, width, height)
        axes.imshow(pixels, aspect="auto", interpolation="lanczos")
        axes.set_axis_off()


def stacked(strips: Sequence[Strip]) -> Pixels:
    """The page: `uint8 H×W×3`."""
    return np.concatenate([strip.pixels() for strip in strips])


def drawn_table(
    sections: Sequence[tuple[str, Sequence[Row]]], headings: Mapping[str, str], remark: str
) -> Strip:  # fmt: skip
    """Rows in titled sections below their headings (by key of the figures), with a remark at the end."""
    remarks = textwrap.wrap(remark, _REMARK_LETTERS)
    part = Strip(LINE * (1 + sum(2 + len(rows) for _, rows in sections)) + 0.2 + _REMARK_LINE * len(remarks))
    first = 5.0
    rights = [first + (WIDTH - MARGIN - first) * (place + 1) / len(headings) for place in range(len(headings))]
    for right, heading in zip(rights, headings.values(), strict=True):
        part.text(right, 0.17, heading, ha="right", color=SOFT)
    y = LINE
    for title, rows in sections:
        part.box(MARGIN, y, WIDTH - 2 * MARGIN, 0.012, RULE)
        y += LINE
        part.text(MARGIN, y - 0.02, short(title, 90), fontweight="bold")
        for name, figures, style in rows:
            y += LINE
            look = {"color": SOFT if style == "dim" else INK, "fontweight": "bold" if style == "bold" else "normal"}
            part.text(MARGIN + 0.15, y - 0.02, short(name, 60), **look)
            for right, key in zip(rights, headings, strict=True):
                part.text(right, y - 0.02, figures.get(key, "–"), ha="right", **look)
        y += LINE
    for number, line in enumerate(remarks):
        part.text(MARGIN, y + 0.1 + _REMARK_LINE * number, line, color=SOFT, fontsize=8.5)
    return part


def evenly(ordered: Sequence[Thing], most: int) -> list[Thing]:
    """At most `most` of them, evenly chosen, the first and the last among them."""
    places = np.unique(np.linspace(0, len(ordered) - 1, min(most, len(ordered))).round().astype(int))
    return [ordered[place] for place in places]


def decoded(jpeg: bytes) -> Pixels:
    """A picture kept as JPEG, `uint8 H×W×3` RGB."""
    with Image.open(BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB"))


def short(text: str, most: int) -> str:
    """The text, cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
