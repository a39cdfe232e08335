"""An evaluation of detectors on the terminal."""

import math
from collections.abc import Mapping

from rich.console import Console

from trainer.evaluation.detecting.figures import FIGURES, PUBLISHED, PUBLISHED_NAME
from trainer.evaluation.detecting.measuring import Evaluation, Outcome
from trainer.evaluation.tables import Row, terminal_table, wide_console
from trainer.measuring.metrics import TOLERANCE, mean_metrics

_FEW = 30


def show(outcome: Outcome, console: Console | None = None) -> None:
    """Print a table per model with its photos, and, for several models, their means together."""
    console = console or wide_console()
    references = reference_rows(outcome)
    for evaluation in outcome.models:
        title = f"{evaluation.finder}, threshold {evaluation.threshold:.3f}"
        sections = [photo_rows(evaluation), mean_rows(evaluation), references]
        console.print(terminal_table(title, sections, FIGURES))
    if len(outcome.models) > 1:
        together = [mean_row(str(evaluation.finder), evaluation) for evaluation in outcome.models]
        console.print(terminal_table("Means", [together, references], FIGURES))
    console.print(remark(outcome), style="dim")


def photo_rows(evaluation: Evaluation) -> list[Row]:
    """A row per photo."""
    rows = []
    for entry in evaluation.photos:
        name = f"{entry.photo.label} (apart)" if entry.photo.apart else entry.photo.label
        rows.append(Row(name, numbers(entry.metrics.to_dict()), "dim" if entry.photo.apart else ""))
    return rows


def mean_rows(evaluation: Evaluation) -> list[Row]:
    """Means of groups where there are several photos and several groups, of all with its interval, and the pooled."""
    groups = {name: group for name, group in evaluation.groups().items() if len(group) > 1}
    several = len(evaluation.groups()) > 1
    rows = [
        Row(f"mean of {name}, {len(group)} photos", numbers(mean_metrics(entry.metrics for entry in group)))
        for name, group in groups.items()
        if several
    ]
    pooled = evaluation.pooled()
    if pooled is None:
        return rows
    intervals = {key: span(*bounds) for key, bounds in evaluation.intervals().items()}
    count = len(evaluation.counted)
    rows.append(mean_row(f"mean of {count} photos" if count > 1 else "mean of one photo", evaluation))
    if count > 1:
        rows.append(Row("  95 % interval", intervals, "dim"))
    return [*rows, Row("all pixels pooled", numbers(pooled.to_dict()))]


def mean_row(name: str, evaluation: Evaluation) -> Row:
    """The means over the photos that count."""
    return Row(name, numbers(evaluation.means()), "bold")


def reference_rows(outcome: Outcome) -> list[Row]:
    """What to hold the figures against."""
    reference = outcome.reference
    return [
        Row(f"{reference.finder}, mean", numbers(reference.means())),
        Row(PUBLISHED_NAME, numbers(PUBLISHED), "dim"),
    ]


def numbers(figures: Mapping[str, float]) -> dict[str, str]:
    """Figures with three decimals; an undefined one is a dash."""
    return {key: "–" if math.isnan(value) else f"{value:.3f}" for key, value in figures.items()}


def span(low: float, high: float) -> str:
    """An interval with two decimals."""
    return "–" if math.isnan(low) else f"{low:.2f}–{high:.2f}"


def remark(outcome: Outcome) -> str:
    """What has to be known to read the figures."""
    count = len(outcome.reference.counted)
    few = f" {count} photos are few: the interval says little." if 1 < count < _FEW else ""
    return (
        f"Precision and recall forgive {TOLERANCE} pixels. Best Dice is that of the best threshold for each photo. "
        f"The interval is a bootstrap over photos.{few}"
    )
