"""What each part of the published method is worth: the base recipe minus one thing at a time, on the same budget.

    python -m tests.benchmarks.ablation --base ablation --out DIR [--seeds 2] [--only row …]
    python -m tests.benchmarks.ablation --out DIR --report docs/ablation.md

HEIRLOOM_DATA names the folder of photos and textures. A run is one row and one seed; those of one seed start from the
same chance and see the same number of pictures. All are measured on the same synthetic pictures, which none trained on
(validation photos and textures, the base's defects and ageing): the threshold comes from the first of them, the figures
from the others. Photos with real damage are measured as well and choose nothing. Every run leaves
DIR/rows/ROW-SEED.json; called again, what is there is kept, and a training that was cut off goes on where it was.
"""

import argparse
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress

from inference.detector import Detector
from inference.views import IN_MIRROR, ONCE
from tests.benchmarks.ablation_report import report
from trainer.defects.settings import KINDS, AgeingSettings
from trainer.detecting.dataset import validation_pictures
from trainer.detecting.recipe import DetectorRecipe
from trainer.evaluation.detecting.photos import pairs_in
from trainer.evaluation.detecting.tophat import top_hat
from trainer.learning.clean import photos_in
from trainer.learning.loop import train_model
from trainer.learning.reading import load_recipe
from trainer.learning.tracker import NullTracker
from trainer.measuring.calibrating import ThresholdSearch
from trainer.measuring.metrics import measure

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Probability = npt.NDArray[np.float32]
Find = Callable[[Pixels], Probability]
KEPT = ("dice", "best_dice", "auc", "average_precision")
"""Figures that are kept of every photo."""
SIDE = 256
"""Of the synthetic pictures that all rows are measured on."""
CALIBRATION, JUDGED = 24, 40
"""How many of them give the threshold, and how many the figures: each shows another photo."""
ROUGH = "street"
"""A real photo whose mask is too rough to tell rows apart: it is left out."""


@dataclass(frozen=True)
class Row:
    """One change of the base."""

    name: str
    title: str
    changes: tuple[str, ...] = ()
    """Fields of the recipe as `key=value`."""
    mirror: bool = True
    trains: bool = True
    """Otherwise the base's own weights are measured in another way."""
    taught: bool = False
    """By the base of the same seed, beside its masks."""


FOLDED = ("encoder=folded", "stem=encoder", "norm=batch", "decoder_channels=128,96,64,48,32")
ROWS = (
    Row("base", "the base"),
    Row("stem", "stem of the encoder as it comes: stride 2 and a pooling", ("stem=encoder",)),
    Row("positive-weight", "no positive weight in BCE", ("positive_weight=1",)),
    Row("unbounded", "positive weight in BCE as published: clean pixels by defect pixels", ("weight_limit=100",)),
    Row("dice", "no Dice in the loss", ("loss.dice=0",)),
    Row("half", "half the resolution (512 for 1024)", ("shrink=2",)),
    Row("quarter", "a quarter of the resolution (256 for 1024)", ("shrink=4",)),
    Row("mirror", "no mirror image averaged", mirror=False, trains=False),
    Row("in-place", "in-place activated normalisation", ("norm=inplace",)),
    Row("folded", "our default network, `folded`", FOLDED),
    Row("taught", "`folded`, taught by the base beside its masks", (*FOLDED, "loss.teacher=1"), taught=True),
    Row("drawn", "no drawn defects: textures only", tuple(f"defects.{kind}=0" for kind in KINDS if kind != "texture")),
    Row("textures", "no textures: drawn defects only", ("defects.texture=0",)),
    Row("ageing", "no ageing", tuple(f"defects.ageing.{part.name}=0" for part in fields(AgeingSettings))),
    Row("lookalikes", "nothing that looks like a defect and is none", ("defects.lookalikes=0",)),
    Row("tversky", "Tversky in place of Dice", ("loss.dice=0", "loss.tversky=1")),
    Row("focal-tversky", "focal Tversky in place of Dice", ("loss.dice=0", "loss.focal_tversky=1")),
    Row("centre-line", "half of Dice given to soft clDice", ("loss.dice=0.5", "loss.centre_line=0.5")),
    Row("boundary", "boundary loss beside Dice, weight 0.02", ("loss.boundary=0.02",)),
)  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """What every row starts from and is measured on."""

    config: Path
    """The base: a recipe."""
    data: Path
    mirror: bool = True
    """Average the photo and its mirror image; without, measuring takes half the time."""

    def recipe(self, *changes: str) -> DetectorRecipe:
        """The base with fields changed."""
        folders = (
            f"photos={self.data / 'photos/train'},{self.data / 'portraits/train'}",
            f"textures={self.data / 'textures/train'}",
            f"validation_photos={self.data / 'photos/val'}",
            f"validation_textures={self.data / 'textures/val'}",
        )
        return load_recipe(DetectorRecipe, self.config, (*folders, *changes))

    @cached_property
    def digest(self) -> str:
        """Of the base without its folders: runs of different bases cannot be compared.

        Fields at their defaults do not count, so that a field that is new in recipes cuts no older runs off.
        """
        usual = DetectorRecipe().to_dict()
        own = {key: value for key, value in load_recipe(DetectorRecipe, self.config).to_dict().items()
               if value != usual[key]}  # fmt: skip
        return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:12]

    @cached_property
    def synthetic(self) -> list[tuple[Pixels, Mask]]:
        """Pictures with defects: those for the threshold, then those that are judged."""
        count = CALIBRATION + JUDGED
        fixed = self.recipe("seed=2026", f"size={SIDE}", f"validation_pictures={count}", "defects.intact=0")
        return validation_pictures(fixed, photos_in(fixed.validation_photos))

    @cached_property
    def real(self) -> dict[str, tuple[Pixels, Mask]]:
        """Photos with real damage and their masks."""
        photos = pairs_in([self.data / "real" / "pairs", self.data / "real" / "prints"])
        truths = {photo.name: photo.read() for photo in photos if photo.name != ROUGH}
        return {name: (truth.pixels, truth.mask) for name, truth in truths.items()}

    def figures(self, find: Find) -> dict[str, Any]:
        """Threshold and figures: of every synthetic picture in a list, of every real photo by name."""
        seen = [(find(pixels), mask) for pixels, mask in self.synthetic]
        search = ThresholdSearch()
        for probability, mask in seen[:CALIBRATION]:
            search.add(probability, mask)
        threshold, _ = search.best()
        synthetic = [_kept(probability, mask, threshold) for probability, mask in seen[CALIBRATION:] if mask.any()]
        real = {name: _kept(find(pixels), mask, threshold) for name, (pixels, mask) in self.real.items()}
        return {"threshold": threshold, "synthetic": synthetic, "real": real}


