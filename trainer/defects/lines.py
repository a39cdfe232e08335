"""Lines from chance: scratches, creases, networks of cracks, hairs."""

import numpy as np

from trainer.defects.records import Lines, Stroke, Tone
from trainer.defects.sheet import (
    Sheet,
    dark,
    jagged,
    log_uniform,
    scaled,
    seed_from,
    strength,
    stroke_of,
    tapered,
    widths_along,
)

_FROM_TRANSPORT = 0.35
"""Share of the groups of scratches that run along a film."""


def draw_scratches(chance: np.random.Generator, sheet: Sheet) -> Lines:
    """A group of thin, nearly parallel scratches, or what the transport of a film leaves all over it."""
    strokes = _transport(chance, sheet) if chance.random() < _FROM_TRANSPORT else _parallel(chance, sheet)
    return Lines(
        kind="scratch",
        seed=seed_from(chance),
        strokes=tuple(strokes),
        tone=_scratch_tone(chance, sheet),
        opacity=strength(chance, 0.48),
        softness=float(max(0.0, chance.uniform(-0.6, 0.7))),
        gaps=float(chance.uniform(0.05, 0.7)) if chance.random() < 0.57 else 0.0,
        gap_size=log_uniform(chance, 3, 50),
    )


def _parallel(chance: np.random.Generator, sheet: Sheet) -> list[Stroke]:
    """One to eight beside one another, in any direction."""
    turn = _direction(chance)
    middle = sheet.place(chance)
    length = min(sheet.side * log_uniform(chance, 0.03, 1.0), 1.5 * sheet.span)
    breadth = sheet.breadth(chance, 0.7, 2.2)
    count = int(chance.choice([1, 1, 2, 3, 5, 8]))
    strokes = []
    for _ in range(count):
        start = middle + chance.normal(0, 0.02 + 0.12 * chance.random(), 2) * sheet.span * (count > 1)
        reach = length * float(chance.uniform(0.4, 1.2))
        bend = float(chance.normal(0, 0.05)) * float(chance.random() < 0.6)
        path = _curve(start, turn + float(chance.normal(0, 0.04)), reach, bend)
        widths = widths_along(chance, len(path), breadth * float(chance.uniform(0.7, 1.3)), 0.35)
        strokes.append(stroke_of(path, tapered(widths, 0.35)))
    return strokes


def _transport(chance: np.random.Generator, sheet: Sheet) -> list[Stroke]:
    """Hairlines along the run of a film: straight, parallel, dashed, faint or plain, anywhere on the frame."""
    run = float(chance.choice([0.0, np.pi / 2])) + float(chance.normal(0, 0.012))
    breadth = sheet.breadth(chance, 0.5, 1.3)
    longest = log_uniform(chance, 0.03, 1.2)
    strokes = []
    for _ in range(int(log_uniform(chance, 2, 40))):
        reach = min(sheet.side * log_uniform(chance, 0.012, longest), 2 * sheet.span)
        path = _curve(sheet.place(chance), run + float(chance.normal(0, 0.006)), reach, float(chance.normal(0, 0.003)))
        widths = widths_along(chance, len(path), breadth * float(chance.uniform(0.35, 1.3)), 0.3)
        strokes.append(stroke_of(path, tapered(widths, float(chance.uniform(0.02, 0.3)))))
    return strokes


def draw_crease(chance: np.random.Generator, sheet: Sheet) -> Lines:
    """A fold: cracked to the paper, or only pressed, with a light and a dark flank; branched and jagged."""
    start, end = _crossing(chance, sheet)
    length = float(np.linalg.norm(end - start))
    way = str(chance.choice(["cracked", "pressed", "broad"], p=[0.62, 0.22, 0.16]))
    breadth = sheet.breadth(chance, 0.8, 4.5) if way == "cracked" else sheet.breadth(chance, 0.8, 2)
    trunk = jagged(chance, start, end, min(0.012 * length, 0.02 * sheet.side) * float(chance.uniform(0.3, 1.4)))
    strokes = [stroke_of(trunk, tapered(widths_along(chance, len(trunk), breadth, 0.6), 0.08))]
    if way == "cracked":
        strokes += _companions(chance, trunk, breadth) + _branches(chance, trunk, breadth, sheet)
    flank = {
        "cracked": breadth * float(chance.uniform(1, 2.5)) * float(chance.random() < 0.5),
        "pressed": sheet.breadth(chance, 1.5, 4),
        "broad": sheet.breadth(chance, 4, 9),
    }[way]
    lit = float(chance.uniform(8, 55))
    return Lines(
        kind="crease",
        seed=seed_from(chance),
        strokes=tuple(strokes),
        tone=sheet.paper_tone(chance) if chance.random() < 0.9 else dark(chance),
        opacity=strength(chance, 0.25, 0.55) if way == "cracked" else float(chance.uniform(0, 0.3)),
        softness=float(max(0.0, chance.uniform(-0.5, 0.9))),
        fray=float(chance.uniform(0.15, 0.8)),
        gaps=float(chance.uniform(0.05, 0.6)) if chance.random() < 0.4 else 0.0,
        gap_size=log_uniform(chance, 4, 60),
        flank=flank,
        light=lit if flank else 0.0,
        dark=lit * float(chance.uniform(0.3, 1.6)) if flank else 0.0,
        lit_from=float(chance.uniform(0, 2 * np.pi)),
    )


