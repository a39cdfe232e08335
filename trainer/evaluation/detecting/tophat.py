"""The classical reference: a morphological top-hat, calibrated like a detector."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from inference.arrays import Mask, Pixels, Probability
from inference.names import ModelName
from trainer.defects import DefectSettings, age_and_damage
from trainer.learning.clean import packaged_photos
from trainer.measuring.calibrating import ThresholdSearch

_WINDOW = 9
_PICTURES = 16
_SIDE = 256


@dataclass(frozen=True)
class TopHat:
    """What is brighter or darker than its neighbourhood, at a threshold; measured like a detector."""

    threshold: float

    @property
    def name(self) -> ModelName:
        """The method, its window and the version of OpenCV that does it."""
        return ModelName(f"top-hat {_WINDOW}×{_WINDOW}", cv2.__version__, "opencv")

    @classmethod
    def calibrated(cls) -> "TopHat":
        """With the threshold that is best on synthetic pictures, never on those to be measured."""
        return cls(top_hat_threshold(synthetic_pictures()))

    def probability(self, pixels: Pixels, progress: Callable[[float], None] | None = None) -> Probability:
        """As `top_hat`; `progress` is told the end."""
        found = top_hat(pixels)
        if progress:
            progress(1.0)
        return found


def top_hat(pixels: Pixels) -> Probability:
    """What stands out from a square of 9×9 pixels, `float32 H×W` in [0, 1].

    Takes `uint8 H×W×3` RGB; the larger of the white and the black top-hat (Serra 1982).
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    square = np.ones((_WINDOW, _WINDOW), np.uint8)
    light = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, square)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square)
    return np.asarray(np.maximum(light, dark) / np.float32(255), dtype=np.float32)


def top_hat_threshold(pictures: Iterable[tuple[Pixels, Mask]]) -> float:
    """The threshold of the top-hat with the best Dice over all pixels of these pictures."""
    search = ThresholdSearch()
    for pixels, mask in pictures:
        search.add(top_hat(pixels), mask)
    return search.best()[0]


def synthetic_pictures() -> Iterator[tuple[Pixels, Mask]]:
    """Crops `uint8 256×256×3` of the sample photos, aged and damaged without a folder of textures; always the same."""
    photos, defects = packaged_photos(), DefectSettings()
    for seed in range(_PICTURES):
        pixels = photos[seed % len(photos)].load()
        chance = np.random.default_rng(seed)
        top, left = (int(chance.integers(max(1, length - _SIDE + 1))) for length in pixels.shape[:2])
        crop = np.ascontiguousarray(pixels[top : top + _SIDE, left : left + _SIDE])
        damaged, mask, _ = age_and_damage(crop, seed, defects)
        yield damaged, mask
