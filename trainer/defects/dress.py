"""White dress for the lookalikes: what a detector takes for bare paper first, as it is as bright."""

import numpy as np

from trainer.defects.records import Area, Lines, Mark, Pattern, Specks, Stroke, Tone
from trainer.defects.sheet import Sheet, log_uniform, points_of, scaled, seed_from, stroke_of, tapered

_LEAF = np.array([[0.0, 0.0], [0.5, -0.35], [0.95, 0.0], [0.75, 0.9], [0.12, 0.55]])
"""One leaf of a collar, for a neck one wide; the other is its mirror image."""
_FRONT = np.array([[-0.45, -0.2], [0.45, -0.2], [0.55, 0.5], [0.0, 2.0], [-0.55, 0.5]])
"""The shirt between the lapels."""
_JACKET = np.array([[-1.1, -0.1], [1.1, -0.1], [2.4, 0.8], [2.6, 3.0], [-2.6, 3.0], [-2.4, 0.8]])
_TORSO = np.array(
    [[-0.5, -0.1], [0.5, -0.1], [1.2, 0.25], [2.0, 0.6], [2.45, 1.3], [2.7, 3.0], [2.8, 7.0], [-2.8, 7.0],
     [-2.7, 3.0], [-2.45, 1.3], [-2.0, 0.6], [-1.2, 0.25]]
)  # fmt: skip
"""Shoulders, arms and all below, down to where the print ends."""
_VEST = np.array(
    [
        [-0.95, 0.2],
        [-0.6, 0.1],
        [0.0, 2.2],
        [0.6, 0.1],
        [0.95, 0.2],
        [1.55, 0.9],
        [1.65, 7.0],
        [-1.65, 7.0],
        [-1.55, 0.9],
    ]
)
"""Without sleeves, cut low."""
_HEAD = np.array([[-0.75, -1.6], [-0.45, -2.3], [0.0, -2.5], [0.45, -2.3], [0.75, -1.6], [0.7, -0.9], [0.35, -0.2],
                  [0.4, 0.35], [-0.4, 0.35], [-0.35, -0.2], [-0.7, -0.9]])  # fmt: skip
"""With the neck."""
_HAIR = np.array([[-0.82, -1.5], [-0.7, -2.3], [0.0, -2.8], [0.7, -2.3], [0.82, -1.5], [0.5, -2.0], [-0.4, -2.1]])
_LOBE = np.array([[0.08, -0.12], [0.55, -0.5], [1.0, -0.62], [0.9, -0.1], [1.0, 0.45], [0.5, 0.38], [0.08, 0.12]])
_TAIL = np.array([[0.0, 0.05], [0.16, 0.08], [0.5, 1.0], [0.34, 0.95], [0.2, 1.1]])


