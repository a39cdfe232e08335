"""Synthetic defects: a sampler draws a record from a seed, a renderer applies it, a record makes it again."""

import numpy as np
import numpy.typing as npt

from trainer.defects.ageing import age_print, scan
from trainer.defects.errors import DefectError
from trainer.defects.records import DefectRecord
from trainer.defects.render import apply
from trainer.defects.sampler import draw, texture_folder
from trainer.defects.settings import AgeingSettings, DefectSettings
from trainer.defects.textures import TextureFolder

__all__ = [
    "AgeingSettings",
    "DefectError",
    "DefectRecord",
    "DefectSettings",
    "TextureFolder",
    "age_and_damage",
    "apply",
    "draw",
    "make_again",
]

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def age_and_damage(pixels: Pixels, seed: int, settings: DefectSettings) -> tuple[Pixels, Mask, DefectRecord]:
    """Age a clean photo, damage it and scan it.

    Takes and returns `uint8 H×W×3` RGB; the mask is `bool H×W`, true = defect. Same seed, same result.
    """
    record = draw(seed, pixels.shape[0], pixels.shape[1], settings)
    return (*make_again(pixels, record, texture_folder(settings)), record)


def make_again(pixels: Pixels, record: DefectRecord, textures: TextureFolder | None = None) -> tuple[Pixels, Mask]:
    """Age, damage and scan a clean photo as the record says, bit for bit as the first time."""
    damaged, mask = apply(age_print(pixels, record.ageing), record, textures)
    return scan(damaged, record.ageing), mask
