"""How good a detector is, photo by photo, with a classical method beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from inference.detector import Detector
from inference.files import decode_mask
from inference.names import ModelName
from inference.photo import read_photo
from trainer.dataset import TrainingExample
from trainer.errors import TrainerError
from trainer.metrics import Metrics, ThresholdSearch, measure
from trainer.overlays import overlay

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Probability = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PhotoFigures:
    """One detector's figures on one photo, with the overlay that shows them."""

    name: str
    photo_sha: str
    is_real: bool
    metrics: Metrics
    overlay: Pixels
    """`uint8 H×W×3`: hits green, missed defects blue, false alarms red."""


@dataclass(frozen=True)
class Evaluation:
    """One detector's figures on every photo."""

    model: str
    threshold: float
    photos: tuple[PhotoFigures, ...]


def evaluate_detector(
    checkpoints: Sequence[Path], examples: Sequence[TrainingExample], names: Sequence[ModelName | None] = ()
) -> list[Evaluation]:
    """Measure detectors on the same annotated photos, each at its own threshold, whole and as restoring uses them.

    Raises CheckpointError for a checkpoint, PhotoError for a photo that cannot be read.
    """
    chosen = names or [None] * len(checkpoints)
    evaluations = []
    for path, name in zip(checkpoints, chosen, strict=True):
        detector = Detector.load(path, name=name)
        photos = tuple(_figures(detector, example) for example in examples)
        evaluations.append(Evaluation(str(detector.name), detector.threshold, photos))
    return evaluations


def _figures(detector: Detector, example: TrainingExample) -> PhotoFigures:
    pixels, mask = example.load_pixels(), example.load_mask()
    probability = detector.probability(pixels)
    metrics = measure(probability, mask, detector.threshold)
    shown = overlay(pixels, mask, probability >= detector.threshold)
    return PhotoFigures(example.name, example.photo_sha, example.is_real, metrics, shown)


def top_hat(pixels: Pixels, side: int = 9) -> Probability:
    """The classical reference: what is brighter or darker than its neighbourhood, `float32 H×W` in [0, 1].

    Takes `uint8 H×W×3` RGB; the larger of the white and the black top-hat with a square of `side` pixels.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    square = np.ones((side, side), np.uint8)
    light = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, square)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square)
    return np.asarray(np.maximum(light, dark) / np.float32(255), dtype=np.float32)


def top_hat_threshold(pictures: Sequence[tuple[Pixels, Mask]]) -> float:
    """The threshold of the top-hat that is best on synthetic pictures."""
    search = ThresholdSearch()
    for pixels, mask in pictures:
        search.add(top_hat(pixels), mask)
    return search.best()[0]


def evaluate_top_hat(examples: Sequence[TrainingExample], threshold: float) -> Evaluation:
    """The top-hat measured like a detector."""
    photos = []
    for example in examples:
        pixels, mask = example.load_pixels(), example.load_mask()
        found = top_hat(pixels)
        shown = overlay(pixels, mask, found >= threshold)
        photos.append(
            PhotoFigures(example.name, example.photo_sha, example.is_real, measure(found, mask, threshold), shown)
        )
    return Evaluation("top-hat", threshold, tuple(photos))


def pairs_in(folder: Path) -> list[TrainingExample]:
    """Photos `NAME.damaged.*` with masks `NAME.mask.png` (255 = defect) of a folder, for evaluation only.

    Raises TrainerError when there are none or a mask is missing.
    """
    photos = sorted(folder.glob("*.damaged.*"))
    if not photos:
        raise TrainerError(f"{folder}: there are no files NAME.damaged.* here. Name a folder of annotated photos.")
    return [_pair(path) for path in photos]


def _pair(path: Path) -> TrainingExample:
    name = path.name.split(".damaged.")[0]
    mask = path.with_name(f"{name}.mask.png")
    if not mask.exists():
        raise TrainerError(f"{path}: its mask {mask.name} is missing. Put it beside the photo.")
    return TrainingExample(
        photo_sha=name,
        load_pixels=partial(_read_pixels, path),
        load_mask=partial(_read_mask, path, mask),
        split="validation",
        origin="imported",
        name=name,
    )


def _read_pixels(path: Path) -> Pixels:
    return read_photo(path).pixels


def _read_mask(path: Path, mask: Path) -> Mask:
    height, width = _read_pixels(path).shape[:2]
    return decode_mask(mask.read_bytes(), (height, width), mask.name)
