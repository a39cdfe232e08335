"""The whole way of one photo: find its defects, fill them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.detector import Detector
from inference.errors import PhotoError
from inference.fill import fill
from inference.metadata import Array
from inference.methods import FillMethod, fill_name
from inference.names import ModelName
from inference.photo import Photo
from inference.probability import mask_at, quantise

Progress = Callable[[float], None]
_DETECTING = 0.8


@dataclass(frozen=True)
class RestorationResult:
    """What restoring one photo made, and by which models.

    `mask` is bool H×W, true = defect: `probability` (float32 H×W) at `threshold`. `restored` has the photo's own depth
    and channels and equals its `source` outside the mask. `models` maps detector and inpainter to their names.
    """

    mask: NDArray[np.bool_]
    probability: NDArray[np.float32]
    restored: Array
    models: dict[str, ModelName]
    warnings: tuple[str, ...]
    threshold: float


class Restorer:
    """A detector and a way of filling; every stage takes what the one before it made."""

    def __init__(self, detector: Detector, method: FillMethod = "telea") -> None:
        self._detector = detector
        self._method: FillMethod = method

    @classmethod
    def load(
        cls, detector: Path | None = None, method: FillMethod = "telea", *, name: ModelName | None = None,
        threshold: float | None = None, threads: int | None = None,
    ) -> "Restorer":  # fmt: skip
        """Load the detector's checkpoint (the shipped one for None); see Detector.load for the rest."""
        return cls(Detector.load(detector, name=name, threads=threads, threshold=threshold), method)

    @property
    def models(self) -> dict[str, ModelName]:
        """The models by their part in the restoration."""
        return {"detector": self._detector.name, "inpainter": fill_name(self._method)}

    def restore(self, photo: Photo, progress: Progress | None = None) -> RestorationResult:
        """Restore a photo. `progress` gets the share done. Raises PhotoError where nothing is left to fill from."""
        report = progress or _ignore
        probability = self._detector.probability(photo.pixels, lambda share: report(share * _DETECTING))
        mask = mask_at(quantise(probability), self._detector.threshold)
        if mask.all():
            raise PhotoError(f"The detector takes all of {photo.name} for a defect; choose a higher threshold.")
        restored = fill(photo, mask, self._method, progress=lambda share: report(_DETECTING + share * (1 - _DETECTING)))
        report(1.0)
        return RestorationResult(mask, probability, restored, self.models, photo.warnings, self._detector.threshold)


def _ignore(_: float) -> None:
    """Report progress to nobody."""
