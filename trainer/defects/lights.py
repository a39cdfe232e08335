"""Lights for the lookalikes: sharp, bright and small as damage is, and part of what was photographed."""

import numpy as np

from trainer.defects.records import Area, Mark, Specks, Stroke
from trainer.defects.sheet import (
    Sheet,
    log_uniform,
    outline,
    points_of,
    scaled,
    seed_from,
    stroke_of,
    tapered,
    thing_lines,
    thing_tone,
)


def draw_glints(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """Lights in eyes, on jewellery, buttons and wet leaves: small, soft, in ones, twos and rows."""
    count = int(chance.choice([1, 2, 2, 4, 9, 20]))
    size = sheet.breadth(chance, 0.8, 4)
    step = sheet.breadth(chance, 6, 40) * np.array([np.cos(turn := chance.uniform(0, 6.3)), np.sin(turn)])
    places = sheet.place(chance) + np.arange(count)[:, None] * step * (chance.random() < 0.6)
    places = places + chance.normal(0, 0.15 * float(np.linalg.norm(step)) + 1, (count, 2))
    if count > 4:
        places = sheet.place(chance) + chance.normal(0, 0.15 * sheet.span, (count, 2))
    specks = tuple(
        (float(x), float(y), size * float(chance.uniform(0.6, 1.3)), size * float(chance.uniform(0.4, 1)), 0.0)
        for x, y in np.round(places, 2)
    )
    light = float(chance.uniform(215, 255))
    glow = Specks("glint", specks, (light, light, light), float(chance.uniform(0.2, 0.5)), softness=1.2 * size)
    core = Specks("glint", specks, (light, light, light), float(chance.uniform(0.6, 1)), softness=0.35 * size)
    return glow, core


def draw_rims(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A lens, a dial, a plate, a wheel: arcs of light and dark around one middle, soft where the thing is round."""
    ring = _Ring(chance, sheet, 0.015, 0.2)
    marks = []
    for _ in range(int(chance.integers(1, 6))):
        start = float(chance.uniform(0, 2 * np.pi))
        path = ring.at(start + np.linspace(0, float(chance.uniform(0.4, 2 * np.pi)), 40), float(chance.uniform(0.4, 1)))
        widths = tapered(np.full(len(path), sheet.breadth(chance, 0.9, 7)), float(chance.uniform(0, 0.5)))
        marks.append(thing_lines(chance, "rim", [stroke_of(path, widths)], thing_tone(chance)))
    return tuple(marks)


def draw_knob(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A milled knob, a wheel, a brooch that shines: a broad white arc, cut by the dark between its teeth."""
    ring = _Ring(chance, sheet, 0.015, 0.12)
    width = ring.radius * float(chance.uniform(0.1, 0.6))
    start, length = float(chance.uniform(0, 2 * np.pi)), float(chance.uniform(0.3, 2.5))
    path = ring.at(start + np.linspace(0, length, 30), 1.0)
    light = float(chance.uniform(215, 255))
    white = (light, light * float(chance.uniform(0.95, 1)), light * float(chance.uniform(0.9, 1)))
    shine = stroke_of(path, tapered(np.full(len(path), width), float(chance.uniform(0.1, 0.5))))
    marks: list[Mark] = []
    if chance.random() < 0.6:
        dark = float(chance.uniform(5, 130))
        body = points_of(ring.at(np.linspace(0, 2 * np.pi, 48, endpoint=False), 1.0 + 0.5 * width / ring.radius))
        opacity, softness = float(chance.uniform(0.5, 1)), float(chance.uniform(0.5, 2))
        marks.append(Area("knob", seed_from(chance), (body,), (dark, dark, dark), opacity, softness))
    marks.append(thing_lines(chance, "knob", [shine], white))
    step = max(2.2, float(sheet.breadth(chance, 2.2, 9))) / ring.radius
    if chance.random() < 0.7 and length / step < 80:
        teeth: list[Stroke] = []
        for angle in start + np.arange(-0.1, length + 0.1, step):
            inner, outer = (ring.at(np.array([angle]), 1.0 + side * width / ring.radius)[0] for side in (-0.55, 0.6))
            teeth.append(stroke_of(np.stack([inner, outer]), np.full(2, max(0.7, 0.4 * step * ring.radius))))
        marks.append(thing_lines(chance, "knob", teeth, scaled(white, float(chance.uniform(0.1, 0.7)))))
    return tuple(marks)


def draw_gaps(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """Sky between leaves, flowers, lit windows far away: many small bright shapes, close together."""
    middle, spread = sheet.place(chance), min(sheet.side * log_uniform(chance, 0.03, 0.2), 0.25 * sheet.span)
    size = sheet.breadth(chance, 0.9, 6)
    stretch = chance.uniform(0.4, 1, 2)
    shapes = tuple(
        outline(
            chance,
            middle + stretch * chance.normal(0, spread, 2),
            size * log_uniform(chance, 0.4, 2),
            stretch=log_uniform(chance, 1, 3),
            rough=0.5,
        )
        for _ in range(int(log_uniform(chance, 4, 50)))
    )
    light = float(chance.uniform(150, 255))
    tone = (light * float(chance.uniform(0.85, 1)), light * float(chance.uniform(0.9, 1)), light)
    opacity, softness = float(chance.uniform(0.5, 1)), float(chance.uniform(0.3, 1.6))
    return (Area("gap", seed_from(chance), shapes, tone, opacity, softness),)


class _Ring:
    """A round thing, seen at a slant."""

    def __init__(self, chance: np.random.Generator, sheet: Sheet, least: float, most: float) -> None:
        self._middle = sheet.place(chance)
        self.radius = max(3.0, min(sheet.side * log_uniform(chance, least, most), 0.3 * sheet.span))
        """In pixels, where it is seen at no slant."""
        squash, turn = float(chance.uniform(0.5, 1)), float(chance.uniform(0, np.pi))
        self._along = np.array([np.cos(turn), np.sin(turn)])
        self._across = squash * np.array([-np.sin(turn), np.cos(turn)])

    def at(self, angles: np.ndarray, share: float) -> np.ndarray:
        """Points `n×2` at angles `n` in radians, at this share of the radius."""
        around = np.cos(angles)[:, None] * self._along + np.sin(angles)[:, None] * self._across
        return np.asarray(self._middle + share * self.radius * around)
