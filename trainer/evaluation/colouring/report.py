"""An evaluation of colorizers as one page: figures, and photos grey, as each model coloured them, and as they are."""

from collections.abc import Sequence

from inference.png import encode_png
from trainer.evaluation.colouring.figures import HEADINGS, REMARK, sections
from trainer.evaluation.colouring.measuring import ColourOutcome, PhotoColours
from trainer.evaluation.page import MARGIN, SOFT, WIDTH, Strip, decoded, drawn_table, evenly, short, stacked

_SHOWN = 8
_MOST_COLUMNS = 3
_TALLEST = 3.4
_GAP = 0.12


def draw_report(outcome: ColourOutcome, measured_on: str) -> bytes:
    """The page as PNG. Of each group 8 photos are shown, from the best to the worst of the first model, evenly chosen.

    `measured_on` says in a few words where the photos come from. Raises ValueError when no photo was measured.
    """
    if not outcome.views:
        raise ValueError("an evaluation without a photo has no report")
    parts = [_head(outcome, measured_on), drawn_table(sections(outcome), HEADINGS, REMARK)]
    for group, photos in outcome.models[0].groups().items():
        parts.append(_title(group, len(photos)))
        parts += [_photo(outcome, entry.photo.label) for entry in _chosen(photos)]
    return encode_png(stacked([*parts, Strip(MARGIN)]))


def _head(outcome: ColourOutcome, measured_on: str) -> Strip:
    part = Strip(1.35)
    part.text(MARGIN, 0.7, "How near colorizers come to the true colours", fontsize=18, fontweight="bold")
    facts = [short(measured_on, 80), f"{len(outcome.views)} photos"]
    facts += [f"{len(outcome.left_out)} left out, trained on"] if outcome.left_out else []
    facts += [f"{len(outcome.failed)} could not be measured"] if outcome.failed else []
    part.text(MARGIN, 1.0, "   ·   ".join([*facts, f"data {outcome.data_sha[:12]}"]), color=SOFT)
    return part


def _title(group: str, count: int) -> Strip:
    part = Strip(0.75)
    which = f"; {_SHOWN} of {count}, from the smallest to the largest colour difference" if count > _SHOWN else ""
    part.text(MARGIN, 0.5, f"{group}{which}", fontsize=12.5, fontweight="bold")
    part.text(WIDTH - MARGIN, 0.5, "grey  ·  coloured  ·  true", ha="right", color=SOFT)
    return part


def _chosen(photos: Sequence[PhotoColours]) -> list[PhotoColours]:
    ordered = sorted(photos, key=lambda entry: entry.figures.ciede2000)
    return evenly(ordered, _SHOWN)


def _photo(outcome: ColourOutcome, label: str) -> Strip:
    """Grey, coloured by each model with its figures below, and true."""
    models = outcome.models[:_MOST_COLUMNS]
    coloured = [_of(each.photos, label) for each in models]
    pictures = [_of(outcome.references[0].photos, label).picture, *(entry.picture for entry in coloured)]
    panels = [decoded(jpeg) for jpeg in [*pictures, outcome.views[label]]]
    room = (WIDTH - 2 * MARGIN - _GAP * (len(panels) - 1)) / len(panels)
    height = min(room * panels[0].shape[0] / panels[0].shape[1], _TALLEST)
    width = height * panels[0].shape[1] / panels[0].shape[0]
    part = Strip(height + 0.6)
    for place, pixels in enumerate(panels):
        part.picture(MARGIN + place * (room + _GAP), 0.1, width, height, pixels)
    part.text(MARGIN, height + 0.3, short(label, round(room * 14)), color=SOFT)
    for place, (model, entry) in enumerate(zip(models, coloured, strict=True), 1):
        figures = entry.figures
        share = figures.amount / max(figures.true_amount, 1e-9)
        words = f"ΔE {figures.ciede2000:.1f}, colourfulness {share:.2f}"
        x = MARGIN + place * (room + _GAP)
        part.text(x, height + 0.3, words, fontsize=8.5)
        if len(models) > 1:
            part.text(x, height + 0.47, short(model.name, round(room * 15)), fontsize=8.5, color=SOFT)
    return part


def _of(photos: Sequence[PhotoColours], label: str) -> PhotoColours:
    return next(entry for entry in photos if entry.photo.label == label)
