"""An evaluation of restorations as plain numbers and as rows of a table."""

import math
from dataclasses import asdict
from typing import Any

from trainer.evaluation.restoring.measuring import RestoredFigures, RestoredOutcome, RestoredPhoto
from trainer.evaluation.tables import Row
from trainer.measuring.metrics import without_nan

HEADINGS = {
    "damaged": "damaged",
    "restored": "restored",
    "ceiling": "true mask",
    "gain": "gain",
    "share": "of possible",
    "marked": "marked",
    "true_marked": "damage",
}
"""The figures that tables show, and what they call them."""
REMARK = (
    "PSNR against the expert's restoration in dB: of the damaged photo, of the photo filled under the mask that was "
    "found, and filled under the true mask, which is the ceiling. Gain is restored less damaged, and 'of possible' its "
    "share of the ceiling's gain."
)


def plain(outcome: RestoredOutcome) -> dict[str, Any]:
    """Every figure as JSON values; a share of no possible gain is null."""
    return {
        "data": {"sha256": outcome.data_sha, "photos": len(outcome.photos)},
        "models": outcome.models,
        "mean": without_nan(outcome.means()) if outcome.photos else {},
        "photos": [_photo(entry) for entry in outcome.photos],
        "left_out": [asdict(entry) for entry in outcome.left_out],
        "failed": [asdict(entry) for entry in outcome.failed],
    }


def rows(outcome: RestoredOutcome) -> list[Row]:
    """A row per photo, and their means."""
    named = [Row(entry.name, _text(_all(entry.figures))) for entry in outcome.photos]
    return [*named, Row("mean", _text(outcome.means()), "bold")]


def title(outcome: RestoredOutcome) -> str:
    """Which models restored."""
    return f"{outcome.models['detector']}, then {outcome.models['inpainter']}"


def _photo(entry: RestoredPhoto) -> dict[str, Any]:
    warnings = [entry.doubt] if entry.doubt else []
    return {"name": entry.name, "figures": without_nan(_all(entry.figures)), "warnings": warnings}


def _all(figures: RestoredFigures) -> dict[str, float]:
    return {**asdict(figures), "gain": figures.gain, "share": figures.share}


def _text(figures: dict[str, float]) -> dict[str, str]:
    return {key: _word(key, value) for key, value in figures.items()}


def _word(key: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    if key in ("marked", "true_marked", "share"):
        return f"{value:.1%}"
    return f"{value:+.2f}" if key == "gain" else f"{value:.2f}"
