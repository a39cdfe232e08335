"""An evaluation of detectors as plain numbers: what `--json` prints and `figures.json` keeps."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from trainer.evaluation.detecting.measuring import ALARMS, RECALLS, THRESHOLDS, Evaluation, Lines, Outcome, PhotoFigures
from trainer.measuring.metrics import mean_metrics, without_nan

FIGURES = {
    "dice": "Dice",
    "best_dice": "best Dice",
    "iou": "IoU",
    "precision": "precision",
    "recall": "recall",
    "auc": "ROC AUC",
    "average_precision": "AP",
}
"""The figures that tables show, and what they call them."""
PUBLISHED_NAME = "published, on other photos"
PUBLISHED = {"dice": 0.35, "auc": 0.93}
"""What the published method reached on its own 11 validation photos, which nobody else has."""


def plain(outcome: Outcome) -> dict[str, Any]:
    """Every figure but the curves, as JSON values; one that a photo cannot have (AUC without a defect) is null."""
    return {
        "data": {"sha256": outcome.data_sha, "photos": len(outcome.reference.photos)},
        "models": [_evaluation(evaluation) for evaluation in outcome.models],
        "references": {"top-hat": _evaluation(outcome.reference), PUBLISHED_NAME: PUBLISHED},
        "left_out": [asdict(entry) for entry in outcome.left_out],
        "failed": [asdict(entry) for entry in outcome.failed],
    }


def curves(outcome: Outcome) -> dict[str, Any]:
    """The curves: ROC as recall over the share of clean pixels reported, precision over recall, Dice over threshold."""
    axes = {"alarm_shares": ALARMS, "recalls": RECALLS, "thresholds": THRESHOLDS}
    return {
        **{name: np.round(values, 6).tolist() for name, values in axes.items()},
        "models": {str(evaluation.finder): _curves(evaluation) for evaluation in [*outcome.models, outcome.reference]},
    }


def mean_lines(evaluation: Evaluation) -> Lines | None:
    """Curves averaged over the photos that count, point by point (vertical averaging, Fawcett 2006); None without."""
    lines = [entry.lines for entry in evaluation.counted if not np.isnan(entry.lines.recall).any()]
    if not lines:
        return None
    stacked = ([getattr(each, name) for each in lines] for name in ("recall", "precision", "dice"))
    return Lines(*(np.mean(rows, axis=0) for rows in stacked))


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    pooled = evaluation.pooled()
    return {
        "name": str(evaluation.finder),
        "threshold": evaluation.threshold,
        "counted": len(evaluation.counted),
        "mean": without_nan(evaluation.means()),
        "interval": {key: [_number(low), _number(high)] for key, (low, high) in evaluation.intervals().items()},
        "pooled": without_nan(pooled.to_dict()) if pooled else {},
        "groups": {
            name: without_nan(mean_metrics(entry.metrics for entry in group))
            for name, group in evaluation.groups().items()
        },
        "photos": [_photo(entry) for entry in evaluation.photos],
    }


def _photo(entry: PhotoFigures) -> dict[str, Any]:
    photo = entry.photo
    figures = without_nan(entry.metrics.to_dict())
    warnings = [entry.doubt] if entry.doubt else []
    return {"name": photo.name, "group": photo.group, "apart": photo.apart, "figures": figures, "warnings": warnings}


def _curves(evaluation: Evaluation) -> dict[str, Any]:
    mean = mean_lines(evaluation)
    photos = {entry.photo.label: _lines(entry.lines) for entry in evaluation.photos}
    return {"mean": _lines(mean) if mean else None, "photos": photos}


def _lines(lines: Lines) -> dict[str, list[float | None]]:
    return {
        name: [_number(round(float(value), 5)) for value in getattr(lines, name)]
        for name in ("recall", "precision", "dice")
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