def _kept(probability: Probability, mask: Mask, threshold: float) -> dict[str, float]:
    measured = measure(probability, mask, threshold).to_dict()
    return {key: measured[key] for key in KEPT}


def runs(rows: Sequence[Row], seeds: int) -> Iterator[tuple[Row, int]]:
    """Every row with every seed, all rows of a seed before the next one; the base comes first."""
    for seed in range(1, seeds + 1):
        for row in sorted(rows, key=lambda row: row.name != "base"):
            yield row, seed


def run(bench: Bench, row: Row, seed: int, out: Path) -> dict[str, Any]:
    """Train and measure one row with one seed, unless that was done; returns what was kept of it."""
    done = out / "rows" / f"{row.name}-{seed}.json"
    if done.exists():
        return _earlier(done, bench)
    changes = (*row.changes, f"seed={seed}")
    if row.taught:
        base = _trained(bench.recipe(f"seed={seed}"), out / f"base-{seed}", f"base, seed {seed}")
        changes = (*changes, f"teacher={base}")
    recipe = bench.recipe(*changes)
    begun = time.process_time()
    checkpoint = _trained(recipe, out / f"{row.name if row.trains else 'base'}-{seed}", f"{row.name}, seed {seed}")
    seconds = time.process_time() - begun if row.trains else 0.0
    detector = Detector.load(checkpoint, views=IN_MIRROR if row.mirror and bench.mirror else ONCE, certainty=0)
    found = bench.figures(lambda pixels: detector.looks(pixels)[0])  # as published: in the photo's own size alone
    about = {"row": row.name, "title": row.title, "changes": row.changes, "seed": seed, "base": bench.digest}
    cost = {"seconds": seconds, "pictures": recipe.steps * recipe.accumulate * recipe.batch, "size": recipe.size}
    return _write(done, {**about, **cost, **found})


def _earlier(path: Path, bench: Bench) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text())
    if values["base"] != bench.digest:
        raise SystemExit(f"{path} was made with another base; choose another --out.")
    return values


def _trained(recipe: DetectorRecipe, folder: Path, title: str) -> Path:
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=1.0)

        class Told(NullTracker):
            def progress(self, fraction: float | None, message: str) -> None:
                progress.update(task, completed=fraction, description=f"{title}: {message}")

        outcome = train_model(recipe, [], folder, Told(), should_stop=lambda: False)
    assert outcome.checkpoint is not None
    return outcome.checkpoint


def measure_top_hat(bench: Bench, out: Path) -> dict[str, Any]:
    """The classical reference, on the same pictures and by the same rule."""
    done = out / "rows" / "top-hat-0.json"
    if done.exists():
        return _earlier(done, bench)
    about = {"row": "top-hat", "title": "top-hat 9×9", "changes": (), "seed": 0, "base": bench.digest}
    return _write(done, {**about, "seconds": 0.0, "pictures": 0, "size": 0, **bench.figures(top_hat)})


def _write(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(_without_nan(values), indent=1))
    beside.replace(path)
    return values


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _shown(values: dict[str, Any]) -> str:
    dice = {kind: np.mean([each["dice"] for each in photos]) for kind, photos in _groups(values).items()}
    figures = ", ".join(f"{kind} {value:.3f}" for kind, value in dice.items())
    return f"{values['row']} {values['seed']}: Dice {figures}, {values['seconds'] / 60:.1f} core-minutes"


def _groups(values: dict[str, Any]) -> dict[str, list[dict[str, float]]]:
    return {"synthetic": values["synthetic"], "real": list(values["real"].values())}


def main() -> None:
    """Run what is missing, or write the report of what is there."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, default=Path("ablation"), help="a recipe: a file, or a name (ablation)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="ROW", help=", ".join(names))
    parser.add_argument("--no-mirror", action="store_true", help="measure all rows without the mirror image")
    parser.add_argument("--report", type=Path, metavar="FILE.md", help="write what is there as a table; train nothing")
    options = parser.parse_args()
    data = os.environ.get("HEIRLOOM_DATA")
    if options.report:
        options.report.write_text(report(options.out, [row.name for row in ROWS]), encoding="utf-8")
    elif data is None:
        parser.error("set HEIRLOOM_DATA to the folder of photos and textures")
    else:
        bench = Bench(options.base, Path(data), not options.no_mirror)
        print(_shown(measure_top_hat(bench, options.out)), flush=True)
        for row, seed in runs([row for row in ROWS if row.name in options.only], options.seeds):
            print(_shown(run(bench, row, seed, options.out)), flush=True)


if __name__ == "__main__":
    main()
