"""An evaluation of inpainters as plain numbers and as rows of a table."""

from dataclasses import asdict
from typing import Any

from trainer.evaluation.filling.fills import BIHARMONIC
from trainer.evaluation.filling.measuring import SLOW_EVERY, FillEvaluation, FillOutcome, mean_of
from trainer.evaluation.tables import Row

HEADINGS = {
    "psnr": "PSNR",
    "gain": "gain",
    "psnr_hole": "in the hole",
    "ssim": "SSIM",
    "ssim_hole": "in the hole",
    "l1": "L1 %",
    "l1_hole": "in the hole",
}
"""The figures that tables show, and what they call them."""
PUBLISHED_NAME = "Liu et al. 2018, on other photos"
PUBLISHED = {"10-20": 28.32, "20-30": 25.25, "30-40": 22.89}
"""PSNR that the paper gives for its irregular masks, dB."""
REMARK = (
    "PSNR (dB), SSIM and L1 are means over photos, of all of a photo and of its holes alone. Gain: PSNR above the best "
    f"classical fill. Biharmonic is slow: every {SLOW_EVERY}th photo, and beside it Navier–Stokes on the same."
)


def plain(outcome: FillOutcome) -> dict[str, Any]:
    """Every figure as JSON values."""
    return {
        "data": {"sha256": outcome.data_sha, "photos": photos_of(outcome), "fixed_list": outcome.fixed},
        "models": [
            {**_evaluation(each), "gain": gains(outcome, each), "photos": _photos(each)} for each in outcome.models
        ],
        "references": [_evaluation(each) for each in outcome.references],
        "published": {"name": PUBLISHED_NAME, "psnr": PUBLISHED},
        "left_out": [asdict(entry) for entry in outcome.left_out],
        "failed": [asdict(entry) for entry in outcome.failed],
    }


def photos_of(outcome: FillOutcome) -> int:
    """How many photos were measured."""
    return len({entry.photo.label for entry in outcome.references[0].photos})


def gains(outcome: FillOutcome, evaluation: FillEvaluation) -> dict[str, float]:
    """By bin: mean PSNR above that of the classical fill that is best there, of those measured on all photos."""
    whole = [each.means() for each in outcome.references if each.name != BIHARMONIC]
    return {
        group: means["psnr"] - max(each[group]["psnr"] for each in whole) for group, means in evaluation.means().items()
    }


def sections(outcome: FillOutcome) -> list[tuple[str, list[Row]]]:
    """A section per bin: each model, the classical fills, and the published figure."""
    found = []
    for group, photos in outcome.references[0].groups().items():
        if not photos:
            continue
        rows = []
        for each in outcome.models:
            gain = gains(outcome, each)[group]
            rows.append(Row(each.name, {**_text(each.means()[group]), "gain": f"{gain:+.2f}"}, "bold"))
        rows += [row for each in outcome.references for row in _reference_rows(outcome, each, group)]
        if group in PUBLISHED:
            rows.append(Row(PUBLISHED_NAME, {"psnr": f"{PUBLISHED[group]:.2f}"}, "dim"))
        found.append((f"holes of {group} %, {len(photos)} photo{'s' * (len(photos) > 1)}", rows))
    return found


def _reference_rows(outcome: FillOutcome, evaluation: FillEvaluation, group: str) -> list[Row]:
    if evaluation.name != BIHARMONIC:
        return [Row(evaluation.name, _text(evaluation.means()[group]))]
    seen = {entry.label for entry in evaluation.groups()[group]}
    beside = next(each for each in outcome.references if each.name == "Navier–Stokes")
    same = [entry for entry in beside.groups()[group] if entry.label in seen]
    return [
        Row(f"{evaluation.name}, {len(seen)} of them", _text(evaluation.means()[group]), "dim"),
        Row(f"{beside.name}, the same {len(seen)}", _text(mean_of(same)), "dim"),
    ]


def _text(figures: dict[str, float]) -> dict[str, str]:
    texts = {key: f"{figures[key]:.2f}" for key in ("psnr", "psnr_hole")}
    texts |= {key: f"{figures[key]:.3f}" for key in ("ssim", "ssim_hole")}
    return texts | {key: f"{100 * figures[key]:.2f}" for key in ("l1", "l1_hole")}


def _evaluation(evaluation: FillEvaluation) -> dict[str, Any]:
    return {"name": evaluation.name, "bins": evaluation.means(), "measured": len(evaluation.photos)}


def _photos(evaluation: FillEvaluation) -> list[dict[str, Any]]:
    return [
        {"name": entry.photo.name, "group": entry.photo.group, "bin": entry.group, "figures": asdict(entry.figures)}
        for entry in evaluation.photos
    ]