def draw_cracks(chance: np.random.Generator, sheet: Sheet) -> Lines:
    """A network of fine cracks in the emulsion: cells whose walls are partly there."""
    middle = sheet.place(chance)
    cell = sheet.breadth(chance, 7, 40)
    reach = max(2.5 * cell, min(sheet.side * log_uniform(chance, 0.06, 0.35), 0.6 * sheet.span))
    breadth = sheet.breadth(chance, 0.7, 1.6)
    knots = _knots(chance, middle, reach, cell)
    walls = _walls(knots)
    far = np.linalg.norm(walls.mean(axis=1) - middle, axis=1) / reach
    drawn = chance.random(len(walls)) < float(chance.uniform(0.35, 0.85)) * (1.25 - far)
    drawn[np.argmin(far)] = True
    paths = _shaken(chance, walls[drawn], 0.12 * cell)
    widths = breadth * (1.2 - 0.5 * far[drawn, None]) * np.exp(chance.normal(0, 0.2, paths.shape[:2]))
    strokes = [stroke_of(path, width) for path, width in zip(paths, widths, strict=True)]
    light = chance.random() < 0.6
    return Lines(
        kind="crack",
        seed=seed_from(chance),
        strokes=tuple(strokes),
        tone=sheet.paper_tone(chance) if light else dark(chance),
        opacity=strength(chance),
        softness=float(max(0.0, chance.uniform(-0.5, 0.6))),
        fray=float(chance.uniform(0, 0.4)),
        gaps=float(chance.uniform(0, 0.3)),
    )


def draw_hairs(chance: np.random.Generator, sheet: Sheet) -> Lines:
    """One to a few curled fibres that lay on the glass."""
    breadth = sheet.breadth(chance, 0.8, 2)
    middle = sheet.place(chance)
    strokes = []
    for _ in range(int(chance.choice([1, 1, 1, 2, 4]))):
        length = min(sheet.side * log_uniform(chance, 0.03, 0.4), 1.2 * sheet.span)
        path = curl(chance, middle + chance.normal(0, 0.1 * sheet.span, 2), length)
        strokes.append(stroke_of(path, tapered(widths_along(chance, len(path), breadth, 0.15), 0.06)))
    light = chance.random() < 0.55
    return Lines(
        kind="hair",
        seed=seed_from(chance),
        strokes=tuple(strokes),
        tone=scaled(sheet.paper, 1.1) if light else dark(chance),
        opacity=strength(chance, 0.3),
        softness=float(max(0.0, chance.uniform(-0.3, 0.9))),
    )


def curl(chance: np.random.Generator, start: np.ndarray, length: float, curve: float = 1.0) -> np.ndarray:
    """A smooth path `n×2` whose curvature wanders."""
    count = int(np.clip(length / 4, 8, 90))
    turns = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 6), chance.normal(0, 1, 6))
    headings = chance.uniform(0, 2 * np.pi) + curve * np.cumsum(turns) * (5 / count)
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / count)
    return np.asarray(start + np.cumsum(steps, axis=0))


def _direction(chance: np.random.Generator) -> float:
    """Film scratches follow its run, up or across; others go anywhere."""
    if chance.random() < 0.5:
        return float(chance.choice([0.0, np.pi / 2])) + float(chance.normal(0, 0.015))
    return float(chance.uniform(0, np.pi))


def _scratch_tone(chance: np.random.Generator, sheet: Sheet) -> Tone:
    what = chance.random()
    if what < 0.72:
        return sheet.paper_tone(chance)
    if what < 0.92:
        return dark(chance)
    gains = chance.uniform(0.45, 1, 3)  # through one layer of a colour film
    return (255 * float(gains[0]), 255 * float(gains[1]), 255 * float(gains[2]))


