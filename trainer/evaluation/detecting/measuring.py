"""Detectors, and what can be measured like one, on annotated photos: one photo in memory at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np

from db.errors import PlatformError
from inference.arrays import Mask, Pixels, Probability
from inference.batch import Failed
from inference.errors import InferenceError
from inference.memory import room_for
from inference.names import ModelName
from inference.probability import mask_at, quantise
from inference.thumbnails import thumbnail
from trainer.evaluation.data import data_sha
from trainer.evaluation.detecting.photos import EvaluationPhoto, Truth
from trainer.measuring.curves import Curve, Figures
from trainer.measuring.metrics import Metrics, Tally, mean_intervals, mean_metrics
from trainer.measuring.overlays import overlay_at

SHOWN_SIDE = 1024
"""Longer side of the pictures kept of a photo, pixels."""
ALARMS = np.linspace(0, 1, 201) ** 3
"""Where ROC curves are kept: closer together where few clean pixels are reported, for that is where masks are made."""
RECALLS = np.linspace(0, 1, 101)[1:]
THRESHOLDS = np.linspace(0, 1, 101)


class Finder(Protocol):
    """A detector, or what is measured like one."""

    @property
    def name(self) -> ModelName:
        """What it is called in results."""

    @property
    def threshold(self) -> float:
        """From which probability a pixel is a defect."""

    def probability(self, pixels: Pixels, progress: Callable[[float], None] | None = None) -> Probability:
        """Probability of 'defect' per pixel: `uint8 H×W×3` to `float32 H×W` in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Look:
    """What a finder found on one photo: the mask at its threshold `bool H×W`, and what figures are made of."""

    found: Mask
    tally: Tally


def look(finder: Finder, pixels: Pixels, mask: Mask, progress: Callable[[float], None] | None = None) -> Look:
    """Let a finder look at a photo as restoring does, and compare what it finds with the true mask."""
    probability = finder.probability(pixels, progress)
    found = mask_at(quantise(probability), finder.threshold)
    return Look(found, Tally.of(probability, mask, found))


@dataclass(frozen=True, eq=False)
class Lines:
    """Curves, sampled: recall at ALARMS, precision at RECALLS, Dice at THRESHOLDS."""

    recall: Figures
    precision: Figures
    dice: Figures

    @classmethod
    def of(cls, curve: Curve) -> "Lines":
        """The samples of a curve."""
        return cls(curve.recall_at_alarms(ALARMS), curve.precision_at_recall(RECALLS), curve.dice_at(THRESHOLDS))


@dataclass(frozen=True, eq=False)
class PhotoFigures:
    """What one finder did on one photo."""

    photo: EvaluationPhoto
    metrics: Metrics
    lines: Lines
    overlay: bytes
    """JPEG of at most SHOWN_SIDE pixels: hits green, missed defects blue, false alarms red."""
    doubt: str | None
    """What to say of a true mask that may be inverted."""


@dataclass(eq=False)
class Evaluation:
    """One finder's figures on all photos."""

    finder: ModelName
    threshold: float
    photos: list[PhotoFigures] = field(default_factory=list)
    tally: Tally | None = field(default=None, repr=False)
    """Of all photos that count, pooled; None where there is none."""

    @property
    def counted(self) -> list[PhotoFigures]:
        """Those that are not apart."""
        return [entry for entry in self.photos if not entry.photo.apart]

    def groups(self) -> dict[str, list[PhotoFigures]]:
        """The photos that count by their group; of a group that is wholly apart, all."""
        grouped: dict[str, list[PhotoFigures]] = {}
        for entry in self.photos:
            grouped.setdefault(entry.photo.group, []).append(entry)
        return {name: [each for each in group if not each.photo.apart] or group for name, group in grouped.items()}

    def means(self) -> dict[str, float]:
        """Mean of each figure over the photos that count."""
        return mean_metrics(entry.metrics for entry in self.counted)

    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % bootstrap interval of each of these means, over photos."""
        return mean_intervals(entry.metrics for entry in self.counted)

    def pooled(self) -> Metrics | None:
        """The figures of all pixels of the photos that count taken together."""
        return self.tally.metrics() if self.tally else None


@dataclass(eq=False)
class Outcome:
    """Everything that measuring made."""

    models: list[Evaluation]
    """In the order they were given."""
    reference: Evaluation
    """The classical method on the same photos."""
    failed: list[Failed] = field(default_factory=list)
    left_out: list[Failed] = field(default_factory=list)
    """Photos that a model was trained on, and which model that was."""
    views: dict[str, bytes] = field(default_factory=dict)
    """Each photo as it is, by label: JPEG of at most SHOWN_SIDE pixels."""
    data_sha: str = ""
    """SHA-256 over the hashes of every photo and mask measured, whatever their order and names."""


def evaluate(
    finders: Sequence[Finder],
    reference: Finder,
    photos: Sequence[EvaluationPhoto],
    progress: Callable[[str, float], None],
    trained_on: Mapping[str, str] | None = None,
) -> Outcome:
    """Measure every finder, and the reference, on every photo. What cannot be read is named, and the others go on.

    `trained_on` maps the SHA-256 of a photo's bytes to the model that was trained on it: such a photo judges nobody.
    `progress` gets the photo's label and how many photos are done.
    """
    everyone = [*finders, reference]
    columns = [Evaluation(finder.name, finder.threshold) for finder in everyone]
    outcome = Outcome(columns[:-1], columns[-1])
    measured = []
    for place, photo in enumerate(photos):
        try:
            with room_for(photo.label):
                truth = photo.read()
                learner = (trained_on or {}).get(truth.photo_sha)
                if learner is not None:
                    outcome.left_out.append(Failed(photo.label, f"{learner} was trained on it"))
                    continue
                view = thumbnail(truth.pixels, SHOWN_SIDE)
                _measure(everyone, columns, photo, truth, partial(_tell, progress, photo.label, place))
        except (InferenceError, PlatformError) as error:
            outcome.failed.append(Failed(photo.label, str(error)))
            continue
        outcome.views[photo.label] = view
        measured.append(f"{truth.photo_sha} {truth.mask_sha}\n")
    outcome.data_sha = data_sha(measured)
    return outcome


def _measure(
    finders: Sequence[Finder],
    columns: Sequence[Evaluation],
    photo: EvaluationPhoto,
    truth: Truth,
    progress: Callable[[float], None],
) -> None:
    """All finders on one photo, or none."""
    seen = []
    for place, finder in enumerate(finders):
        found = look(finder, truth.pixels, truth.mask, partial(_pass_on, progress, place, len(finders)))
        shown = thumbnail(overlay_at(SHOWN_SIDE, truth.pixels, truth.mask, found.found), SHOWN_SIDE)
        figures = PhotoFigures(photo, found.tally.metrics(), Lines.of(found.tally.curve), shown, truth.doubt)
        seen.append((figures, found.tally))
    for column, (figures, tally) in zip(columns, seen, strict=True):
        column.photos.append(figures)
        if not photo.apart:
            column.tally = tally if column.tally is None else column.tally + tally


def _tell(progress: Callable[[str, float], None], label: str, done: int, share: float) -> None:
    progress(label, done + share)


def _pass_on(progress: Callable[[float], None], place: int, count: int, share: float) -> None:
    progress((place + share) / count)
