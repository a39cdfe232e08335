"""A detector and an inpainter together, held against an expert's restorations: one photo in memory at a time."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.arrays import Array, Mask, Pixels
from inference.batch import Failed
from inference.detector import Detector
from inference.errors import InferenceError
from inference.fill import ClassicalInpainter
from inference.inpainter import Inpainter
from inference.memory import room_for
from inference.probability import mask_at, quantise
from inference.samples import to_eight_bits
from inference.thumbnails import thumbnail
from trainer.evaluation.data import data_sha
from trainer.evaluation.restoring.pairs import RestoredPair, RestoredTruth
from trainer.measuring.fills import psnr
from trainer.measuring.overlays import overlay_at

_SHOWN_SIDE = 640


@dataclass(frozen=True)
class RestoredFigures:
    """PSNR of the whole picture against the expert's, in dB."""

    damaged: float
    """Of the photo as it is."""
    restored: float
    """Filled under the mask that the detector found."""
    ceiling: float
    """Filled under the true mask: what a perfect detector would give this inpainter."""
    marked: float
    """Share of the photo that the detector marked."""
    true_marked: float
    """Share that is damaged."""

    @property
    def gain(self) -> float:
        """What restoring gains, dB."""
        return self.restored - self.damaged

    @property
    def share(self) -> float:
        """The gain as a share of what the true mask would gain; NaN where that gains nothing."""
        possible = self.ceiling - self.damaged
        return self.gain / possible if possible > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class RestoredPhoto:
    """One pair: figures, and JPEGs to look at, by what they show."""

    name: str
    figures: RestoredFigures
    views: dict[str, bytes]
    """`damaged`, `found` (the masks over it), `restored`, `true mask`, `expert`."""
    doubt: str | None
    """What to say of a true mask that may be inverted."""


@dataclass(eq=False)
class RestoredOutcome:
    """Everything that measuring made."""

    models: dict[str, str]
    """Detector and inpainter by name."""
    photos: list[RestoredPhoto] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    left_out: list[Failed] = field(default_factory=list)
    """Photos that a model was trained on, and which model that was."""
    data_sha: str = ""

    def means(self) -> dict[str, float]:
        """Means over the photos that have it: `damaged`, `restored`, `ceiling`, `gain`, `share`; NaN of none."""
        names = ("damaged", "restored", "ceiling", "gain", "share")
        return {name: _mean([getattr(entry.figures, name) for entry in self.photos]) for name in names}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def evaluate_restorations(
    detector: Detector,
    inpainter: Inpainter | ClassicalInpainter,
    pairs: Sequence[RestoredPair],
    progress: Callable[[str, float], None],
    trained_on: Mapping[str, str] | None = None,
) -> RestoredOutcome:
    """Restore every damaged photo, under the found and under the true mask, and compare with the expert's.

    What cannot be read or restored is named, and the others go on. `trained_on` maps the SHA-256 of a photo's bytes to
    the model that was trained on it: such a photo judges nobody. `progress` gets the photo's name and how many are
    done.
    """
    outcome = RestoredOutcome({"detector": str(detector.name), "inpainter": str(inpainter.name)})
    hashes = []
    for place, pair in enumerate(pairs):
        progress(pair.name, place)
        try:
            with room_for(pair.name):
                truth = pair.read()
                learner = (trained_on or {}).get(truth.photo_sha)
                if learner is not None:
                    outcome.left_out.append(Failed(pair.name, f"{learner} was trained on it"))
                    continue
                outcome.photos.append(_restored(detector, inpainter, pair.name, truth))
        except InferenceError as error:
            outcome.failed.append(Failed(pair.name, str(error)))
            continue
        hashes.append(truth.sha)
    outcome.data_sha = data_sha(hashes)
    return outcome


def _restored(
    detector: Detector, inpainter: Inpainter | ClassicalInpainter, name: str, truth: RestoredTruth
) -> RestoredPhoto:
    photo, expert = truth.photo, truth.expert
    found = mask_at(quantise(detector.probability(photo.pixels)), detector.threshold)
    restored, ideal = (_filled(inpainter, truth, mask) for mask in (found, truth.mask))
    figures = RestoredFigures(
        damaged=psnr(photo.pixels, expert),
        restored=psnr(restored, expert),
        ceiling=psnr(ideal, expert),
        marked=float(found.mean()),
        true_marked=float(truth.mask.mean()),
    )
    views = {
        "damaged": photo.pixels,
        "found": overlay_at(_SHOWN_SIDE, photo.pixels, truth.mask, found),
        "restored": restored,
        "true mask": ideal,
        "expert": expert,
    }
    shown = {what: thumbnail(pixels, _SHOWN_SIDE) for what, pixels in views.items()}
    return RestoredPhoto(name, figures, shown, truth.doubt)


def _filled(inpainter: Inpainter | ClassicalInpainter, truth: RestoredTruth, mask: Mask) -> Pixels:
    filled: Array = inpainter.fill(truth.photo, mask).pixels if mask.any() else truth.photo.source
    return to_eight_bits(filled)
