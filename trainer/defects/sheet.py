"""The print that is being damaged, and what all samplers draw in the same way."""

import math
from dataclasses import dataclass

import numpy as np

from trainer.defects.records import Lines, Point, Stroke, Tone

_WHOLE = (320.0, 1500.0)
"""Sides of whole prints in pixels: a small crop is mostly a part of a larger one."""


@dataclass(frozen=True)
class Sheet:
    """A picture of a print, or of a part of it."""

    height: int
    width: int
    side: float
    """Side in pixels of the whole print, of which the picture may be a part: the measure of all sizes."""
    paper: Tone
    """What shows where the emulsion is gone."""
    behind: Tone
    """What shows where the print is gone: the scanner's lid, black card, the backing."""

    @property
    def span(self) -> float:
        """The longer side of the picture in pixels."""
        return float(max(self.height, self.width))

    def place(self, chance: np.random.Generator) -> np.ndarray:
        """A point (x, y) anywhere on the picture."""
        return chance.uniform((0, 0), (self.width, self.height))

    def breadth(self, chance: np.random.Generator, low: float, high: float) -> float:
        """A width in pixels between two given for a print of 600 px; it grows with the root of the print's size."""
        return max(0.7, log_uniform(chance, low, high) * math.sqrt(self.side / 600))

    def paper_tone(self, chance: np.random.Generator) -> Tone:
        """Bare paper, never quite the same twice."""
        return scaled(self.paper, float(chance.uniform(0.92, 1.04)))


def draw_sheet(
    chance: np.random.Generator, height: int, width: int, cast: Tone, lightest: float | None = None
) -> Sheet:
    """The print of which a picture of this size shows a part, under a cast (gain per channel).

    The lights of a print are its bare paper: in every second one that shows in the tone of `lightest` (0 to 255), what
    white has become by ageing, so that brightness alone tells no damage from white cloth.
    """
    side = max(float(max(height, width)), log_uniform(chance, *_WHOLE))
    white, warmth = float(chance.uniform(190, 255)), float(chance.uniform(0, 0.16))
    aged = float(chance.random() * chance.random())
    if lightest is not None and chance.random() < 0.5:
        white, warmth, aged = lightest * float(chance.uniform(0.9, 1)), 0.25 * warmth, 1.0
    paper = tuple(white * gain**aged for gain in cast)
    paper = (paper[0], paper[1] * (1 - 0.4 * warmth), paper[2] * (1 - warmth))
    return Sheet(height, width, side, paper, _behind(chance, paper))


def _behind(chance: np.random.Generator, paper: Tone) -> Tone:
    what = chance.choice(["white", "black", "grey", "backing"], p=[0.3, 0.3, 0.2, 0.2])
    if what == "backing":
        return scaled(paper, float(chance.uniform(0.6, 0.95)))
    low, high = {"white": (235, 255), "black": (0, 35), "grey": (60, 215)}[str(what)]
    grey = float(chance.uniform(low, high))
    return (grey, grey * float(chance.uniform(0.96, 1)), grey * float(chance.uniform(0.92, 1)))


def log_uniform(chance: np.random.Generator, low: float, high: float) -> float:
    """As often between 1 and 2 as between 2 and 4."""
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))


def strength(chance: np.random.Generator, faint: float = 0.4, plain: float = 0.35) -> float:
    """An opacity: with probability `faint` hardly visible, else between `plain` and opaque."""
    return log_uniform(chance, 0.07, 0.35) if chance.random() < faint else float(chance.uniform(plain, 1))


def scaled(tone: Tone, gain: float) -> Tone:
    """A tone made brighter or darker, inside 0 to 255."""
    red, green, blue = (min(255.0, gain * value) for value in tone)
    return (red, green, blue)


def dark(chance: np.random.Generator) -> Tone:
    """Dirt and ink."""
    grey = float(chance.uniform(0, 70))
    return (grey, grey * float(chance.uniform(0.85, 1)), grey * float(chance.uniform(0.7, 1)))


