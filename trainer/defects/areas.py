"""Areas and specks from chance, anywhere on a print: holes, rubbed places, stains, dust."""

import numpy as np

from trainer.defects.records import Area, Specks, Tone
from trainer.defects.sheet import Sheet, dark, log_uniform, outline, scaled, seed_from, strength


def draw_hole(chance: np.random.Generator, sheet: Sheet) -> Area:
    """A hole, or a place where the emulsion came off in a flake: large white places are mostly part of the photo."""
    peeled = chance.random() < 0.6
    radius = min(sheet.side * log_uniform(chance, 0.004, 0.04 if peeled else 0.08), 0.2 * sheet.span)
    around = (outline(chance, sheet.place(chance), radius, stretch=log_uniform(chance, 1, 2.5)),)
    return Area(
        kind="hole",
        seed=seed_from(chance),
        outlines=around,
        tone=sheet.paper_tone(chance) if peeled else sheet.behind,
        opacity=float(chance.uniform(0.6, 1)) if peeled else 1.0,
        softness=float(chance.uniform(0.4, 1.2)),
        fray=float(chance.uniform(0.2, 1)),
        fray_size=log_uniform(chance, 1.5, max(2.0, 0.4 * radius + 1)),
        rim=0.0 if peeled else sheet.breadth(chance, 0.8, 4),
        rim_tone=sheet.paper_tone(chance),
        rim_opacity=float(chance.uniform(0.6, 1)),
        shadow=float(max(0.0, chance.uniform(-50, 60))),
        shadow_reach=sheet.breadth(chance, 0.8, 3),
        shadow_turn=float(chance.uniform(0, 2 * np.pi)),
    )


def draw_abrasion(chance: np.random.Generator, sheet: Sheet) -> Area:
    """A rubbed place, or the worn back of a fold: the paper shows through in grains and streaks."""
    middle, turn = sheet.place(chance), float(chance.uniform(0, np.pi))
    along_fold = chance.random() < 0.4
    radius = min(sheet.side * log_uniform(chance, 0.01, 0.07), 0.22 * sheet.span)
    if along_fold:
        radius = sheet.breadth(chance, 3, 12)
    stretch = min(log_uniform(chance, 5, 25) if along_fold else log_uniform(chance, 1, 3), 0.7 * sheet.span / radius)
    return Area(
        kind="abrasion",
        seed=seed_from(chance),
        outlines=(outline(chance, middle, radius, stretch=stretch, turn=turn, rough=0.4),),
        tone=sheet.paper_tone(chance) if chance.random() < 0.93 else dark(chance),
        opacity=strength(chance, 0.45),
        softness=max(0.8, radius * float(chance.uniform(0.15, 0.45))),
        grain=float(chance.uniform(0.25, 0.8)),
        grain_size=log_uniform(chance, 1, 4),
        grain_turn=turn + float(chance.normal(0, 0.2)),
        grain_stretch=1.0 if chance.random() < 0.4 else log_uniform(chance, 2, 12),
    )


def draw_stain(chance: np.random.Generator, sheet: Sheet) -> Area | Specks:
    """A translucent stain, often with a tide line; ink; or a group of brown spots."""
    if chance.random() < 0.3:
        return _foxing(chance, sheet)
    radius = min(sheet.side * log_uniform(chance, 0.01, 0.16), 0.25 * sheet.span)
    around = outline(chance, sheet.place(chance), radius, stretch=log_uniform(chance, 1, 2), rough=0.25)
    tone, soaked = _stain_tone(chance, sheet)
    ring = chance.random() < 0.6
    body = log_uniform(chance, 0.04, 0.75 if soaked else 0.3)
    return Area(
        kind="stain",
        seed=seed_from(chance),
        outlines=(around,),
        tone=tone,
        opacity=body,
        softness=float(chance.uniform(0.6, 3)),
        fray=float(chance.uniform(0, 0.5)),
        fray_size=max(2.0, radius * float(chance.uniform(0.05, 0.3))),
        rim=sheet.breadth(chance, 1, 5) if ring else 0.0,
        rim_tone=scaled(tone, float(chance.uniform(0.6, 0.95))),
        rim_opacity=min(1.0, body * float(chance.uniform(1.2, 3))),
        soaked=soaked,
    )


def draw_dust(chance: np.random.Generator, sheet: Sheet) -> Specks:
    """A cloud of dust: specks that are plainly there. Finer ones belong to the ageing."""
    count = int(log_uniform(chance, 3, 45))
    spread = float(chance.choice([0.06, 0.2, 2.0])) * sheet.span
    places = np.mod(sheet.place(chance) + chance.normal(0, spread, (count, 2)), (sheet.width, sheet.height))
    size = sheet.breadth(chance, 0.7, 1.7)
    light = chance.random() < 0.75
    return Specks(
        kind="dust",
        specks=_ellipses(chance, places, size, 0.45),
        tone=sheet.paper_tone(chance) if light else dark(chance),
        opacity=float(chance.uniform(0.35, 1)),
        softness=float(max(0.0, chance.uniform(-0.5, 0.7))),
    )


def _foxing(chance: np.random.Generator, sheet: Sheet) -> Specks:
    count = int(log_uniform(chance, 1, 25))
    places = sheet.place(chance) + chance.normal(0, 0.15 * sheet.span, (count, 2))
    size = sheet.breadth(chance, 1.5, 7)
    brown: Tone = (float(chance.uniform(60, 150)), float(chance.uniform(40, 100)), float(chance.uniform(15, 60)))
    return Specks(
        kind="stain",
        specks=_ellipses(chance, places, size, 0.4),
        tone=brown if chance.random() < 0.7 else dark(chance),
        opacity=float(chance.uniform(0.15, 0.8)),
        softness=size * float(chance.uniform(0.1, 0.5)),
    )


def _ellipses(
    chance: np.random.Generator, places: np.ndarray, size: float, vary: float
) -> tuple[tuple[float, float, float, float, float], ...]:
    lengths = np.maximum(0.6, size * np.exp(chance.normal(0, vary, len(places))))
    breadths = np.maximum(0.5, lengths * chance.uniform(0.4, 1, len(places)))
    turns = chance.uniform(0, 180, len(places))
    rows = np.round(np.column_stack([places, lengths, breadths, turns]), 2)
    return tuple((float(a), float(b), float(c), float(d), float(e)) for a, b, c, d, e in rows)


def _stain_tone(chance: np.random.Generator, sheet: Sheet) -> tuple[Tone, bool]:
    """Brown, bleached, dirty or ink; and whether it colours the photo or covers it."""
    what = chance.random()
    if what < 0.5:
        red, green, blue = chance.uniform((120, 80, 30), (215, 175, 120))
    elif what < 0.75:
        return sheet.paper_tone(chance), False
    elif what < 0.9:
        return dark(chance), bool(chance.random() < 0.6)
    else:
        red, green, blue = chance.uniform((0, 0, 60), (90, 90, 190))
    return (float(red), float(green), float(blue)), True
