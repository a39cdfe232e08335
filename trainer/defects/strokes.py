"""Lines from chance: groups of scratches, and creases that cross and branch."""

from itertools import pairwise

import numpy as np

from trainer.defects.records import LineDefect, Point, Stroke, Tone


def draw_scratches(chance: np.random.Generator, height: int, width: int) -> LineDefect:
    """A group of one to six thin, nearly parallel scratches."""
    side = min(height, width)
    turn = _direction(chance)
    middle = chance.uniform((0, 0), (width, height))
    length = side * float(np.exp(chance.uniform(np.log(0.04), np.log(1.5))))
    breadth = float(np.exp(chance.uniform(np.log(0.5), np.log(2.3))))
    strokes = []
    for _ in range(int(chance.integers(1, 7))):
        start = middle + chance.normal(0, 0.15 * side, 2)
        heading = turn + float(chance.normal(0, 0.04))
        reach = length * float(chance.uniform(0.4, 1.2))
        bend = float(chance.normal(0, 0.05)) * float(chance.random() < 0.6)
        strokes.append(Stroke(_curve(start, heading, reach, bend), breadth * float(chance.uniform(0.7, 1.3))))
    light = chance.random() < 0.8
    grey = float(chance.uniform(190, 255) if light else chance.uniform(0, 70))
    return LineDefect(
        kind="scratch",
        seed=int(chance.integers(2**31)),
        strokes=tuple(strokes),
        tone=(grey, grey, grey * float(chance.uniform(0.9, 1))),
        opacity=float(chance.uniform(0.35, 1)),
        fray=0.0,
        gaps=float(chance.uniform(0, 0.9)) if chance.random() < 0.6 else 0.0,
        flank=0.0,
    )


def draw_crease(chance: np.random.Generator, height: int, width: int) -> LineDefect:
    """A jagged line, often from border to border, with branches, frayed to the paper, and a flank of shade."""
    side = min(height, width)
    start, end = _crossing(chance, height, width)
    breadth = float(np.exp(chance.uniform(np.log(0.8), np.log(max(2.0, min(6.0, 0.02 * side + 1))))))
    trunk = _jagged(chance, start, end, side * float(chance.uniform(0.006, 0.03)))
    strokes = [Stroke(part, breadth * float(chance.uniform(0.45, 1.35))) for part in _parts(chance, trunk)]
    for _ in range(int(chance.poisson(1.3))):
        root = np.asarray(trunk[int(chance.integers(len(trunk)))])
        heading = float(chance.uniform(0, 2 * np.pi))
        tip = root + side * float(chance.uniform(0.04, 0.3)) * np.array([np.cos(heading), np.sin(heading)])
        strokes.append(Stroke(_jagged(chance, root, tip, 0.02 * side), breadth * float(chance.uniform(0.25, 0.7))))
    return LineDefect(
        kind="crease",
        seed=int(chance.integers(2**31)),
        strokes=tuple(strokes),
        tone=_crease_tone(chance),
        opacity=float(chance.uniform(0.5, 1)),
        fray=float(chance.uniform(0.3, 1.2)),
        gaps=float(chance.uniform(0, 0.8)) if chance.random() < 0.25 else 0.0,
        flank=float(chance.uniform(-0.8, 0.3)) if chance.random() < 0.6 else 0.0,
    )


def _direction(chance: np.random.Generator) -> float:
    """Film scratches follow its run, up or across; others go anywhere."""
    if chance.random() < 0.5:
        return float(chance.choice([0.0, np.pi / 2])) + float(chance.normal(0, 0.02))
    return float(chance.uniform(0, np.pi))


def _curve(start: np.ndarray, heading: float, length: float, bend: float) -> tuple[Point, ...]:
    count = 9
    headings = heading + bend * np.arange(count)
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / count)
    points = start - 0.5 * steps.sum(axis=0) + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return _points(points)


def _crossing(chance: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of a crease: mostly from one border to another, sometimes inside."""
    sides = chance.permutation(4)
    ends = []
    for border in sides[:2]:
        along = float(chance.random())
        ends.append(
            np.array(
                [(along * width, 0), (width, along * height), (along * width, height), (0, along * height)][border]
            )
        )
    if chance.random() < 0.35:
        share = np.sort(chance.random(2))
        return ends[0] + share[0] * (ends[1] - ends[0]), ends[0] + share[1] * (ends[1] - ends[0])
    return ends[0], ends[1]


def _jagged(chance: np.random.Generator, start: np.ndarray, end: np.ndarray, jag: float) -> tuple[Point, ...]:
    """Midpoint displacement: a line that wavers at every scale."""
    points = np.stack([start, end]).astype(np.float64)
    length = float(np.linalg.norm(end - start))
    reach = jag
    while len(points) < max(3, length / 5) and len(points) < 200:
        middles = (points[1:] + points[:-1]) / 2 + chance.normal(0, reach, (len(points) - 1, 2))
        woven = np.empty((2 * len(points) - 1, 2))
        woven[::2], woven[1::2] = points, middles
        points, reach = woven, 0.55 * reach
    return _points(points)


def _parts(chance: np.random.Generator, trunk: tuple[Point, ...]) -> list[tuple[Point, ...]]:
    """Pieces of the trunk, each of which gets a width of its own."""
    cuts = sorted({0, len(trunk) - 1, *(int(cut) for cut in chance.integers(1, max(2, len(trunk) - 1), 5))})
    return [trunk[first : last + 1] for first, last in pairwise(cuts)]


def _crease_tone(chance: np.random.Generator) -> Tone:
    if chance.random() < 0.85:
        white = float(chance.uniform(190, 250))
        warmth = float(chance.uniform(0, 0.14))
        return (white, white * (1 - 0.4 * warmth), white * (1 - warmth))
    grey = float(chance.uniform(10, 80))
    return (grey, grey, grey)


def _points(points: np.ndarray) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in points)
