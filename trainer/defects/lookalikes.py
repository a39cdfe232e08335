"""Things that look like defects and are none, drawn on the clean photo before it ages.

They are blurred, grained and toned with the photo. That is what tells them from damage, which lies on the print.
"""

import string
from collections.abc import Callable

import cv2
import numpy as np

from trainer.defects.dress import draw_bow, draw_collar, draw_sitter
from trainer.defects.lights import draw_gaps, draw_glints, draw_knob, draw_rims
from trainer.defects.lines import curl
from trainer.defects.records import Area, Lines, Mark, Pattern, Point, Stroke, Text, Tone
from trainer.defects.sheet import (
    Sheet,
    log_uniform,
    outline,
    points_of,
    scaled,
    seed_from,
    stroke_of,
    tapered,
    thing_line,
    thing_lines,
    thing_tone,
)

_Drawer = Callable[[np.random.Generator, Sheet], tuple[Mark, ...]]
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip


LOOKALIKES = (
    "wire", "twig", "strands", "text", "glint", "gap", "cloth", "garment", "collar", "bow", "sitter", "edge",
    "rim", "knob", "frame",
)  # fmt: skip


def draw_lookalikes(
    chance: np.random.Generator, sheet: Sheet, count: int, kinds: tuple[str, ...] = LOOKALIKES
) -> tuple[Mark, ...]:
    """Some of them, each kind as likely. A white border comes last: nothing of the photo lies over it."""
    names = sorted((str(name) for name in chance.choice(kinds, count)), key=lambda name: name == "frame")
    return tuple(mark for name in names for mark in _DRAWERS[name](chance, sheet))


