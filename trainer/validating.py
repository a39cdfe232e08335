"""Validation within a training: figures on real annotations apart from those on synthetic ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import nn

from inference.detector import Detector
from inference.names import ModelName
from trainer.dataset import TrainingExample
from trainer.errors import Stopped
from trainer.metrics import Metrics, ThresholdSearch, mean_metrics, measure
from trainer.overlays import overlay, side_by_side

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Probability = npt.NDArray[np.float32]
_Entry = tuple[Pixels, Mask, Probability]
_SHOWN = 4


@dataclass(frozen=True)
class Validation:
    """What a validation found."""

    threshold: float
    """Best for all validation photos together."""
    figures: dict[str, float]
    """`synthetic/dice`, …, and, where people annotated photos, `real/dice`, …"""
    score: float
    """What decides which epoch is kept: best Dice over all pixels of all validation photos."""
    samples: dict[str, Pixels]


def validate(
    network: nn.Module,
    device: str,
    pictures: Sequence[tuple[Pixels, Mask]],
    examples: Sequence[TrainingExample],
    should_stop: Callable[[], bool],
) -> Validation:
    """Measure a network on synthetic pictures and on annotated photos (whole, however large), as it will be used.

    Raises Stopped as soon as `should_stop` says so.
    """
    search = ThresholdSearch()
    detector = Detector(network, 0.5, ModelName("detector", "in training", "file"), device=device)
    synthetic = [_look(detector, pixels, mask, should_stop) for pixels, mask in pictures]
    real: list[_Entry] = []
    for example in examples:
        entries = real if example.is_real else synthetic
        entries.append(_look(detector, example.load_pixels(), example.load_mask(), should_stop))
    groups = {"synthetic": synthetic, "real": real}
    for _, mask, probability in synthetic + real:
        search.add(probability, mask)
    threshold, score = search.best()
    figures: dict[str, float] = {}
    samples: dict[str, Pixels] = {}
    for group, entries in groups.items():
        measured = [measure(probability, mask, threshold) for _, mask, probability in entries]
        figures |= _named(group, measured)
        if entries:
            samples[f"{group} samples"] = _samples(entries, threshold)
    return Validation(threshold, figures, score, samples)


def _look(detector: Detector, pixels: Pixels, mask: Mask, should_stop: Callable[[], bool]) -> _Entry:
    def go_on(_: float = 0.0) -> None:
        if should_stop():
            raise Stopped("The training was asked to stop while it validated.")

    go_on()
    return pixels, mask, detector.probability(pixels, progress=go_on)


def _named(group: str, measured: Sequence[Metrics]) -> dict[str, float]:
    means = {**mean_metrics(measured), "photos": float(len(measured))} if measured else {}
    return {f"{group}/{name}": value for name, value in means.items() if not np.isnan(value)}


def _samples(entries: Sequence[_Entry], threshold: float) -> Pixels:
    """The first few photos over their overlays, each cut to a common height."""
    side = min(512, *(min(pixels.shape[:2]) for pixels, _, _ in entries[:_SHOWN]))
    columns = []
    for pixels, mask, probability in entries[:_SHOWN]:
        window = np.s_[:side, :side]
        found = probability[window] >= threshold
        columns.append(np.concatenate([pixels[window], overlay(pixels[window], mask[window], found)]))
    return side_by_side(columns)
