"""Train a tiny colorizer in a process of its own: `python -m tests.support.colour_once OUT LOG STOP_AFTER`."""

import json
import sys
from pathlib import Path

from tests.support.train_once import LoggingTracker
from trainer.colouring.recipe import ColorizerRecipe, ColourLossSettings
from trainer.learning.loop import TrainingOutcome, train_model

RECIPE = ColorizerRecipe(
    levels=(8, 8, 8), decoder_channels=(8, 8), size=32, batch=2, epochs=2, steps_per_epoch=3, warmup_steps=1,
    checkpoint_every=2, validation_pictures=2, average=0.9, workers=0, threads=1, seed=11, discriminator_channels=4,
    loss=ColourLossSettings(l1=1, rarity=0.3, adversarial=0.1),
)  # fmt: skip


def train(out: Path, log: Path, stop_after: int, recipe: ColorizerRecipe = RECIPE) -> TrainingOutcome:
    """Train on the sample photos that packages bring."""
    tracker = LoggingTracker(log)
    return train_model(
        recipe, [], out, tracker, should_stop=lambda: bool(stop_after) and tracker.steps_seen >= stop_after
    )  # fmt: skip


if __name__ == "__main__":
    outcome = train(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"stopped": outcome.stopped, "metrics": outcome.metrics}))
