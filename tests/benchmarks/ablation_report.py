"""The ablation as a page: means and spreads over seeds, and which differences from the base are resolved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_RESAMPLES = 4000
_LEARNED = 3.0
"""How many times the top-hat's Dice a base must reach to have learned."""
_HEAD = """# What each part of the method is worth

Made by `python -m tests.benchmarks.ablation --out DIR`, which repeats it; with `--report` it wrote this page.
Every row is the base with one thing changed, trained
from the same start on as many pictures, with up to {seeds} seeds. All are measured on the same {count} synthetic
pictures of photos and textures that none trained on; the threshold comes from other such pictures. Photos with real
damage are measured beside: they are few, and chose nothing.

The base is no published network but what a processor core can train in minutes: `ablation` among the recipes, a narrow
albunet18 on small crops, whose synthetic defects are large and plain. What is small here may matter in a long training
at 1024 px, and the other way round.

- Figures are means over photos, then over seeds; ± is half the range over seeds.
- **Not resolved** is a difference inside the seeds' spread (the larger of the two rows' ranges), or whose 95 %
  bootstrap interval over photos, paired with the base, contains zero. With {real} real photos that interval says
  little; it is given for form.
- Dice is taken at the threshold; best Dice at the threshold best for each photo.

"""


@dataclass(frozen=True)
class Group:
    """One row's figures on one kind of photos: every figure `seeds × photos`."""

    title: str
    runs: Sequence[dict[str, Any]]
    photos: Sequence[Sequence[dict[str, float | None]]]

    def values(self, figure: str) -> npt.NDArray[np.float64]:
        """`float64 seeds × photos`; NaN where a photo cannot have the figure."""
        return np.array([[each[figure] for each in seed] for seed in self.photos], dtype=np.float64)

    def seeds(self, figure: str) -> npt.NDArray[np.float64]:
        """The mean over photos for each seed."""
        return np.asarray(np.nanmean(self.values(figure), axis=1))

    def shown(self, figure: str) -> str:
        """Mean ± half the range over seeds."""
        means = self.seeds(figure)
        return f"{means.mean():.3f} ± {np.ptp(means) / 2:.3f}" if len(means) > 1 else f"{means.mean():.3f}"


@dataclass(frozen=True)
class Difference:
    """How much one row's Dice differs from the base's, on the same photos with the same seeds."""

    row: Group
    base: Group

    @cached_property
    def by_photo(self) -> npt.NDArray[np.float64]:
        """Mean over the seeds that both have."""
        common = min(len(self.row.photos), len(self.base.photos))
        return np.asarray((self.row.values("dice")[:common] - self.base.values("dice")[:common]).mean(axis=0))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """95 % bootstrap interval over photos (Efron and Tibshirani 1993, chapter 13), seeded."""
        chance, values = np.random.default_rng(0), self.by_photo
        means = values[chance.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        return float(low), float(high)

    @property
    def resolved(self) -> bool:
        """Whether it is larger than the seeds' spread and its interval leaves zero out."""
        spread = max(float(np.ptp(group.seeds("dice"))) for group in (self.row, self.base))
        low, high = self.interval
        return len(self.row.photos) > 1 and abs(float(self.by_photo.mean())) > spread and not low <= 0 <= high

    def shown(self) -> str:
        """Difference and interval, and whether it is resolved."""
        low, high = self.interval
        verdict = "" if self.resolved else ", not resolved"
        return f"{self.by_photo.mean():+.3f} [{low:+.3f}, {high:+.3f}]{verdict}"


def report(out: Path, order: Sequence[str]) -> str:
    """The page, from the runs below `out/rows`. Raises SystemExit when the base is not among them."""
    runs = [json.loads(path.read_text()) for path in sorted((out / "rows").glob("*.json"))]
    rows = {name: [run for run in runs if run["row"] == name] for name in (*order, "top-hat")}
    rows = {name: sorted(found, key=lambda run: int(run["seed"])) for name, found in rows.items() if found}
    if "base" not in rows:
        raise SystemExit(f"{out / 'rows'}: there is no run of the base yet.")
    base = rows["base"]
    real = list(base[0]["real"])
    head = _HEAD.format(seeds=len(base), count=len(base[0]["synthetic"]), real=len(real))
    synthetic = {
        name: Group(found[0]["title"], found, [run["synthetic"] for run in found]) for name, found in rows.items()
    }
    damaged = {
        name: Group(found[0]["title"], found, [[run["real"][photo] for photo in real] for run in found])
        for name, found in rows.items()
    }
    missing = [name for name in order if name not in rows]
    note = f"\nRows that were not run: {', '.join(missing)}.\n" if missing else ""
    return head + _base(base, synthetic) + note + _table("Synthetic", synthetic) + _table("Real", damaged)


def _base(base: Sequence[dict[str, Any]], synthetic: dict[str, Group]) -> str:
    seconds = max(run["seconds"] for run in base)  # one that was cut off tells only its rest
    lines = [
        f"The base saw {base[0]['pictures']} pictures of {base[0]['size']}² px, in {seconds / 60:.1f} minutes "
        "of one core."
    ]
    if "top-hat" in synthetic:
        ratio = synthetic["base"].seeds("dice").mean() / synthetic["top-hat"].seeds("dice").mean()
        lines.append(f"On synthetic pictures its Dice is {ratio:.2f} times that of the top-hat.")
        if ratio < _LEARNED:
            lines.append(
                f"That is less than the {_LEARNED:g} times of a base that has learned: read the rows with doubt."
            )
    return "\n".join(lines) + "\n"


def _table(title: str, groups: dict[str, Group]) -> str:
    lines = [
        f"\n## {title} ({len(groups['base'].photos[0])} photos)\n",
        "| | seeds | Dice | best Dice | AUC | Dice − base |",
    ]
    lines.append("|---|---|---|---|---|---|")
    for name, group in groups.items():
        difference = "" if name in ("base", "top-hat") else Difference(group, groups["base"]).shown()
        figures = " | ".join(group.shown(figure) for figure in ("dice", "best_dice", "auc"))
        lines.append(f"| {group.title} | {len(group.photos)} | {figures} | {difference} |")
    return "\n".join(lines) + "\n"
