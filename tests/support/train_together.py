"""One process of a training that torchrun starts several of: `train_together OUT CHANGES [STOP_AFTER]`.

CHANGES are recipe fields as JSON. Every process but the main one is given a folder of its own, OUT-RANK, in which
nothing may ever appear, and a log OUT.RANK.log. With STOP_AFTER the second process alone is asked to stop after so
many steps.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from tests.support.train_once import RECIPE, LoggingTracker, example
from trainer.detecting.recipe import LossSettings
from trainer.learning.loop import train_model

BCE = LossSettings(bce=1, dice=0)
"""A loss whose mean over two halves is that of the whole."""


def main() -> None:
    """Train this process's part."""
    out, changes, stop_after = Path(sys.argv[1]), json.loads(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])
    rank = int(os.environ.get("RANK", "0"))
    recipe = replace(RECIPE, loss=BCE, positive_weight="5", workers=0, **changes)
    examples = [example("train", "synthetic", 60), example("train", "drawn", 90), example("validation", "drawn", 70)]
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return rank == 1 and 0 < stop_after < asked

    folder = out if rank == 0 else out.with_name(f"{out.name}-{rank}")
    outcome = train_model(
        recipe, examples, folder, LoggingTracker(out.with_name(f"{out.name}.{rank}.log")), should_stop=should_stop
    )  # fmt: skip
    print(json.dumps({"rank": rank, "stopped": outcome.stopped, "metrics": outcome.metrics}))


if __name__ == "__main__":
    main()
