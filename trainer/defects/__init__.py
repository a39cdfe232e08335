"""Synthetic defects: a sampler draws a record from a seed, a renderer applies it, a record makes it again."""

from inference.arrays import Mask, Pixels
from trainer.defects.ageing import age_print, scan
from trainer.defects.coverage import layer_of
from trainer.defects.errors import DefectError
from trainer.defects.records import DefectRecord
from trainer.defects.render import apply, check_size, damage, lay, visible_change
from trainer.defects.sampler import draw, draw_layers
from trainer.defects.settings import AgeingSettings, DefectSettings
from trainer.defects.textures import OwnTextures, TextureFolder, Textures, open_textures

__all__ = [
    "AgeingSettings",
    "DefectError",
    "DefectRecord",
    "DefectSettings",
    "OwnTextures",
    "TextureFolder",
    "Textures",
    "add_lookalikes",
    "age_and_damage",
    "apply",
    "draw",
    "make_again",
    "open_textures",
]


def age_and_damage(pixels: Pixels, seed: int, settings: DefectSettings) -> tuple[Pixels, Mask, DefectRecord]:
    """Add lookalikes to a clean photo, age it, damage it and scan it.

    Takes and returns `uint8 H×W×3` RGB; the mask is `bool H×W`, true = defect. Same seed, same result.
    """
    drawn = draw_layers(seed, pixels.shape[0], pixels.shape[1], settings)
    ageing = drawn.record.ageing
    aged = age_print(add_lookalikes(pixels, drawn.record), ageing)
    damaged, mask = damage(aged, drawn.layers, visible_change(ageing))
    return scan(damaged, ageing), mask, drawn.record


def make_again(pixels: Pixels, record: DefectRecord, textures: Textures) -> tuple[Pixels, Mask]:
    """Age, damage and scan a clean photo as the record says, bit for bit as the first time."""
    aged = age_print(add_lookalikes(pixels, record), record.ageing)
    damaged, mask = apply(aged, record, textures)
    return scan(damaged, record.ageing), mask


def add_lookalikes(pixels: Pixels, record: DefectRecord) -> Pixels:
    """A clean photo with the record's lookalikes, `uint8 H×W×3` RGB: as if they had been there when it was taken."""
    check_size(pixels, record)
    drawn = pixels.copy()
    for mark in record.lookalikes:
        layer = layer_of(mark, record.height, record.width, OwnTextures())
        if layer is not None:
            lay(drawn, layer)
    return drawn