def draw_collar(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """Two leaves over a dark jacket or dress, mostly with the shirt's front between them."""
    place = _Place(chance, sheet, 0.02, 0.11)
    white, dark = _white(chance), _dark(chance)
    marks: list[Mark] = []
    if chance.random() < 0.7:
        marks.append(place.area("collar", _JACKET, dark, float(chance.uniform(0.5, 0.95))))
    if chance.random() < 0.7:
        marks.append(place.area("collar", _FRONT, scaled(white, float(chance.uniform(0.7, 1))), 0.95))
    marks += [place.area("collar", _LEAF * side, white, float(chance.uniform(0.85, 1))) for side in ((1, 1), (-1, 1))]
    marks.append(place.folds("collar", [_LEAF[[0, 1, 2]], _LEAF[[0, 4, 3]] * (-1, 1)], scaled(white, 0.55)))
    if chance.random() < 0.5:
        middles = place.at(np.array([[0.0, 0.7], [0.0, 1.2], [0.0, 1.7]]))
        size = max(0.7, 0.05 * place.size)
        buttons = tuple((float(x), float(y), size, size, 0.0) for x, y in np.round(middles, 2))
        marks.append(Specks("collar", buttons, scaled(white, float(chance.uniform(0.3, 0.9))), 0.8, 0.3 * size))
    return (*marks, *place.shades("collar"))


def draw_bow(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """A ribbon tied in hair or at a neck: two lobes, a knot, often tails."""
    place = _Place(chance, sheet, 0.012, 0.08)
    white = _white(chance)
    parts = [_LOBE, _LOBE * (-1, 1)]
    if chance.random() < 0.6:
        parts += [_TAIL, _TAIL * (-1, 1)]
    opacity = float(chance.uniform(0.85, 1))
    marks: list[Mark] = [place.area("bow", part, white, opacity) for part in parts]
    creases = [
        np.array([[0.1, 0.0], [0.6 * side, float(lean)]]) for side in (1, -1) for lean in chance.normal(0, 0.2, 2)
    ]
    marks.append(place.folds("bow", creases, scaled(white, float(chance.uniform(0.45, 0.8)))))
    knot = place.at(np.zeros((1, 2)))[0]
    size = 0.16 * place.size
    speck = (float(knot[0]), float(knot[1]), size, 0.8 * size, 0.0)
    marks.append(Specks("bow", (speck,), scaled(white, float(chance.uniform(0.6, 1))), 0.9, 0.2 * size))
    return (*marks, *place.shades("bow"))


def draw_sitter(chance: np.random.Generator, sheet: Sheet) -> tuple[Mark, ...]:
    """Somebody in white who sits for a portrait: shirt or blouse down to the print's border, often under a vest."""
    place = _Place(chance, sheet, 0.04, 0.13)
    white = _white(chance)
    opacity = float(chance.uniform(0.9, 1))
    marks: list[Mark] = [place.area("sitter", _TORSO, white, opacity)]
    folds = [
        np.array([[side * x, y] for x, y in path])
        for side in (1, -1)
        for path in ([[1.7, 1.0], [2.2, 2.0], [2.1, 3.0]], [[2.5, 1.6], [2.1, 2.4]], [[1.9, 3.0], [2.5, 3.6]])
        if chance.random() < 0.6
    ]
    if folds:
        marks.append(place.folds("sitter", folds, scaled(white, float(chance.uniform(0.5, 0.9)))))
    if chance.random() < 0.6:
        vest = place.at(_VEST + chance.normal(0, 0.05, _VEST.shape))
        marks.append(place.area("sitter", _VEST, _dark(chance), opacity))
        if chance.random() < 0.6:
            cloth = str(chance.choice(["weave", "stripes", "knit"]))
            period, turn = max(2.0, 0.15 * place.size), float(chance.uniform(0, np.pi))
            marks.append(Pattern("sitter", _rounded(vest), cloth, period, turn, log_uniform(chance, 10, 60), 1.0))
    skin = float(chance.uniform(90, 225))
    marks.append(place.area("sitter", _HEAD, (skin, 0.93 * skin, 0.87 * skin), float(chance.uniform(0.6, 1))))
    if chance.random() < 0.8:
        marks.append(place.area("sitter", _HAIR, _dark(chance), 0.95))
    if chance.random() < 0.8:
        marks += [place.area("sitter", _LEAF * side, white, opacity) for side in ((1, 1), (-1, 1))]
        marks.append(place.folds("sitter", [_LEAF[[0, 1, 2]], _LEAF[[0, 4, 3]] * (-1, 1)], scaled(white, 0.55)))
    return (*marks, *place.shades("sitter"))


class _Place:
    """Where a piece of dress lies on the sheet, how large and how tilted it is."""

    def __init__(self, chance: np.random.Generator, sheet: Sheet, least: float, most: float) -> None:
        self._chance = chance
        self._middle = sheet.place(chance)
        self.size = max(4.0, min(sheet.side * log_uniform(chance, least, most), 0.2 * sheet.span))
        """Pixels for one unit of the shapes."""
        turn = float(chance.normal(0, 0.35))
        stretch = chance.uniform(0.7, 1.3, 2)
        self._axes = self.size * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        self._axes *= stretch[:, None]
        self._softness = float(chance.uniform(0.4, 1.5))

    def at(self, shape: np.ndarray) -> np.ndarray:
        """Points `n×2` of a shape on the sheet."""
        return np.asarray(self._middle + shape @ self._axes)

    def area(self, kind: str, shape: np.ndarray, tone: Tone, opacity: float) -> Area:
        """A shape with corners that are never quite the same."""
        corners = self.at(shape + self._chance.normal(0, 0.05, shape.shape))
        return Area(kind, seed_from(self._chance), (_rounded(corners),), tone, opacity, softness=self._softness)

    def folds(self, kind: str, paths: list[np.ndarray], tone: Tone) -> Lines:
        """Seams and folds along lines of the shape."""
        width = max(0.7, self.size * float(self._chance.uniform(0.03, 0.1)))
        strokes: list[Stroke] = []
        for path in paths:
            points = self.at(path + self._chance.normal(0, 0.04, path.shape))
            strokes.append(stroke_of(points, tapered(np.full(len(points), width), 0.2)))
        opacity, softness = float(self._chance.uniform(0.2, 0.7)), width * float(self._chance.uniform(0.3, 1.2))
        return Lines(kind, seed_from(self._chance), tuple(strokes), tone, opacity, softness=softness)

    def shades(self, kind: str) -> list[Area]:
        """Soft shadows of a face, a lapel or a fold, over parts of it."""
        return [self._shade(kind) for _ in range(int(self._chance.integers(1, 5)))]

    def _shade(self, kind: str) -> Area:
        chance = self._chance
        middle = chance.normal(0, 0.6, 2)
        ring = middle + np.array([[-0.5, 0.0], [0.0, -0.5], [0.5, 0.0], [0.0, 0.5]]) * chance.uniform(0.2, 1.4, (4, 1))
        grey = float(chance.uniform(120, 235))
        softness = self.size * float(chance.uniform(0.06, 0.35))
        return Area(kind, seed_from(chance), (_rounded(self.at(ring)),), (grey, grey, grey), 0.9, softness, soaked=True)


def _rounded(corners: np.ndarray) -> tuple[tuple[float, float], ...]:
    """A closed outline with its corners cut twice (Chaikin 1974)."""
    for _ in range(2):
        onward = np.roll(corners, -1, axis=0)
        corners = np.stack([0.85 * corners + 0.15 * onward, 0.15 * corners + 0.85 * onward], axis=1).reshape(-1, 2)
    return points_of(corners)


def _white(chance: np.random.Generator) -> Tone:
    light = float(chance.uniform(190, 255))
    return (light, light * float(chance.uniform(0.96, 1)), light * float(chance.uniform(0.92, 1)))


def _dark(chance: np.random.Generator) -> Tone:
    grey = float(chance.uniform(8, 110))
    return (grey, grey * float(chance.uniform(0.9, 1)), grey * float(chance.uniform(0.85, 1)))
