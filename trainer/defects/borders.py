"""What happens at a print's border, from chance: tears, lost corners, ragged and worn edges."""

import numpy as np

from trainer.defects.records import Area, Point
from trainer.defects.sheet import Sheet, jagged, log_uniform, points_of, seed_from, strength, widths_along


def draw_tear(chance: np.random.Generator, sheet: Sheet) -> Area:
    """A tear from the border: what lies behind, a lip of white paper, and the shadow of the lip."""
    start, inward = _on_border(chance, sheet)
    length = min(sheet.side * log_uniform(chance, 0.05, 0.45), sheet.span)
    heading = inward + float(chance.normal(0, 0.5))
    tip = start + length * np.array([np.cos(heading), np.sin(heading)])
    path = jagged(chance, start - 4 * np.array([np.cos(inward), np.sin(inward)]), tip, 0.03 * length)
    lip = sheet.breadth(chance, 0.8, 3.5)
    gap = sheet.breadth(chance, 0.7, 5)
    aside = np.array([-np.sin(heading), np.cos(heading)])
    opening = np.linspace(1, 0.12, len(path))[:, None]
    left = path + aside * opening * widths_along(chance, len(path), 0.5 * gap + lip, 0.3)[:, None]
    right = path - aside * opening * widths_along(chance, len(path), 0.5 * gap + 0.5, 0.3)[:, None]
    return Area(
        kind="tear",
        seed=seed_from(chance),
        outlines=(points_of(np.concatenate([left, right[::-1]])),),
        tone=sheet.behind,
        opacity=float(chance.uniform(0.85, 1)),
        softness=0.6,
        fray=float(chance.uniform(0.1, 0.5)),
        fray_size=log_uniform(chance, 2, 8),
        rim=lip,
        rim_tone=sheet.paper_tone(chance),
        rim_opacity=float(chance.uniform(0.7, 1)),
        shadow=float(max(0.0, chance.uniform(-40, 70))),
        shadow_reach=sheet.breadth(chance, 1, 4),
        shadow_turn=float(chance.uniform(0, 2 * np.pi)),
    )


def draw_border(chance: np.random.Generator, sheet: Sheet) -> Area:
    """A lost corner, a ragged border, or an edge worn white; the print may end all around."""
    what = str(chance.choice(["corner", "edge", "worn", "around"], p=[0.42, 0.2, 0.23, 0.15]))
    inside = {"corner": _without_corner, "edge": _without_edge, "worn": _without_rim, "around": _without_margin}
    lost = inside[what](chance, sheet)
    rim = sheet.breadth(chance, 1, 7)
    worn = what == "worn"
    return Area(
        kind="border",
        seed=seed_from(chance),
        outlines=(points_of(lost),),
        tone=sheet.paper_tone(chance) if worn else sheet.behind,
        opacity=strength(chance, 0.2) if worn else 1.0,
        softness=float(chance.uniform(0.4, 1)),
        fray=float(chance.uniform(0.2, 1)),
        fray_size=log_uniform(chance, 1.5, 9),
        rim=0.0 if worn or chance.random() < 0.25 else rim,
        rim_tone=sheet.paper_tone(chance),
        rim_opacity=float(chance.uniform(0.6, 1)),
        shadow=0.0 if worn else float(max(0.0, chance.uniform(-40, 50))),
        shadow_reach=sheet.breadth(chance, 0.8, 3),
        shadow_turn=float(chance.uniform(0, 2 * np.pi)),
    )


