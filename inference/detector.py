"""The detector in use: a photo in, the probability of 'defect' per pixel out."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.arrays import Pixels, Probability
from inference.devices import chosen_device, fast_precision
from inference.errors import InferenceError, not_finite
from inference.loading import load_network
from inference.looks import halved, look_sizes, seen_together
from inference.names import ModelName
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.networks.lean import fold_norms
from inference.probability import checked_threshold
from inference.regions import checked_certainty
from inference.tiles import run_tiled
from inference.views import IN_THREE_SIZES, VIEWS, View, seen

_SMALLEST_TILE = 128
_log = logging.getLogger(__name__)


class Detector:
    """A detector network with the threshold it was calibrated for and the name it goes by in results."""

    def __init__(
        self, network: nn.Module, threshold: float, name: ModelName, *, tile: int = 1024, batch: int | None = None,
        device: str | None = None, views: Sequence[View] = IN_THREE_SIZES, certainty: float = 0.0,
    ) -> None:  # fmt: skip
        """Use `network` (float N×3×H×W in [0, 1] to logits N×1×H×W) on `device`; without one, a GPU where there is.

        `threshold` is in (0, 1]. Regions at the threshold whose mean probability is less than `certainty`, 0 to 1, are
        taken below it (`looks.seen_together`); 0 leaves all as they are. What is seen in all `views` is averaged, as
        probabilities; they take the time of all their pixels, for IN_THREE_SIZES seven times that of the photo. Photos
        go through the network in tiles of `tile` pixels of their own size, `batch` of them at a time: 1 on a CPU, where
        more only take memory, and 4 on a GPU.
        Raises UsageProblem for an impossible threshold or certainty.
        """
        self.threshold = checked_threshold(threshold)
        self._level = self.threshold
        self._certainty = checked_certainty(certainty)
        self.name = name
        self._views = tuple(views)
        self._device = chosen_device(device)
        self._tile = tile
        self._batch = batch or (4 if self._device.type == "cuda" else 1)
        self._network = network.eval().to(self._device).to(memory_format=torch.channels_last)

    @classmethod
    def load(
        cls, path: Path | None = None, *, name: ModelName | None = None, threads: int | None = None,
        device: str | None = None, threshold: float | None = None, views: Sequence[View] | None = None,
        certainty: float | None = None,
    ) -> "Detector":  # fmt: skip
        """Load a checkpoint file, or the shipped detector when `path` is None.

        `name` is what results call it (by default the file's name and hash); `threads` sets torch's threads for the
        whole process; `threshold`, `certainty` and `views` take the place of those that the checkpoint was calibrated
        for. The level of regions stays the checkpoint's threshold. Raises CheckpointError naming the file and the
        remedy, UsageProblem for an impossible threshold or certainty.
        """
        network, calibrated, called = load_network(
            "detector",
            path,
            name,
            build=lambda described: build_detector(DetectorArchitecture.from_dict(described)),
            read=_calibration,
        )
        if threads is not None:
            torch.set_num_threads(threads)
        fold_norms(network)
        level, certain, by_default = calibrated
        certain = certain if certainty is None else certainty
        detector = cls(network, level, called, device=device, views=views or by_default, certainty=certain)
        if threshold is not None:
            detector.threshold = checked_threshold(threshold)
        return detector

    def probability(self, pixels: Pixels, progress: Callable[[float], None] | None = None) -> Probability:
        """Probability of 'defect' for every pixel of uint8 H×W×3 RGB, any size: float32 H×W in [0, 1].

        What is seen in the photo's own size and in smaller ones (`looks`), together; regions that are unsure as a whole
        lie below the threshold. Raises InferenceError for other pixels, and for a network whose answer is no number.
        `progress` gets the share done.
        """
        return seen_together(self.looks(pixels, progress), self._level, self._certainty)

    def looks(self, pixels: Pixels, progress: Callable[[float], None] | None = None) -> list[Probability]:
        """What the network says of uint8 H×W×3 RGB, any size, in each of `look_sizes`: float32 h×w in [0, 1].

        The network's memory is bounded by the tile whatever the photo's size; where a GPU's runs out, the look is begun
        anew with less at a time.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise InferenceError(f"A detector takes uint8 H×W×3 pixels, not {pixels.dtype} {pixels.shape}.")
        sizes = look_sizes(*pixels.shape[:2])
        whole, done = sum(map(math.prod, sizes)), 0
        found = []
        for size in sizes:
            pixels = pixels if pixels.shape[:2] == size else halved(pixels)
            found.append(self._tiled(pixels, progress and _part(progress, done, math.prod(size), whole)))
            done += math.prod(size)
        return found

    def _tiled(self, pixels: Pixels, progress: Callable[[float], None] | None) -> Probability:
        while True:
            try:
                return run_tiled(
                    self._tiles_probability, pixels, self._tile, self._tile // 8, progress, at_once=self._batch
                )
            except torch.OutOfMemoryError:
                if not self._need_less():
                    raise
            torch.cuda.empty_cache()

    def _need_less(self) -> bool:
        """From now on half the pictures at a time, then tiles of half the side; False when neither can be halved."""
        if self._batch > 1:
            self._batch //= 2
        elif self._tile > _SMALLEST_TILE:
            self._tile //= 2
        else:
            return False
        _log.warning(
            "The GPU's memory ran out; detecting goes on with %d pictures of %d pixels at a time.",
            self._batch,
            self._tile,
        )
        return True

    @torch.inference_mode()
    def _tiles_probability(self, tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 N×h×w×3 to float32 N×h×w."""
        pictures = torch.from_numpy(tiles).to(self._device).permute(0, 3, 1, 2).float() / 255
        mean = torch.zeros_like(pictures[:, 0])
        for view in self._views:
            mean += seen(self._logits, pictures, view) / len(self._views)
        probability: NDArray[np.float32] = mean.cpu().numpy()
        if not np.isfinite(probability).all():
            raise not_finite(self.name)
        return probability

    def _logits(self, pictures: torch.Tensor) -> torch.Tensor:
        with fast_precision(self._device.type):
            logits: torch.Tensor = self._network(pictures.contiguous(memory_format=torch.channels_last))
        return logits.float()


def _calibration(settings: Mapping[str, Any]) -> tuple[float, float, Sequence[View]]:
    """Threshold, certainty and views of a checkpoint; those made before there were sizes were calibrated for one."""
    sizes = settings.get("sizes", 1)
    if sizes not in VIEWS:
        raise ValueError(f"calibrated for {sizes!r} sizes, known are {', '.join(map(str, VIEWS))}")
    return float(settings["threshold"]), float(settings.get("certainty", 0.0)), VIEWS[sizes]


def _part(progress: Callable[[float], None], done: int, part: int, whole: int) -> Callable[[float], None]:
    """Tells the progress of a part of the work, of which so much is done, as that of the whole."""
    return lambda share: progress((done + share * part) / whole)
