"""Train a tiny detector in a process of its own: `python -m tests.support.train_once OUT LOG STOP_AFTER`.

Writes every step it ran to LOG as JSON lines; asks to stop once STOP_AFTER steps were logged (0: never).
"""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np

from trainer.detecting.recipe import DetectorRecipe
from trainer.learning.examples import TrainingExample
from trainer.learning.loop import TrainingOutcome, train_model
from trainer.learning.tracker import NullTracker

RECIPE = DetectorRecipe(
    encoder="plain", decoder_channels=(8, 8, 8, 4, 4), pretrained=False, size=32, batch=2, epochs=2,
    steps_per_epoch=3, warmup_steps=1, checkpoint_every=2, validation_pictures=2, average=0.9, workers=2, threads=1,
    seed=11,
)  # fmt: skip


class LoggingTracker(NullTracker):
    """Writes what it is told to a file."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.steps_seen = 0

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Write the figures of a step."""
        self._write({"step": step, **values})
        self.steps_seen += "loss" in values

    def tag(self, key: str, value: str) -> None:
        """Write a tag."""
        self._write({"tag": key, "value": value})

    def picture(self, key: str, pixels: np.ndarray, step: int) -> None:
        """Write what kind of picture came."""
        self._write({"picture": key, "shape": pixels.shape, "at": step})

    def _write(self, values: dict[str, object]) -> None:
        with self.log.open("a") as file:
            file.write(json.dumps(values) + "\n")


def example(split: str, origin: str, level: int) -> TrainingExample:
    """An annotated photo of one tone with a square defect."""
    pixels = np.full((40, 50, 3), level, np.uint8)
    mask = np.zeros((40, 50), bool)
    mask[10:16, 20:26] = True
    pixels[mask] = 230
    return TrainingExample(f"{split}{origin}{level}", partial(np.copy, pixels), partial(np.copy, mask), split, origin)  # type: ignore[arg-type]


def train(out: Path, log: Path, stop_after: int, recipe: DetectorRecipe = RECIPE) -> TrainingOutcome:
    """Train on a few small photos."""
    tracker = LoggingTracker(log)
    examples = [example("train", "synthetic", 60), example("train", "drawn", 90), example("validation", "drawn", 70)]
    return train_model(
        recipe, examples, out, tracker, should_stop=lambda: bool(stop_after) and tracker.steps_seen >= stop_after
    )


if __name__ == "__main__":
    outcome = train(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"stopped": outcome.stopped, "metrics": outcome.metrics}))
