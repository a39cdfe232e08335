"""An evaluation of detectors as runs of MLflow, one per model."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from db.settings import Settings
from trainer.evaluation.detecting.figures import mean_lines
from trainer.evaluation.detecting.measuring import RECALLS, THRESHOLDS, Evaluation, Outcome
from trainer.evaluation.tracking import keep_run, metrics_of, plain_name
from trainer.tracking.registry import answering

if TYPE_CHECKING:
    from mlflow.entities import Metric

EXPERIMENT = "detector evaluation"


def track(settings: Settings, outcome: Outcome, facts: Mapping[str, object], files: Sequence[Path]) -> list[str]:
    """Keep figures, curves, overlays and these files; `facts` say what was measured on. Returns the runs' ids.

    Raises RegistryError when MLflow does not answer.
    """
    with answering(settings):
        return [_track(settings, evaluation, facts, files) for evaluation in outcome.models]


def _track(settings: Settings, evaluation: Evaluation, facts: Mapping[str, object], files: Sequence[Path]) -> str:
    pictures = {f"overlays/{entry.photo.label}": entry.overlay for entry in evaluation.photos}
    return keep_run(
        settings,
        EXPERIMENT,
        str(evaluation.finder),
        facts=facts,
        metrics=_metrics(evaluation),
        files=files,
        pictures=pictures,
        params={"threshold": str(evaluation.threshold)},
    )


def _metrics(evaluation: Evaluation) -> "list[Metric]":
    """Means, pooled figures and those of each photo; curves with a step per hundredth of threshold or recall."""
    from mlflow.entities import Metric

    pooled = evaluation.pooled()
    named = {f"mean/{key}": value for key, value in evaluation.means().items()}
    named |= {f"pooled/{key}": value for key, value in (pooled.to_dict() if pooled else {}).items()}
    for entry in evaluation.photos:
        prefix = f"photo/{plain_name(entry.photo.label)}"
        named |= {f"{prefix}/{key}": value for key, value in entry.metrics.to_dict().items()}
    now = int(time.time() * 1000)
    found = metrics_of(named)
    mean = mean_lines(evaluation)
    if mean is not None:
        for key, places, values in (
            ("curve/dice over threshold", THRESHOLDS, mean.dice),
            ("curve/precision over recall", RECALLS, mean.precision),
        ):
            found += [Metric(key, float(y), now, round(100 * x)) for x, y in zip(places, values, strict=True)]
    return found
