"""How long the three results of one photo take on this machine."""

import statistics
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from db.settings import Settings
from inference.names import KINDS
from inference.photo import Photo
from inference.restorer import Restorer
from trainer.defects import DefectSettings, age_and_damage
from trainer.learning.clean import packaged_photos
from trainer.tracking.registry import resolve

SIDE = 1024
_RUNS = 3
_SEED = 7
_DEFECTS = DefectSettings(scratch=3.0, crease=3.0, intact=0.0)
"""So much that a detector finds some of it: where nothing is marked, nothing is filled and one colouring is enough."""
PUBLISHED = {"detect": 0.29, "fill": 0.05, "color": 0.03}
"""Seconds that the published service needs for each stage, on a GPU; the last two for 512²."""


@dataclass(frozen=True)
class Speed:
    """Median seconds of each stage for a photo of 1024², and on what."""

    device: str
    threads: int
    marked: float
    """Share of the photo that was found to be damaged."""
    seconds: dict[str, float]


def measure_speed(settings: Settings) -> Speed:
    """Restore a packaged sample photo, enlarged and with our own defects, three times after one to warm up."""
    sample = next(photo for photo in packaged_photos() if photo.name == "astronaut").load()
    enlarged = np.asarray(cv2.resize(sample, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)
    damaged, _, _ = age_and_damage(enlarged, _SEED, _DEFECTS)
    photo = Photo(damaged, damaged, "astronaut", "PNG")
    chosen = {kind: resolve(settings, None, kind) for kind in KINDS}
    restorer = Restorer.load(
        *(path for path, _ in chosen.values()), names={kind: name for kind, (_, name) in chosen.items()}
    )  # fmt: skip
    restorer.restore(photo)
    results = [restorer.restore(photo) for _ in range(_RUNS)]
    seconds = {stage: statistics.median(each.seconds[stage] for each in results) for stage in results[0].seconds}
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return Speed(device, torch.get_num_threads(), float(results[0].mask.mean()), seconds)
