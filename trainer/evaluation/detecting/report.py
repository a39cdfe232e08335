"""An evaluation of detectors as one page: figures, curves, and every photo with what was found on it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from inference.png import encode_png
from trainer.evaluation.detecting import tables
from trainer.evaluation.detecting.figures import FIGURES, mean_lines
from trainer.evaluation.detecting.measuring import ALARMS, RECALLS, THRESHOLDS, Evaluation, Lines, Outcome, PhotoFigures
from trainer.evaluation.page import INK, LINE, MARGIN, RULE, SOFT, WIDTH, Strip, decoded, drawn_table, short, stacked
from trainer.evaluation.tables import Row
from trainer.measuring.overlays import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_CURVE_SIDE = 3.15
_CURVES = _CURVE_SIDE + 1.15
_NAMES_A_LINE = 3
_TALLEST = 5.5
_MOST_PHOTOS = 24
_MOST_COLUMNS = 3
_MODEL_COLOURS = ("#2f5fb3", "#c2571a", "#2b8a5e", "#8a4fa3", "#a88415", "#b23a5b")
_REFERENCE_COLOUR = "#9a9aa0"


def draw_report(outcome: Outcome, measured_on: str) -> bytes:
    """The page as PNG: a table, ROC, precision over recall, Dice over threshold, and overlays with their legend.

    `measured_on` says in a few words where the photos come from. Of many photos those are shown that have the lowest
    Dice of the first model, of many models the first three. Raises ValueError when no photo was measured.
    """
    if not outcome.reference.photos:
        raise ValueError("an evaluation without a photo has no report")
    parts = [_head(outcome, measured_on), _table(outcome), _curves(outcome), _legend(outcome)]
    parts += [_photo(outcome, label) for label in _shown(outcome)]
    return encode_png(stacked([*parts, Strip(MARGIN)]))


def _head(outcome: Outcome, measured_on: str) -> Strip:
    part = Strip(1.35)
    part.text(MARGIN, 0.7, "How well detectors find defects", fontsize=18, fontweight="bold")
    count = len(outcome.reference.photos)
    apart = count - len(outcome.reference.counted)
    facts = [short(measured_on, 70), f"{count} photos" + (f", {apart} of them apart" if apart else "")]
    facts += [f"{len(outcome.left_out)} left out, trained on"] if outcome.left_out else []
    facts += [f"{len(outcome.failed)} could not be measured"] if outcome.failed else []
    part.text(MARGIN, 1.0, "   ·   ".join([*facts, f"data {outcome.data_sha[:12]}"]), color=SOFT)
    return part


def _table(outcome: Outcome) -> Strip:
    """With one model all its photos; with several their means (a photo's figures stand below its overlay, too)."""
    sections: list[tuple[str, list[Row]]] = []
    for evaluation in outcome.models:
        alone = len(outcome.models) == 1 and len(evaluation.photos) <= _MOST_PHOTOS
        rows = [*(tables.photo_rows(evaluation) if alone else []), *tables.mean_rows(evaluation)]
        sections.append((f"{evaluation.finder}, threshold {evaluation.threshold:.3f}", rows))
    sections.append(("To hold it against", tables.reference_rows(outcome)))

    return drawn_table(sections, FIGURES, tables.remark(outcome))


def _curves(outcome: Outcome) -> Strip:
    lines = -(-(len(outcome.models) + 1) // _NAMES_A_LINE)
    part = Strip(_CURVES + LINE * lines + 0.1)
    step = (WIDTH - 2 * MARGIN + 0.35) / 3
    for place, (title, across, upwards, key, xs) in enumerate(
        (
            ("ROC", "share of clean pixels reported", "share of defects found", "recall", ALARMS),
            ("Precision and recall", "recall", "precision", "precision", RECALLS),
            ("Dice over threshold", "threshold", "Dice", "dice", THRESHOLDS),
        )
    ):
        axes = part.axes(MARGIN + 0.35 + step * place, 0.5, step - 0.75, _CURVE_SIDE)
        _style(axes, title, across, upwards)
        for number, evaluation in enumerate(outcome.models):
            _draw(axes, evaluation, key, xs, _colour(number), thin=True)
        _draw(axes, outcome.reference, key, xs, _REFERENCE_COLOUR, thin=False)
    _names(part, outcome)
    return part


def _names(part: Strip, outcome: Outcome) -> None:
    """Which colour is which, below the curves."""
    named = [(str(evaluation.finder), _colour(number)) for number, evaluation in enumerate(outcome.models)]
    named.append((str(outcome.reference.finder), _REFERENCE_COLOUR))
    column = (WIDTH - 2 * MARGIN) / _NAMES_A_LINE
    for number, (name, colour) in enumerate(named):
        x, y = MARGIN + column * (number % _NAMES_A_LINE), _CURVES + LINE * (number // _NAMES_A_LINE)
        part.box(x, y - 0.07, 0.28, 0.035, colour)
        part.text(x + 0.36, y, short(name, 42), fontsize=9)
    part.text(
        MARGIN,
        part.height - 0.05,
        "Bold: mean of the photos that count. Thin: each photo; dotted, one apart.",
        fontsize=8.5,
        color=SOFT,
    )


def _colour(number: int) -> str:
    return _MODEL_COLOURS[number % len(_MODEL_COLOURS)]


def _style(axes: "Axes", title: str, across: str, upwards: str) -> None:
    axes.set_title(title, fontsize=10.5, fontweight="bold", loc="left", color=INK)
    axes.set_xlabel(across, fontsize=9, color=SOFT)
    axes.set_ylabel(upwards, fontsize=9, color=SOFT)
    axes.set(xlim=(0, 1), ylim=(0, 1.005))
    axes.grid(color=RULE, linewidth=0.6)
    axes.tick_params(labelsize=8, colors=SOFT, length=0)
    axes.spines[:].set_visible(False)
    axes.set_axisbelow(True)


def _draw(
    axes: "Axes", evaluation: Evaluation, key: str, xs: npt.NDArray[np.float64], colour: str, *, thin: bool
) -> None:
    def line(lines: Lines, **look: Any) -> None:
        axes.plot(xs, getattr(lines, key), color=colour, solid_joinstyle="round", **look)

    for entry in evaluation.photos if thin else ():
        line(entry.lines, linewidth=0.9, alpha=0.4, linestyle=":" if entry.photo.apart else "-")
    mean = mean_lines(evaluation)
    if mean is not None:
        line(mean, linewidth=2.2, linestyle="-" if thin else "--")
    if thin and key == "dice":
        axes.axvline(evaluation.threshold, color=colour, linewidth=1, linestyle=(0, (1, 2)))


def _shown(outcome: Outcome) -> list[str]:
    """Labels of the photos to show, in their order; of many, those that the first model did worst on."""
    photos = outcome.models[0].photos
    worst = sorted(photos, key=lambda entry: entry.metrics.dice)[:_MOST_PHOTOS]
    return [entry.photo.label for entry in photos if entry in worst]


def _legend(outcome: Outcome) -> Strip:
    part = Strip(0.75)
    hidden = len(outcome.views) - len(_shown(outcome))
    title = "Photo by photo" + (f"; the {_MOST_PHOTOS} with the lowest Dice of {len(outcome.views)}" if hidden else "")
    part.text(MARGIN, 0.5, title, fontsize=12.5, fontweight="bold")
    x = WIDTH - MARGIN
    for name, colour in reversed(COLOURS.items()):
        x -= 0.3 + 0.075 * len(name)
        part.box(x, 0.38, 0.14, 0.14, tuple(channel / 255 for channel in colour))
        part.text(x + 0.2, 0.5, name)
        x -= 0.2
    return part


def _photo(outcome: Outcome, label: str) -> Strip:
    """The photo, and beside it what each model found on it, with its figures below."""
    view = decoded(outcome.views[label])
    found = [_of(evaluation, label) for evaluation in outcome.models[:_MOST_COLUMNS]]
    gap, columns = 0.15, 1 + len(found)
    room = (WIDTH - 2 * MARGIN - gap * (columns - 1)) / columns
    height = min(room * view.shape[0] / view.shape[1], _TALLEST)
    width = height * view.shape[1] / view.shape[0]

    part = Strip(height + 1.05)
    part.picture(MARGIN, 0.1, width, height, view)
    name = f"{label} (apart)" if found[0].photo.apart else label
    part.text(MARGIN, height + 0.32, short(name, round(width * 13)), fontweight="bold")
    for place, (evaluation, entry) in enumerate(zip(outcome.models, found, strict=False), 1):
        x, numbers = MARGIN + place * (room + gap), tables.numbers(entry.metrics.to_dict())
        part.picture(x, 0.1, width, height, decoded(entry.overlay))
        below = [
            f"Dice {numbers['dice']} (best {numbers['best_dice']} at {numbers['best_threshold']})",
            f"precision {numbers['precision']}, recall {numbers['recall']}",
            f"AUC {numbers['auc']}, AP {numbers['average_precision']}",
            *([short(str(evaluation.finder), round(room * 15))] if len(outcome.models) > 1 else []),
        ]
        part.text(x, height + 0.32, below[0], fontweight="bold")
        for line, text in enumerate(below[1:]):
            part.text(x, height + 0.52 + 0.18 * line, text, color=SOFT, fontsize=8.5)
    return part


def _of(evaluation: Evaluation, label: str) -> PhotoFigures:
    return next(entry for entry in evaluation.photos if entry.photo.label == label)