def _on_border(chance: np.random.Generator, sheet: Sheet) -> tuple[np.ndarray, float]:
    """A point on the border and the direction inwards, in radians."""
    along, border = float(chance.uniform(0.03, 0.97)), int(chance.integers(4))
    if border % 2 == 0:
        return np.array([along * sheet.width, sheet.height * (border // 2)]), np.pi / 2 * (1 - border)
    return np.array([sheet.width * (border // 2), along * sheet.height]), np.pi * (border // 2)


def _without_corner(chance: np.random.Generator, sheet: Sheet) -> np.ndarray:
    corner = np.array([chance.choice([0, sheet.width]), chance.choice([0, sheet.height])], dtype=np.float64)
    inward = np.where(corner > 0, -1, 1)
    reach = np.minimum(sheet.side * log_uniform(chance, 0.015, 0.22) * chance.uniform(0.6, 1.4, 2), 0.5 * sheet.span)
    start, end = corner + inward * reach * np.eye(2)
    bulge = corner * 0.3 * chance.random() + (1 - 0.3 * chance.random()) * (start + end) / 2
    middle = np.clip(bulge, 0, (sheet.width, sheet.height)) if chance.random() < 0.5 else (start + end) / 2
    jag = float(np.linalg.norm(end - start)) * log_uniform(chance, 0.005, 0.06)
    cut = np.concatenate([jagged(chance, start, middle, jag, 6), jagged(chance, middle, end, jag, 6)[1:]])
    outside = corner - inward * 20
    return np.concatenate([cut, [[-20 if corner[0] == 0 else corner[0] + 20, cut[-1][1]], outside,
                                 [cut[0][0], -20 if corner[1] == 0 else corner[1] + 20]]])  # fmt: skip


def _without_edge(chance: np.random.Generator, sheet: Sheet) -> np.ndarray:
    depth = min(sheet.breadth(chance, 2, 22), 0.12 * min(sheet.height, sheet.width))
    return _strip(chance, sheet, int(chance.integers(4)), depth, log_uniform(chance, 0.15, 0.6))


def _without_rim(chance: np.random.Generator, sheet: Sheet) -> np.ndarray:
    return _strip(chance, sheet, int(chance.integers(4)), sheet.breadth(chance, 1, 4), 0.8)


def _strip(chance: np.random.Generator, sheet: Sheet, border: int, depth: float, rough: float) -> np.ndarray:
    """A strip along one of the four borders whose inner edge wavers."""
    length = sheet.width if border % 2 == 0 else sheet.height
    count = int(np.clip(length / 7, 8, 160))
    along = np.linspace(-10, length + 10, count)
    lean = np.linspace(chance.uniform(0.4, 1.6), chance.uniform(0.4, 1.6), count)
    deep = np.maximum(0.0, depth * lean * (1 + rough * _walk(chance, count)))
    edge = np.stack([along, deep], axis=1)
    strip = np.concatenate([edge, [[length + 10, -20], [-10, -20]]])
    if border % 2 == 1:
        strip = strip[:, ::-1]
    if border == 2:
        strip[:, 1] = sheet.height - strip[:, 1]
    elif border == 3:
        strip[:, 0] = sheet.width - strip[:, 0]
    return strip


def _walk(chance: np.random.Generator, count: int) -> np.ndarray:
    """Noise of every wavelength around 0, about 1 strong."""
    total = np.zeros(count)
    for octave in range(5):
        knots = min(count, 3 * 2**octave + 1)
        total += 0.62**octave * np.interp(
            np.linspace(0, knots - 1, count), np.arange(knots), chance.standard_normal(knots)
        )
    return total


def _without_margin(chance: np.random.Generator, sheet: Sheet) -> np.ndarray:
    """Everything around a print with worn corners that lies on the scanner's glass."""
    margin = min(sheet.breadth(chance, 1.5, 8), 0.02 * min(sheet.height, sheet.width))
    corner = min(sheet.side * log_uniform(chance, 0.01, 0.08), 0.15 * min(sheet.height, sheet.width))
    right, low = sheet.width - margin, sheet.height - margin
    turns = [(margin, margin, 2), (right, margin, 3), (right, low, 0), (margin, low, 1)]
    ring: list[Point] = []
    for x, y, quarter in turns:
        reach = corner * float(chance.uniform(0.3, 1.4))
        angles = np.pi / 2 * (quarter + np.linspace(0, 1, 7))
        towards = (x + reach * (1 if x == margin else -1), y + reach * (1 if y == margin else -1))
        ring += [(towards[0] + reach * np.cos(angle), towards[1] + reach * np.sin(angle)) for angle in angles]
    edge = np.concatenate([jagged(chance, np.array(a), np.array(b), 0.35 * margin, 9)[:-1]
                           for a, b in zip(ring, ring[1:] + ring[:1], strict=True)])  # fmt: skip
    far = [(-20.0, -20.0), (-20.0, sheet.height + 20.0), (sheet.width + 20.0, sheet.height + 20.0),
           (sheet.width + 20.0, -20.0), (-20.0, -20.0)]  # fmt: skip
    return np.concatenate([edge, edge[:1], np.array(far)])
