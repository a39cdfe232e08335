"""Draw from a seed what happens to a photo. The effect is left to the renderer."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from trainer.defects.ageing import draw_ageing
from trainer.defects.coverage import layer_of
from trainer.defects.records import BlobDefect, Defect, DefectRecord, Point, SpeckDefect, TextureDefect, Tone
from trainer.defects.render import touched
from trainer.defects.settings import KINDS, DefectSettings
from trainer.defects.strokes import draw_crease, draw_scratches
from trainer.defects.textures import TextureFolder

_ATTEMPTS = 3
_Painter = Callable[[np.random.Generator, int, int], Defect]


def draw(seed: int, height: int, width: int, settings: DefectSettings) -> DefectRecord:
    """Draw the ageing and the defects of one photo of `height`×`width` pixels.

    The same seed, size and settings give the same record. No defect covers more than `largest_defect` of the photo,
    and all of them together not more than `covered_share`, whatever the photo shows. Raises DefectError when the
    folder of textures is empty.
    """
    chance = np.random.default_rng(seed)
    ageing = draw_ageing(chance, settings.ageing)
    if chance.random() < settings.intact:
        return DefectRecord(height, width, ageing, ())
    textures = texture_folder(settings)
    kinds = [kind for kind in KINDS for _ in range(chance.poisson(getattr(settings, kind)))]
    chance.shuffle(kinds)
    covered = np.zeros((height, width), dtype=np.bool_)
    kept: list[Defect] = []
    for kind in kinds:
        if kind == "texture" and textures is None:
            continue
        for _ in range(_ATTEMPTS):
            defect = _draw_defect(kind, chance, height, width, textures)
            if _fits(defect, covered, settings, textures):
                kept.append(defect)
                break
    return DefectRecord(height, width, ageing, tuple(kept))


def texture_folder(settings: DefectSettings) -> TextureFolder | None:
    """The folder of textures that the settings name, or None when they name none."""
    return TextureFolder(Path(settings.textures)) if settings.textures else None


def _fits(defect: Defect, covered: np.ndarray, settings: DefectSettings, textures: TextureFolder | None) -> bool:
    layer = layer_of(defect, covered.shape[0], covered.shape[1], textures)
    if layer is None:
        return False
    window = touched(layer, defect)
    own, added = np.count_nonzero(window), np.count_nonzero(window & ~covered[layer.window])
    total = np.count_nonzero(covered) + added
    if own == 0 or own > settings.largest_defect * covered.size or total > settings.covered_share * covered.size:
        return False
    covered[layer.window] |= window
    return True


def _draw_defect(
    kind: str, chance: np.random.Generator, height: int, width: int, textures: TextureFolder | None
) -> Defect:
    if kind == "texture" and textures is not None:
        return _draw_texture(chance, height, width, textures)
    painters: dict[str, _Painter] = {
        "scratch": draw_scratches,
        "crease": draw_crease,
        "hole": _draw_hole,
        "stain": _draw_stain,
        "dust": _draw_dust,
    }
    return painters[kind](chance, height, width)


def _draw_hole(chance: np.random.Generator, height: int, width: int) -> BlobDefect:
    side = min(height, width)
    place = chance.choice(["inside", "border", "corner"], p=[0.45, 0.35, 0.2])
    radius = float(side * chance.uniform(0.015, 0.14))
    x, y = float(chance.uniform(0, width)), float(chance.uniform(0, height))
    stretch = float(chance.uniform(1, 2.2))
    turn = float(chance.uniform(0, np.pi))
    if place == "border":
        turn = float(chance.choice([0.0, np.pi / 2]))
        stretch = float(chance.uniform(2, 9))
        radius = float(side * chance.uniform(0.01, 0.04))
        if turn == 0:
            y = float(chance.choice([0, height]))
        else:
            x = float(chance.choice([0, width]))
    elif place == "corner":
        x, y = float(chance.choice([0, width])), float(chance.choice([0, height]))
    outline = _outline(chance, (x, y), radius, stretch, turn)
    tone = _paper(chance) if chance.random() < 0.8 else _dark(chance)
    seed = int(chance.integers(2**31))
    return BlobDefect(
        "hole", seed, outline, tone, float(chance.uniform(0.85, 1)), float(chance.uniform(0.3, 1)), 0.8, 0
    )


def _draw_stain(chance: np.random.Generator, height: int, width: int) -> BlobDefect:
    side = min(height, width)
    x, y = float(chance.uniform(0, width)), float(chance.uniform(0, height))
    radius, stretch = float(side * chance.uniform(0.02, 0.13)), float(chance.uniform(1, 1.8))
    outline = _outline(chance, (x, y), radius, stretch, float(chance.uniform(0, np.pi)))
    brown: Tone = (float(chance.uniform(60, 150)), float(chance.uniform(45, 105)), float(chance.uniform(20, 70)))
    tone = (brown, _paper(chance), _dark(chance))[int(chance.choice(3, p=[0.5, 0.3, 0.2]))]
    return BlobDefect(
        "stain",
        int(chance.integers(2**31)),
        outline,
        tone,
        opacity=float(chance.uniform(0.25, 0.7)),
        fray=float(chance.uniform(0.1, 0.6)),
        softness=float(chance.uniform(0.8, 2.5)),
        rim=float(chance.uniform(0, 0.6)),
    )


def _outline(
    chance: np.random.Generator, middle: Point, radius: float, stretch: float, turn: float
) -> tuple[Point, ...]:
    """A bumpy closed curve around a middle point, stretched along `turn` (radians)."""
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    reach = np.ones_like(angles)
    for wave in range(1, 10):
        reach += 0.3 / wave * chance.standard_normal() * np.cos(wave * angles + chance.uniform(0, 2 * np.pi))
    reach = radius * np.clip(reach, 0.25, 2.5)
    along, across = reach * np.cos(angles) * stretch, reach * np.sin(angles)
    xs = middle[0] + along * np.cos(turn) - across * np.sin(turn)
    ys = middle[1] + along * np.sin(turn) + across * np.cos(turn)
    return tuple((float(a), float(b)) for a, b in zip(xs, ys, strict=True))


def _draw_dust(chance: np.random.Generator, height: int, width: int) -> SpeckDefect:
    count = int(chance.integers(2, 45))
    spread = float(chance.choice([0.08, 0.3, 2.0])) * max(height, width)
    middle = chance.uniform((0, 0), (width, height))
    places = np.mod(middle + chance.normal(0, spread, (count, 2)), (width, height))
    size = float(chance.uniform(0.5, 1.6))
    lengths = size * np.exp(chance.normal(0, 0.45, count))
    breadths = np.maximum(0.4, lengths * chance.uniform(0.35, 1, count))
    turns = chance.uniform(0, 180, count)
    specks = tuple(
        (float(x), float(y), float(a), float(b), float(t))
        for (x, y), a, b, t in zip(places, lengths, breadths, turns, strict=True)
    )
    tone = _paper(chance) if chance.random() < 0.75 else _dark(chance)
    return SpeckDefect("dust", specks, tone, float(chance.uniform(0.45, 1)))


def _draw_texture(chance: np.random.Generator, height: int, width: int, textures: TextureFolder) -> TextureDefect:
    names = textures.kinds[int(chance.integers(len(textures.kinds)))]
    name = names[int(chance.integers(len(names)))]
    texture = textures.read(name)
    scale = float(np.exp(chance.uniform(np.log(0.3), np.log(1.3))))
    reach = max(texture.alpha.shape) * scale
    return TextureDefect(
        kind="texture",
        name=name,
        digest=texture.digest,
        x=int(chance.uniform(-0.6 * reach, width - 0.4 * reach)),
        y=int(chance.uniform(-0.6 * reach, height - 0.4 * reach)),
        scale=scale,
        turns=int(chance.integers(4)),
        mirrored=bool(chance.random() < 0.5),
        tone=_paper(chance) if chance.random() < 0.75 else _dark(chance),
        opacity=float(chance.uniform(0.5, 1)),
    )


def _paper(chance: np.random.Generator) -> Tone:
    white = float(chance.uniform(195, 255))
    warmth = float(chance.uniform(0, 0.14))
    return (white, white * (1 - 0.4 * warmth), white * (1 - warmth))


def _dark(chance: np.random.Generator) -> Tone:
    grey = float(chance.uniform(0, 60))
    return (grey, grey, grey * float(chance.uniform(0.8, 1)))
