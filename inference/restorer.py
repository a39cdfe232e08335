"""The whole way of one photo: find its defects, fill them, colour it with and without them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Array, Mask
from inference.colorizer import Colorizer
from inference.detector import Detector
from inference.errors import PhotoError, UsageProblem
from inference.fill import ClassicalInpainter
from inference.inpainter import Inpainter
from inference.memory import give_back
from inference.metadata import rgb_profile
from inference.methods import FillMethod
from inference.names import ModelName
from inference.photo import Photo
from inference.probability import mask_at, quantise

Progress = Callable[[float], None]
_SHARES = {"detect": 0.3, "fill": 0.6, "color": 0.05, "restored_color": 0.05}
"""About how much of the time each stage takes, for the progress bar alone."""


@dataclass(frozen=True)
class RestorationResult:
    """What restoring one photo made, and by which models.

    `mask` is bool H×W, true = defect: `probability` (float32 H×W) at `threshold`. `restored` has the photo's own depth
    and channels and equals its `source` outside the mask; where nothing is marked, it is the source. `restored_color`
    and `color`, `restored` and the photo as it is in colour, are RGB H×W×3 in that depth; where nothing is marked, one
    array is both. `models` maps detector, inpainter and colorizer to their names, `seconds` the stages `detect`,
    `fill`, `color` and `restored_color` to the time they took; a stage that was not needed is not in it.
    """

    mask: Mask
    probability: NDArray[np.float32]
    restored: Array
    restored_color: Array
    color: Array
    models: dict[str, ModelName]
    warnings: tuple[str, ...]
    threshold: float
    seconds: dict[str, float]


class Restorer:
    """Detector, inpainter and colorizer; every stage takes what the one before it made."""

    def __init__(self, detector: Detector, inpainter: Inpainter | ClassicalInpainter, colorizer: Colorizer) -> None:
        self._detector = detector
        self._inpainter = inpainter
        self._colorizer = colorizer

    @classmethod
    def load(
        cls, detector: Path | None = None, inpainter: Path | None = None, colorizer: Path | None = None, *,
        method: FillMethod | None = None, names: Mapping[str, ModelName] | None = None, threshold: float | None = None,
        threads: int | None = None, device: str | None = None,
    ) -> "Restorer":  # fmt: skip
        """Load a checkpoint for each part, the shipped one where none is given.

        With `method` no inpainter is loaded and the classical fill takes its place. `names` says what results call the
        models, by part; see Detector.load for the rest. Raises CheckpointError where a model cannot be had,
        UsageProblem for an impossible threshold, or a method beside an inpainter.
        """
        called = names or {}
        return cls(
            Detector.load(detector, name=called.get("detector"), threads=threads, device=device, threshold=threshold),
            _inpainter(inpainter, method, called.get("inpainter"), threads, device),
            Colorizer.load(colorizer, name=called.get("colorizer"), threads=threads, device=device),
        )

    @property
    def models(self) -> dict[str, ModelName]:
        """The models by their part in the restoration."""
        return {
            "detector": self._detector.name, "inpainter": self._inpainter.name, "colorizer": self._colorizer.name
        }  # fmt: skip

    @property
    def threshold(self) -> float:
        """Probability from which the detector takes a pixel for a defect."""
        return self._detector.threshold

    def restore(self, photo: Photo, progress: Progress | None = None, *, saturation: float = 1.0) -> RestorationResult:
        """Restore a photo. `progress` gets the share done; `saturation` is the strength of colours, 1 as predicted.

        Raises PhotoError where nothing is left to fill from.
        """
        stages = _Stages(progress)
        with stages.stage("detect") as report:
            probability = self._detector.probability(photo.pixels, report)
            mask = mask_at(quantise(probability), self.threshold)
        if mask.all():
            raise PhotoError(f"The detector takes all of {photo.name} for a defect; choose a higher threshold.")
        restored, warnings = photo.source, photo.warnings + profile_warning(photo)
        if mask.any():
            with stages.stage("fill") as report:
                filled = self._inpainter.fill(photo, mask, progress=report)
            restored, warnings = filled.pixels, warnings + filled.warnings
        with stages.stage("color") as report:
            color = self._colorizer.colour(photo, saturation=saturation, progress=report)
        restored_color = color
        if mask.any():
            with stages.stage("restored_color") as report:
                restored_color = self._colorizer.colour(photo, restored, saturation=saturation, progress=report)
        stages.finish()
        return RestorationResult(
            mask, probability, restored, restored_color, color, self.models, warnings, self.threshold, stages.seconds
        )


def _inpainter(
    path: Path | None, method: FillMethod | None, name: ModelName | None, threads: int | None, device: str | None
) -> Inpainter | ClassicalInpainter:
    if method is not None and path is not None:
        raise UsageProblem(f"Filling by {method} needs no inpainter; leave out {path} or the method.")
    if method is not None:
        return ClassicalInpainter(method)
    return Inpainter.load(path, name=name, threads=threads, device=device)


def profile_warning(photo: Photo) -> tuple[str, ...]:
    """What to say of a photo's colour profile when the photo is coloured."""
    if photo.icc is None or rgb_profile(photo.icc) is not None:
        return ()
    return (f"{photo.name} has a colour profile for grey; it was left out of the pictures in colour.",)


class _Stages:
    """Times the stages and turns the share done of each into the share done of all."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._done = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        begun, before, share = time.perf_counter(), self._done, _SHARES[name]
        yield lambda done: self._report(before + done * share)
        give_back()
        self.seconds[name] = time.perf_counter() - begun
        self._report(before + share)

    def finish(self) -> None:
        self._report(1.0)

    def _report(self, done: float) -> None:
        self._done = done
        if self._progress:
            self._progress(min(done, 1.0))
