"""What training costs: pictures a second, the share of time that steps wait for pictures, and the peak of memory.

    python -m tests.benchmarks.bench_training [RECIPE[,key=value…] …] [--steps 12] [--json FILE]

A recipe is a file or a name, with fields changed after commas: `tiny ablation ablation,recompute=yes`. Each is trained
for a few steps in a process of its own, so that its peak is its own; the first steps, in which everything warms up,
are left out. With HEIRLOOM_DATA pictures are made from the photos and textures there, else from sample photos.
"""

import argparse
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from tests.support.memory import peak_memory
from trainer.detecting.recipe import DetectorRecipe
from trainer.learning.loop import train_model
from trainer.learning.reading import load_recipe
from trainer.learning.tracker import NullTracker

_WARM = 3
"""Steps that are left out."""


@dataclass(frozen=True)
class Figure:
    """One recipe's figures."""

    recipe: str
    seconds: float
    """Median of a step."""
    pictures: float
    """A second."""
    waiting: float
    """Share of the time that the epoch's steps waited for pictures."""
    peak: float
    """MiB of the training process, or of its GPU where there is one; data workers have their own."""


class _Clock(NullTracker):
    def __init__(self) -> None:
        self.at: list[float] = []
        self.waiting = 0.0

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Note when a step ended."""
        if "wait_share" in values:
            self.at.append(time.monotonic())
            self.waiting = values["wait_share"]


def measure(words: str, steps: int) -> Figure:
    """Train one recipe for a few steps."""
    recipe, clock = _recipe(words, steps), _Clock()
    with TemporaryDirectory() as folder:
        train_model(recipe, [], Path(folder), clock, should_stop=lambda: False)
    taken = sorted(later - earlier for earlier, later in zip(clock.at[_WARM - 1 :], clock.at[_WARM:], strict=False))
    seconds = taken[len(taken) // 2]
    return Figure(words, seconds, recipe.batch * recipe.accumulate / seconds, clock.waiting, _peak())


def _recipe(words: str, steps: int) -> DetectorRecipe:
    name, *changes = words.split(",")
    data = os.environ.get("HEIRLOOM_DATA")
    folders = [f"photos={data}/photos/train", f"textures={data}/textures/train"] if data else []
    short = ["epochs=1", f"steps_per_epoch={steps}", "validation_pictures=1", "synthetic_share=1", "pretrained=no"]
    return load_recipe(DetectorRecipe, Path(name), [*folders, *short, *changes])


def _peak() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return peak_memory()


def main() -> None:
    """Print a table; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["tiny", "ablation", "ablation,recompute=yes"])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.steps <= _WARM:
        parser.error(f"--steps must be more than {_WARM}")
    figures: list[Figure] = []
    print(f"{'recipe':<44} {'s/step':>8} {'pictures/s':>11} {'÷ first':>8} {'waiting':>8} {'MiB':>8}")
    for words in options.recipes:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            each = pool.submit(measure, words, options.steps).result()
        figures.append(each)
        ratio = each.pictures / figures[0].pictures
        print(
            f"{each.recipe:<44} {each.seconds:>8.3f} {each.pictures:>11.2f} {ratio:>8.2f} {each.waiting:>8.0%} "
            f"{each.peak:>8.0f}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in figures], indent=2))


if __name__ == "__main__":
    main()
