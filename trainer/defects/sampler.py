"""Draw from a seed what happens to a photo. The effect is left to the renderer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trainer.defects.ageing_sampler import draw_ageing
from trainer.defects.areas import draw_abrasion, draw_dust, draw_hole, draw_stain
from trainer.defects.borders import draw_border, draw_tear
from trainer.defects.coverage import layer_of
from trainer.defects.layers import Layer
from trainer.defects.lines import draw_cracks, draw_crease, draw_hairs, draw_scratches
from trainer.defects.lookalikes import draw_lookalikes
from trainer.defects.records import DefectRecord, Mark, TextureMap
from trainer.defects.render import touched, visible_change
from trainer.defects.settings import KINDS, DefectSettings
from trainer.defects.sheet import Sheet, dark, draw_sheet, log_uniform, strength
from trainer.defects.textures import Textures, open_textures

_ATTEMPTS = 3
_COMMON_SIDE = 400
"""The rates of the settings are for pictures with this side."""
_ORDER = (
    "stain", "abrasion", "crack", "crease", "scratch", "texture", "hole", "tear", "border", "dust", "hair",
)  # fmt: skip
"""What lies over what: dust lies on the glass, a stain soaks into the paper."""
_Painter = Callable[[np.random.Generator, Sheet], Mark]
_PAINTERS: dict[str, _Painter] = {
    "scratch": draw_scratches,
    "crease": draw_crease,
    "crack": draw_cracks,
    "tear": draw_tear,
    "hole": draw_hole,
    "border": draw_border,
    "abrasion": draw_abrasion,
    "stain": draw_stain,
    "dust": draw_dust,
    "hair": draw_hairs,
}


@dataclass(frozen=True)
class Drawn:
    """A record and the layers of its defects, which drawing needed anyway."""

    record: DefectRecord
    layers: tuple[Layer, ...]


def draw(seed: int, height: int, width: int, settings: DefectSettings) -> DefectRecord:
    """Draw the ageing, the lookalikes and the defects of one photo of `height`×`width` pixels.

    The same seed, size and settings give the same record. No defect covers more than `largest_defect` of the photo,
    and all of them together not more than `covered_share`, whatever the photo shows. Raises DefectError when the
    folder of textures is empty.
    """
    return draw_layers(seed, height, width, settings).record


def draw_layers(seed: int, height: int, width: int, settings: DefectSettings) -> Drawn:
    """`draw`, with the layers of the defects beside the record."""
    textures = open_textures(settings.textures)
    chance = np.random.default_rng(seed)
    ageing = draw_ageing(chance, settings.ageing)
    sheet = draw_sheet(chance, height, width, ageing.cast, ageing.white)
    more = float(np.clip((max(height, width) / _COMMON_SIDE) ** 0.5, 0.85, 1.6))
    lookalikes = draw_lookalikes(chance, sheet, int(chance.poisson(more * settings.lookalikes)))
    more *= float(chance.gamma(1.5, 1 / 1.5))  # some prints were kept in an album, some in a pocket
    if chance.random() < settings.intact:
        return Drawn(DefectRecord(height, width, ageing, lookalikes, ()), ())
    counts = {kind: int(chance.poisson(more * getattr(settings, kind))) for kind in KINDS}
    kinds = [kind for kind in KINDS for _ in range(counts[kind])]
    chance.shuffle(kinds)
    room = _Room(settings, (height, width), textures, visible_change(ageing))
    for kind in kinds:
        for _ in range(_ATTEMPTS):
            painter = _PAINTERS.get(kind)
            mark = painter(chance, sheet) if painter else _draw_texture(chance, sheet, textures)
            if room.takes(mark):
                break
    kept = sorted(room.kept, key=lambda each: _ORDER.index(each[0].kind))
    record = DefectRecord(height, width, ageing, lookalikes, tuple(mark for mark, _ in kept))
    return Drawn(record, tuple(layer for _, layer in kept))


class _Room:
    """Keeps defects as long as the limits of the settings hold."""

    def __init__(self, settings: DefectSettings, size: tuple[int, int], textures: Textures, visible: float) -> None:
        self.kept: list[tuple[Mark, Layer]] = []
        self._textures = textures
        self._covered = np.zeros(size, dtype=np.bool_)
        self._total = 0
        self._largest = settings.largest_defect * self._covered.size
        self._all = settings.covered_share * self._covered.size
        self._visible = visible

    def takes(self, mark: Mark) -> bool:
        """Keep a defect unless it lies outside or is more than the limits allow."""
        layer = layer_of(mark, *self._covered.shape, self._textures)
        if layer is None:
            return False
        window = touched(layer, self._visible)
        covered = self._covered[layer.window.slices]
        own, added = np.count_nonzero(window), int(np.count_nonzero(window & ~covered))
        if own == 0 or own > self._largest or self._total + added > self._all:
            return False
        covered |= window
        self._total += added
        self.kept.append((mark, layer))
        return True


def _draw_texture(chance: np.random.Generator, sheet: Sheet, textures: Textures) -> TextureMap:
    name = textures.choose(chance)
    texture = textures.read(name)
    scale = log_uniform(chance, 0.3, 1.4) * min(1.0, (sheet.side / 600) ** 0.5)
    reach = max(texture.alpha.shape) * scale
    return TextureMap(
        kind="texture",
        name=name,
        digest=texture.digest,
        x=int(chance.uniform(-0.6 * reach, sheet.width - 0.4 * reach)),
        y=int(chance.uniform(-0.6 * reach, sheet.height - 0.4 * reach)),
        scale=scale,
        turns=int(chance.integers(4)),
        mirrored=bool(chance.random() < 0.5),
        tone=sheet.paper_tone(chance) if chance.random() < 0.75 else dark(chance),
        opacity=strength(chance, 0.3),
    )
