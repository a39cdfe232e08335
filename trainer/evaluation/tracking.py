"""An evaluation as runs of MLflow, one per model."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from db.settings import Settings
from trainer.evaluation.figures import mean_lines
from trainer.evaluation.measuring import RECALLS, THRESHOLDS, Evaluation, Outcome
from trainer.registry import answering, client_of
from trainer.store import KIND_TAG, experiment_id

if TYPE_CHECKING:
    from mlflow.entities import Metric

EXPERIMENT = "detector evaluation"
_LONGEST_NAME = 200
_MOST_PER_BATCH = 1000


def track(settings: Settings, outcome: Outcome, facts: Mapping[str, object], files: Sequence[Path]) -> list[str]:
    """Keep figures, curves, overlays and these files; `facts` say what was measured on. Returns the runs' ids.

    Raises RegistryError when MLflow does not answer.
    """
    with answering(settings):
        return [_track(settings, evaluation, facts, files) for evaluation in outcome.models]


def _track(settings: Settings, evaluation: Evaluation, facts: Mapping[str, object], files: Sequence[Path]) -> str:
    from mlflow.entities import Param

    client = client_of(settings)
    tags = {f"heirloom.{key}": str(value) for key, value in facts.items()}
    tags |= {KIND_TAG: "evaluation", "heirloom.model": str(evaluation.finder)}
    run = client.create_run(experiment_id(settings, client, EXPERIMENT), run_name=str(evaluation.finder), tags=tags)
    run_id = str(run.info.run_id)
    metrics = _metrics(evaluation)
    client.log_batch(run_id, params=[Param("threshold", str(evaluation.threshold))])
    for start in range(0, len(metrics), _MOST_PER_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _MOST_PER_BATCH])
    for file in files:
        client.log_artifact(run_id, str(file))
    with TemporaryDirectory() as folder:
        for entry in evaluation.photos:
            place = Path(folder, f"{_plain_name(entry.photo.label)}.jpg")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(entry.overlay)
        client.log_artifacts(run_id, folder, "overlays")
    client.set_terminated(run_id, "FINISHED")
    return run_id


def _metrics(evaluation: Evaluation) -> "list[Metric]":
    """Means, pooled figures and those of each photo; curves with a step per hundredth of threshold or recall."""
    from mlflow.entities import Metric

    pooled = evaluation.pooled()
    named = {f"mean/{key}": value for key, value in evaluation.means().items()}
    named |= {f"pooled/{key}": value for key, value in (pooled.to_dict() if pooled else {}).items()}
    for entry in evaluation.photos:
        prefix = f"photo/{_plain_name(entry.photo.label)}"
        named |= {f"{prefix}/{key}": value for key, value in entry.metrics.to_dict().items()}
    now = int(time.time() * 1000)
    found = [Metric(key, value, now, 0) for key, value in named.items() if not math.isnan(value)]
    mean = mean_lines(evaluation)
    if mean is not None:
        for key, places, values in (
            ("curve/dice over threshold", THRESHOLDS, mean.dice),
            ("curve/precision over recall", RECALLS, mean.precision),
        ):
            found += [Metric(key, float(y), now, round(100 * x)) for x, y in zip(places, values, strict=True)]
    return found


def _plain_name(label: str) -> str:
    """Letters, digits and what else MLflow takes in the name of a metric."""
    return re.sub(r"[^\w\-. /]", "_", label)[:_LONGEST_NAME]