def seed_from(chance: np.random.Generator) -> int:
    """The seed of a mark's own noise."""
    return int(chance.integers(2**31))


def points_of(points: np.ndarray) -> tuple[Point, ...]:
    """An array `n×2` as plain numbers, to a hundredth of a pixel: records stay short."""
    return tuple((x, y) for x, y in np.round(points, 2).tolist())


def stroke_of(path: np.ndarray, widths: np.ndarray) -> Stroke:
    """A path `n×2` and its widths `n` as a stroke."""
    return Stroke(points_of(path), tuple(np.round(widths, 2).tolist()))


def outline(
    chance: np.random.Generator,
    middle: np.ndarray,
    radius: float,
    *,
    stretch: float,
    turn: float | None = None,
    rough: float = 0.3,
) -> tuple[Point, ...]:
    """A bumpy closed curve around a middle point, stretched along `turn` (radians; None for any direction)."""
    if turn is None:
        turn = float(chance.uniform(0, np.pi))
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = np.ones_like(angles)
    for wave in range(1, 12):
        reach += rough / wave * chance.standard_normal() * np.cos(wave * angles + chance.uniform(0, 2 * np.pi))
    reach = radius * np.clip(reach, 0.25, 2.5)
    along, across = reach * np.cos(angles) * stretch, reach * np.sin(angles)
    turned = np.stack(
        [along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)], axis=1
    )
    return points_of(np.asarray(middle) + turned)


def jagged(chance: np.random.Generator, start: np.ndarray, end: np.ndarray, jag: float, step: float = 5) -> np.ndarray:
    """A line `n×2` that wavers at every scale (midpoint displacement), with a point about every `step` pixels."""
    points = np.stack([start, end]).astype(np.float64)
    length = float(np.linalg.norm(end - start))
    reach = jag
    while len(points) < max(3.0, length / step) and len(points) < 300:
        middles = (points[1:] + points[:-1]) / 2 + chance.normal(0, reach, (len(points) - 1, 2))
        woven = np.empty((2 * len(points) - 1, 2))
        woven[::2], woven[1::2] = points, middles
        points, reach = woven, 0.55 * reach
    return points


def widths_along(chance: np.random.Generator, count: int, width: float, vary: float) -> np.ndarray:
    """Widths of `count` points: a walk around `width`, stronger with `vary` (0 to 1)."""
    knots = max(2, count // 4 + 1)
    walk = np.exp(vary * chance.normal(0, 0.7, knots))
    return width * np.interp(np.linspace(0, knots - 1, count), np.arange(knots), walk)


def tapered(widths: np.ndarray, share: float) -> np.ndarray:
    """Widths that run out to a point over this share of both ends."""
    place = np.linspace(0, 1, len(widths))
    return np.asarray(widths * np.clip(np.minimum(place, 1 - place) / max(share, 1e-6) + 0.2, 0, 1))


def thing_tone(chance: np.random.Generator) -> Tone:
    """Of a thing in the picture: any brightness, not much colour."""
    grey = float(chance.uniform(150, 250) if chance.random() < 0.55 else chance.uniform(5, 100))
    red, green, blue = (float(value) for value in grey * chance.uniform(0.85, 1, 3))
    return (red, green, blue)


def thing_lines(chance: np.random.Generator, kind: str, strokes: list[Stroke], tone: Tone) -> Lines:
    """Lines of a thing in the picture: sharp or a little soft, and never faint."""
    softness = float(max(0.0, chance.uniform(-0.3, 1.2)))
    return Lines(kind, seed_from(chance), tuple(strokes), tone, float(chance.uniform(0.5, 1)), softness=softness)


def thing_line(chance: np.random.Generator, kind: str, path: np.ndarray, width: float, tone: Tone) -> Lines:
    """One line of one width along a path `n×2`."""
    return thing_lines(chance, kind, [stroke_of(path, np.full(len(path), width))], tone)
