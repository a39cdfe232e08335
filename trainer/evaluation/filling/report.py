"""An evaluation of inpainters as one page: figures by bin, and photos with their holes, filled, and as they are."""

from collections.abc import Sequence

from inference.png import encode_png
from trainer.evaluation.filling.figures import HEADINGS, REMARK, photos_of, sections
from trainer.evaluation.filling.measuring import FillEvaluation, FillOutcome, PhotoFill
from trainer.evaluation.page import MARGIN, SOFT, WIDTH, Strip, decoded, drawn_table, evenly, short, stacked

_SHOWN = 3
_MOST_MODELS = 2
_BESIDE = "Navier–Stokes"
_TALLEST = 2.6
_GAP = 0.12


def draw_report(outcome: FillOutcome, measured_on: str) -> bytes:
    """The page as PNG. Of each bin 3 photos are shown: the worst of the first model, the middle one, the best.

    `measured_on` says in a few words where the photos come from. Raises ValueError when no photo was measured.
    """
    if not outcome.views:
        raise ValueError("an evaluation without a photo has no report")
    parts = [_head(outcome, measured_on), drawn_table(sections(outcome), HEADINGS, REMARK)]
    for group, photos in outcome.models[0].groups().items():
        kept = [entry for entry in photos if entry.picture]
        if kept:
            parts.append(_title(outcome, group))
            parts += [_photo(outcome, entry.label) for entry in _chosen(kept)]
    return encode_png(stacked([*parts, Strip(MARGIN)]))


def _head(outcome: FillOutcome, measured_on: str) -> Strip:
    part = Strip(1.35)
    part.text(MARGIN, 0.7, "How near inpainters come to what is below the holes", fontsize=18, fontweight="bold")
    facts = [short(measured_on, 80), f"{photos_of(outcome)} photos"]
    facts += ["the fixed list"] if outcome.fixed else []
    facts += [f"{len(outcome.left_out)} left out"] if outcome.left_out else []
    facts += [f"{len(outcome.failed)} could not be measured"] if outcome.failed else []
    part.text(MARGIN, 1.0, "   ·   ".join([*facts, f"data {outcome.data_sha[:12]}"]), color=SOFT)
    return part


def _title(outcome: FillOutcome, group: str) -> Strip:
    part = Strip(0.75)
    part.text(
        MARGIN, 0.5, f"Holes of {group} %: the worst, the middle and the best shown", fontsize=12.5, fontweight="bold"
    )
    names = [short(each.name, 26) for each in outcome.models[:_MOST_MODELS]]
    part.text(WIDTH - MARGIN, 0.5, "  ·  ".join(["holes", _BESIDE, *names, "true"]), ha="right", color=SOFT)
    return part


def _chosen(photos: Sequence[PhotoFill]) -> list[PhotoFill]:
    ordered = sorted(photos, key=lambda entry: entry.figures.psnr)
    return evenly(ordered, _SHOWN)


def _photo(outcome: FillOutcome, label: str) -> Strip:
    """With its holes, filled by a classical method and by each model with the figures below, and true."""
    columns = [next(each for each in outcome.references if each.name == _BESIDE), *outcome.models[:_MOST_MODELS]]
    fills = [_of(each, label) for each in columns]
    holed, true = outcome.views[label]
    panels = [decoded(jpeg) for jpeg in [holed, *(entry.picture for entry in fills), true]]
    room = (WIDTH - 2 * MARGIN - _GAP * (len(panels) - 1)) / len(panels)
    height = min(room * panels[0].shape[0] / panels[0].shape[1], _TALLEST)
    width = height * panels[0].shape[1] / panels[0].shape[0]
    part = Strip(height + 0.45)
    for place, pixels in enumerate(panels):
        part.picture(MARGIN + place * (room + _GAP), 0.1, width, height, pixels)
    part.text(MARGIN, height + 0.3, short(label, round(room * 14)), color=SOFT)
    for place, entry in enumerate(fills, 1):
        words = f"{entry.figures.psnr:.2f} dB, in the hole {entry.figures.psnr_hole:.2f}"
        part.text(MARGIN + place * (room + _GAP), height + 0.3, words, fontsize=8.5)
    return part


def _of(evaluation: FillEvaluation, label: str) -> PhotoFill:
    return next(entry for entry in evaluation.photos if entry.label == label)
