"""What a person can see is in the mask, and nothing else."""

import numpy as np

from trainer.defects import DefectSettings, apply, draw
from trainer.defects.settings import RATES, AgeingSettings
from trainer.defects.textures import open_textures

FAINT = DefectSettings(**dict.fromkeys(RATES, 0.0) | {"scratch": 6.0}, intact=0.0, ageing=AgeingSettings(strength=0))


def _marked(pixels: np.ndarray) -> float:
    """Mean share of the mask over a few records of scratches."""
    textures = open_textures("")
    shares = [apply(pixels, draw(seed, *pixels.shape[:2], FAINT), textures)[1].mean() for seed in range(12)]
    return float(np.mean(shares))


def test_scratches_are_marked_less_where_the_photo_is_full_of_detail() -> None:
    """The same strokes on the same mean level: plain paper, and leaves in the sun."""
    plain = np.full((128, 128, 3), 128, np.uint8)
    chance = np.random.default_rng(0)
    busy = np.repeat(np.clip(chance.normal(128, 60, (128, 128, 1)), 0, 255).astype(np.uint8), 3, axis=2)
    assert 0 < _marked(busy) < 0.8 * _marked(plain)
