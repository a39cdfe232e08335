"""Validation within a training: figures on real annotations apart from those on synthetic ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import IO, TypeVar

import numpy as np
from torch import nn

from inference.arrays import Mask, Pixels, Probability
from inference.detector import Detector
from inference.looks import seen_together
from inference.names import ModelName
from inference.views import VIEWS
from trainer.errors import Stopped
from trainer.learning.examples import TrainingExample
from trainer.learning.learner import Validation
from trainer.measuring.calibrating import CertaintySearch, ThresholdSearch
from trainer.measuring.metrics import Metrics, mean_metrics, measure
from trainer.measuring.overlays import overlay, side_by_side

_Made = TypeVar("_Made")
_SHOWN = 4
_SIZES = 3


@dataclass(frozen=True)
class _Judged:
    """A photo with its true mask, read when it is needed."""

    group: str
    pixels: Callable[[], Pixels]
    mask: Callable[[], Mask]


def validate(
    network: nn.Module,
    device: str,
    pictures: Sequence[tuple[Pixels, Mask]],
    examples: Sequence[TrainingExample],
    should_stop: Callable[[], bool],
) -> Validation:
    """Measure a network on synthetic pictures and on annotated photos (whole, however large), as it will be used.

    The threshold is the best for all of them together, and the score is the Dice at it over all their pixels; how sure
    a region has to be is what gives the best mean Dice over photos then: both in the photos' own sizes. The figures are
    with both, and with smaller looks at large photos. They are known only when all have been seen: until then their
    looks wait in a file, up to 6 bytes a pixel, so that memory holds one photo at a time. Raises Stopped as soon as
    `should_stop` says so.
    """

    def go_on(_: float = 0.0) -> None:
        if should_stop():
            raise Stopped("The training was asked to stop while it validated.")

    detector = Detector(network, 0.5, ModelName("detector", "in training", "file"), device=device, views=VIEWS[_SIZES])
    judged = _all(pictures, examples)
    search = ThresholdSearch()
    with TemporaryFile() as file:
        for photo in judged:
            go_on()
            looks = detector.looks(photo.pixels(), progress=go_on)
            search.add(looks[0], photo.mask())
            _keep(file, looks)
        threshold, score = search.best()
        certainty = _certainty(judged, file, threshold)
        file.seek(0)
        figures, samples = _measured(judged, file, threshold, certainty)
    return Validation(figures, score, samples, {"threshold": threshold, "certainty": certainty, "sizes": _SIZES})


def _certainty(judged: Sequence[_Judged], file: IO[bytes], threshold: float) -> float:
    search = CertaintySearch(threshold)
    file.seek(0)
    for photo in judged:
        search.add(_kept(file)[0], photo.mask())
    return search.best()[0]


def _keep(file: IO[bytes], looks: Sequence[Probability]) -> None:
    np.save(file, len(looks))
    for look in looks:
        np.save(file, look)


def _kept(file: IO[bytes]) -> list[Probability]:
    return [np.load(file) for _ in range(int(np.load(file)))]


def _all(pictures: Sequence[tuple[Pixels, Mask]], examples: Sequence[TrainingExample]) -> list[_Judged]:
    made = [_Judged("synthetic", partial(_same, pixels), partial(_same, mask)) for pixels, mask in pictures]
    return made + [
        _Judged("real" if example.is_real else "synthetic", example.load_pixels, example.load_mask)
        for example in examples
    ]


def _same(value: _Made) -> _Made:
    return value


def _measured(
    judged: Sequence[_Judged], file: IO[bytes], threshold: float, certainty: float
) -> tuple[dict[str, float], dict[str, Pixels]]:
    metrics: dict[str, list[Metrics]] = {"synthetic": [], "real": []}
    columns: dict[str, list[Pixels]] = {"synthetic": [], "real": []}
    for photo in judged:
        probability, mask = seen_together(_kept(file), threshold, certainty), photo.mask()
        metrics[photo.group].append(measure(probability, mask, threshold))
        if len(columns[photo.group]) < _SHOWN:
            columns[photo.group].append(_column(photo.pixels(), mask, probability >= threshold))
    figures: dict[str, float] = {}
    for group, measured in metrics.items():
        figures |= _named(group, measured)
    return figures, {f"{group} samples": _samples(shown) for group, shown in columns.items() if shown}


def _named(group: str, measured: Sequence[Metrics]) -> dict[str, float]:
    means = {**mean_metrics(measured), "photos": float(len(measured))} if measured else {}
    return {f"{group}/{name}": value for name, value in means.items() if not np.isnan(value)}


def _column(pixels: Pixels, mask: Mask, found: Mask) -> Pixels:
    """A square cut of a photo over its overlay, `uint8 2S×S×3`."""
    side = min(512, *pixels.shape[:2])
    window = np.s_[:side, :side]
    return np.concatenate([pixels[window], overlay(pixels[window], mask[window], found[window])])


def _samples(columns: Sequence[Pixels]) -> Pixels:
    """The columns side by side, each cut to the smallest."""
    side = min(column.shape[1] for column in columns)
    cut = [np.concatenate([column[:side, :side], column[len(column) // 2 :][:side, :side]]) for column in columns]
    return side_by_side(cut)