def _curve(start: np.ndarray, heading: float, length: float, bend: float) -> np.ndarray:
    count = int(np.clip(length / 12, 8, 40))
    headings = heading + bend * np.linspace(-4, 4, count)
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / count)
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return np.asarray(start - 0.5 * path[-1] + path)


def _crossing(chance: np.random.Generator, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of a crease: across a corner, straight through, or from somewhere to somewhere."""
    where = str(chance.choice(["corner", "straight", "anywhere"], p=[0.22, 0.2, 0.58]))
    if where == "corner":
        reach = chance.uniform(0.04, 0.4) * sheet.side * chance.uniform(0.6, 1.5, 2)
        corner = np.array([chance.choice([0, sheet.width]), chance.choice([0, sheet.height])], dtype=np.float64)
        inward = np.where(corner > 0, -1, 1)
        start, end = corner + inward * reach * np.eye(2)
        return start, end
    middle = sheet.place(chance)
    heading = float(chance.choice([0, np.pi / 2]) + chance.normal(0, 0.03))
    if where == "anywhere":
        heading = float(chance.uniform(0, np.pi))
    limit = 0.8 * sheet.span
    far = np.minimum(sheet.side * np.exp(chance.uniform(np.log(0.03), np.log(1.2), 2)), limit)
    along = np.array([np.cos(heading), np.sin(heading)])
    return middle - far[0] * along, middle + far[1] * along


def _companions(chance: np.random.Generator, trunk: np.ndarray, breadth: float) -> list[Stroke]:
    """Hairlines beside a crease, where the paper folded more than once."""
    strokes = []
    for _ in range(int(chance.poisson(0.9))):
        first, last = np.sort(chance.integers(0, len(trunk), 2))
        if last - first < 2:
            continue
        aside = chance.normal(0, 1, 2)
        aside *= breadth * chance.uniform(1, 3) / max(1e-6, float(np.linalg.norm(aside)))
        path = trunk[first : last + 1] + aside + chance.normal(0, 0.2 * breadth, (last + 1 - first, 2))
        widths = widths_along(chance, len(path), max(0.6, 0.3 * breadth), 0.3)
        strokes.append(stroke_of(path, tapered(widths, 0.3)))
    return strokes


def _branches(chance: np.random.Generator, trunk: np.ndarray, breadth: float, sheet: Sheet) -> list[Stroke]:
    strokes = []
    for _ in range(int(chance.poisson(1.4))):
        root = trunk[int(chance.integers(len(trunk)))]
        heading = float(chance.uniform(0, 2 * np.pi))
        reach = min(sheet.side * log_uniform(chance, 0.02, 0.3), 0.7 * sheet.span)
        path = jagged(chance, root, root + reach * np.array([np.cos(heading), np.sin(heading)]), 0.03 * reach)
        widths = widths_along(chance, len(path), breadth * float(chance.uniform(0.25, 0.7)), 0.4)
        strokes.append(stroke_of(path, widths * np.linspace(1, 0.35, len(path))))
    return strokes


def _knots(chance: np.random.Generator, middle: np.ndarray, reach: float, cell: float) -> np.ndarray:
    """Where walls of cracks meet: a shaken grid `n×n×2`."""
    count = int(np.clip(2 * reach / cell, 3, 15))
    steps = np.linspace(-reach, reach, count)
    grid = np.stack(np.meshgrid(steps, steps), axis=2)
    grid[1::2, :, 0] += reach / count
    turn = float(chance.uniform(0, np.pi))
    turned = grid @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.asarray(middle + turned + chance.normal(0, 0.28 * cell, turned.shape))


def _walls(knots: np.ndarray) -> np.ndarray:
    """Both ends `n×2×2` of the walls between neighbours in a grid of knots, laid like bricks."""
    every_other = np.add.outer(np.arange(knots.shape[0] - 1), np.arange(knots.shape[1])) % 2 == 1
    below = np.stack([knots[:-1], knots[1:]], axis=2)[every_other]
    beside = np.stack([knots[:, :-1], knots[:, 1:]], axis=2).reshape(-1, 2, 2)
    return np.concatenate([below, beside])


def _shaken(chance: np.random.Generator, ends: np.ndarray, jag: float) -> np.ndarray:
    """Paths `n×5×2` between ends `n×2×2` that are not quite straight."""
    place = np.linspace(0, 1, 5)[None, :, None]
    straight = ends[:, :1] * (1 - place) + ends[:, 1:] * place
    return np.asarray(straight + chance.normal(0, jag, straight.shape) * np.sin(np.pi * place) ** 0.5)
