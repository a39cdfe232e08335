"""Evaluations as runs of MLflow, one per model."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from db.settings import Settings
from trainer.tracking.registry import client_of
from trainer.tracking.store import KIND_TAG, experiment_id

if TYPE_CHECKING:
    from mlflow.entities import Metric

_LONGEST_NAME = 200
_MOST_PER_BATCH = 1000


def keep_run(
    settings: Settings,
    experiment: str,
    model: str,
    *,
    facts: Mapping[str, object],
    metrics: "Sequence[Metric]",
    files: Sequence[Path],
    pictures: Mapping[str, bytes],
    params: Mapping[str, str] | None = None,
) -> str:
    """Keep one model's evaluation as a finished run; `pictures` are JPEGs by folder and label. Returns its id.

    Call it within `answering`.
    """
    from mlflow.entities import Param

    client = client_of(settings)
    tags = {f"heirloom.{key}": str(value) for key, value in facts.items()}
    tags |= {KIND_TAG: "evaluation", "heirloom.model": model}
    run = client.create_run(experiment_id(settings, client, experiment), run_name=model, tags=tags)
    run_id = str(run.info.run_id)
    client.log_batch(run_id, params=[Param(key, value) for key, value in (params or {}).items()])
    for start in range(0, len(metrics), _MOST_PER_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _MOST_PER_BATCH])
    for file in files:
        client.log_artifact(run_id, str(file))
    with TemporaryDirectory() as folder:
        for label, jpeg in pictures.items():
            place = Path(folder, f"{plain_name(label)}.jpg")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(jpeg)
        client.log_artifacts(run_id, folder)
    client.set_terminated(run_id, "FINISHED")
    return run_id


def metrics_of(named: Mapping[str, float]) -> "list[Metric]":
    """Figures as MLflow keeps them; those that a photo cannot have are left out."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [Metric(key, value, now, 0) for key, value in named.items() if not math.isnan(value)]


def plain_name(label: str) -> str:
    """Letters, digits and what else MLflow takes in the name of a metric."""
    return re.sub(r"[^\w\-. /]", "_", label)[:_LONGEST_NAME]