def _wire(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A wire, straw, cigarette or seam: smooth, of one width, lit from one side."""
    width = sheet.breadth(chance, 0.8, 9)
    length = min(sheet.side * log_uniform(chance, 0.05, 1.0), 1.5 * sheet.span)
    path = curl(chance, sheet.place(chance), length, float(chance.choice([0.02, 0.15, 0.5])))
    tone = thing_tone(chance)
    body = thing_line(chance, "wire", path, width, tone)
    if width < 2.5:
        return (body,)
    lit = path + 0.22 * width * np.array([1.0, -1.0])
    return body, thing_line(chance, "wire", lit, 0.4 * width, scaled(tone, float(chance.uniform(0.5, 1.6))))


def _twig(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A branch that forks and grows thinner."""
    length, width = min(sheet.side * log_uniform(chance, 0.06, 0.4), sheet.span), sheet.breadth(chance, 1.2, 6)
    strokes: list[Stroke] = []
    ends = [(sheet.place(chance), float(chance.uniform(0, 2 * np.pi)), length, width)]
    for _ in range(3):
        grown = []
        for start, heading, reach, thick in ends:
            bends = heading + np.cumsum(chance.normal(0, 0.12, 8))
            path = start + np.cumsum(np.stack([np.cos(bends), np.sin(bends)], axis=1) * (reach / 8), axis=0)
            strokes.append(stroke_of(np.concatenate([[start], path]), np.linspace(thick, 0.65 * thick, 9)))
            for _ in range(int(chance.integers(1, 4))):
                grown.append((path[int(chance.integers(3, 8))], bends[-1] + float(chance.normal(0, 0.6)),
                              reach * float(chance.uniform(0.4, 0.8)), max(0.6, 0.6 * thick)))  # fmt: skip
        ends = grown
    return (thing_lines(chance, "twig", strokes, thing_tone(chance)),)


def _strands(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A lock of hair: many thin curves that go the same way."""
    width = sheet.breadth(chance, 0.7, 1.5)
    spine = curl(chance, sheet.place(chance), min(sheet.side * log_uniform(chance, 0.06, 0.4), sheet.span))
    spread = sheet.breadth(chance, 4, 25)
    strokes = []
    for _ in range(int(log_uniform(chance, 3, 28))):
        aside = np.linspace(chance.normal(0, spread, 2), chance.normal(0, spread, 2), len(spine))
        strokes.append(stroke_of(spine + aside, tapered(np.full(len(spine), width), 0.3)))
    return (thing_lines(chance, "strands", strokes, thing_tone(chance)),)


def _text(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A caption, a date, a line of handwriting."""
    size = sheet.breadth(chance, 8, 28)
    x, y = sheet.place(chance)
    if chance.random() < 0.5:
        y = sheet.height * float(chance.choice([0.06, 0.97]))
    turn = float(chance.normal(0, 0.05)) if chance.random() < 0.8 else float(chance.uniform(-1.6, 1.6))
    return (_writing(chance, "text", (float(x) - 3 * size, float(y), turn), size, thing_tone(chance)),)


def _writing(
    chance: np.random.Generator, kind: str, start: tuple[float, float, float], size: float, tone: Tone
) -> Text:
    """Writing of any words that begins at x, y and runs at an angle, with capitals `size` pixels high."""
    letters = string.digits if chance.random() < 0.3 else string.ascii_letters + "    .,'-"
    words = "".join(str(letter) for letter in chance.choice(list(letters), int(chance.integers(3, 22)))).strip()
    return Text(
        kind=kind,
        text=words or "1926",
        font=int(chance.choice(_FONTS)),
        size=size,
        thickness=max(1, round(size * float(chance.uniform(0.05, 0.2)))),
        x=start[0],
        y=start[1],
        turn=start[2],
        tone=tone,
        opacity=float(chance.uniform(0.5, 1)),
    )


def _cloth(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """Woven, knitted or striped cloth, or lace."""
    radius = min(sheet.side * log_uniform(chance, 0.04, 0.2), 0.25 * sheet.span)
    around = outline(chance, sheet.place(chance), radius, stretch=log_uniform(chance, 1, 2.5))
    return (
        Pattern(
            kind="cloth",
            outline=around,
            pattern=str(chance.choice(["weave", "stripes", "knit", "lace"])),
            period=sheet.breadth(chance, 3, 16),
            turn=float(chance.uniform(0, np.pi)),
            contrast=log_uniform(chance, 10, 100),
            softness=float(chance.uniform(0.6, 6)),
        ),
    )


def _garment(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A shirt, a bow, a sheet on the line: large, bright, its folds and shades showing faintly."""
    radius = min(sheet.side * log_uniform(chance, 0.03, 0.25), 0.3 * sheet.span)
    around = outline(chance, sheet.place(chance), radius, stretch=log_uniform(chance, 1, 3))
    light = float(chance.uniform(165, 252))
    tone = (light, light * float(chance.uniform(0.95, 1)), light * float(chance.uniform(0.9, 1)))
    body = Area(
        "garment", seed_from(chance), (around,), tone, float(chance.uniform(0.8, 0.97)),
        softness=float(chance.uniform(0.4, 2)),
    )  # fmt: skip
    folds = []
    for _ in range(int(chance.integers(0, 4))):
        start = np.asarray(around[int(chance.integers(len(around)))])
        path = curl(chance, start, radius * float(chance.uniform(0.3, 1.5)))
        folds.append(stroke_of(path, tapered(np.full(len(path), sheet.breadth(chance, 1.5, 8)), 0.3)))
    if not folds:
        return (body,)
    shade, opacity = scaled(tone, float(chance.uniform(0.5, 0.9))), float(chance.uniform(0.2, 0.7))
    softness = float(chance.uniform(1, 4))
    return body, Lines("garment", seed_from(chance), tuple(folds), shade, opacity, softness=softness)


def _edge(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A collar, a sleeve, a sheet of paper: a bright shape with clean edges beside a dark one."""
    middle, radius = sheet.place(chance), min(sheet.side * log_uniform(chance, 0.02, 0.1), 0.1 * sheet.span)
    angles = np.sort(chance.uniform(0, 2 * np.pi, int(chance.integers(3, 7))))
    corners = middle + radius * np.stack([np.cos(angles), np.sin(angles)], 1) * chance.uniform(0.4, 1.6, (1, 2))
    softness = float(chance.uniform(0.4, 1.5))
    away = chance.normal(0, 0.25 * radius, 2)
    bright, shade = float(chance.uniform(170, 250)), float(chance.uniform(5, 80))
    return tuple(
        Area("edge", seed_from(chance), (points_of(corners + shift),), (tone, tone, tone), 1.0, softness=softness)
        for shift, tone in ((away, shade), (np.zeros(2), bright))
    )


def _frame(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """The plain white border of a print, or the black one of a film, often written on: straight, clean, and aged."""
    widths = sheet.breadth(chance, 4, 30) * chance.uniform(0.6, 1.4, 4)
    widths = np.minimum(widths, 0.09 * min(sheet.height, sheet.width)) * (chance.random(4) < 0.8)
    low, right = sheet.height - widths[2], sheet.width - widths[1]
    inner = np.array([[widths[3], widths[0]], [right, widths[0]], [right, low], [widths[3], low]])
    inner = inner + chance.normal(0, 0.6, inner.shape)
    outer: tuple[Point, ...] = ((-9, -9), (sheet.width + 9, -9), (sheet.width + 9, sheet.height + 9),
                                (-9, sheet.height + 9))  # fmt: skip
    white = float(chance.uniform(205, 255) if chance.random() < 0.75 else chance.uniform(0, 30))
    tone = (white, white, white)
    marks: list[Mark] = [
        Area("frame", seed_from(chance), (outer, points_of(inner)), tone, 1.0, softness=float(chance.uniform(0, 1)))
    ]
    if chance.random() < 0.3:
        path = np.concatenate([inner, inner[:1]])
        marks.append(thing_line(chance, "frame", path, sheet.breadth(chance, 0.8, 2), scaled(tone, 0.3)))
    if chance.random() < 0.5:
        marks += _on_border(chance, sheet, widths, white)
    return tuple(marks)


def _on_border(chance: np.random.Generator, sheet: Sheet, widths: np.ndarray, ground: float) -> list[Mark]:
    """A number or a note on one side of a border, as wide as `widths` (above, right, below, left) and as light."""
    side = int(chance.integers(4))
    size = float(widths[side] * chance.uniform(0.4, 0.8))
    if size < 3:
        return []
    ink = float(chance.uniform(0, 90) if ground > 128 else chance.uniform(170, 255))
    aside = 0.5 * (float(widths[side]) + size)
    along = float(chance.uniform(0, 0.8))
    x, y, turn = (
        (along * sheet.width, aside, 0.0),
        (sheet.width - aside, along * sheet.height, 0.5 * np.pi),
        (along * sheet.width, sheet.height - aside + size, 0.0),
        (aside, (1 - along) * sheet.height, -0.5 * np.pi),
    )[side]
    return [_writing(chance, "frame", (x, y, turn + float(chance.normal(0, 0.03))), size, (ink, ink, ink))]


_DRAWERS: dict[str, _Drawer] = {
    "wire": _wire,
    "twig": _twig,
    "strands": _strands,
    "text": _text,
    "glint": draw_glints,
    "gap": draw_gaps,
    "cloth": _cloth,
    "garment": _garment,
    "collar": draw_collar,
    "bow": draw_bow,
    "sitter": draw_sitter,
    "edge": _edge,
    "rim": draw_rims,
    "knob": draw_knob,
    "frame": _frame,
}
