"""A training of two processes, of which one cannot read a photo: `train_badly_together OUT` prints how it ended.

`train_badly_together OUT stuck` kills the other process while the main one waits for ever, as it would for a GPU.
"""

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.errors import PhotoError
from tests.support.train_once import RECIPE, example
from trainer.learning.loop import train_model
from trainer.learning.tracker import NullTracker


def pixels() -> npt.NDArray[np.uint8]:
    """A photo of one tone, in the main process."""
    if os.environ["RANK"] != "0":
        raise PhotoError("old.jpg: this photo is there for the main process alone.")
    return np.full((40, 50, 3), 60, np.uint8)


def stuck() -> npt.NDArray[np.uint8]:
    """Never a photo."""
    if os.environ["RANK"] != "0":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(3600)
    return pixels()


def main() -> None:
    """Train, and tell how that ended."""
    recipe = replace(RECIPE, norm="inplace", workers=0, processes=2, synthetic_share=0.0)
    unreadable = replace(example("train", "drawn", 60), load_pixels=stuck if sys.argv[2:] else pixels)
    examples = [unreadable, example("validation", "drawn", 70)]
    try:
        train_model(recipe, examples, Path(sys.argv[1]), NullTracker(), should_stop=lambda: False)
    except Exception as error:
        print(json.dumps({type(error).__name__: str(error)}))


if __name__ == "__main__":
    main()
