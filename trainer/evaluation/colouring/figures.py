"""An evaluation of colorizers as plain numbers and as rows of a table."""

from dataclasses import asdict
from typing import Any

from trainer.evaluation.colouring.measuring import ColourEvaluation, ColourOutcome
from trainer.evaluation.tables import Row

HEADINGS = {
    "mse": "CbCr MSE",
    "psnr": "CbCr PSNR",
    "ciede2000": "CIEDE2000",
    "colourfulness": "colourfulness",
}
"""The figures that tables show, and what they call them."""
REMARK = (
    "MSE is on the scale of 0 to 255, PSNR that of the mean MSE, CIEDE2000 a mean over photos. Colourfulness is the "
    "mean of |Cb| + |Cr| over the true one's."
)


def plain(outcome: ColourOutcome) -> dict[str, Any]:
    """Every figure as JSON values."""
    return {
        "data": {"sha256": outcome.data_sha, "photos": len(outcome.views)},
        "models": [{**_evaluation(each), "photos": _photos(each)} for each in outcome.models],
        "references": [_evaluation(each) for each in outcome.references],
        "left_out": [asdict(entry) for entry in outcome.left_out],
        "failed": [asdict(entry) for entry in outcome.failed],
    }


def sections(outcome: ColourOutcome) -> list[tuple[str, list[Row]]]:
    """A section per group: each model, and what it has to beat."""
    found = []
    for group, photos in outcome.references[0].groups().items():
        rows = [Row(each.name, _text(each.means()[group]), "bold") for each in outcome.models]
        rows += [Row(each.name, _text(each.means()[group])) for each in outcome.references]
        found.append((f"{group}, {len(photos)} photo{'s' * (len(photos) > 1)}", rows))
    return found


def _text(figures: dict[str, float]) -> dict[str, str]:
    digits = {"mse": 1, "psnr": 2, "ciede2000": 2, "colourfulness": 2}
    return {key: f"{figures[key]:.{digits[key]}f}" for key in HEADINGS}


def _evaluation(evaluation: ColourEvaluation) -> dict[str, Any]:
    return {"name": evaluation.name, "groups": evaluation.means()}


def _photos(evaluation: ColourEvaluation) -> list[dict[str, Any]]:
    return [
        {"name": entry.photo.name, "group": entry.photo.group, "figures": asdict(entry.figures)}
        for entry in evaluation.photos
    ]
