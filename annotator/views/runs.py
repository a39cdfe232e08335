"""What MLflow remembers of trainings: figures, curves, sample pictures. MLflow is imported when first asked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, unquote

from db.settings import Settings
from trainer.errors import RegistryError
from trainer.tracking.registry import PRODUCTION, ModelVersion, answering, list_models
from trainer.tracking.store import local_artifact, open_client

CURVE_POINTS = 240
MOST_RUNS = 200
SAMPLES = "images"


@dataclass(frozen=True)
class Run:
    """One training as its run tells it."""

    run_id: str
    experiment_id: str
    name: str
    status: str
    started: datetime | None
    figures: dict[str, float]
    tags: dict[str, str]
    model: ModelVersion | None
    """The version it became, if it got that far."""

    @property
    def in_production(self) -> bool:
        return self.model is not None and PRODUCTION in self.model.aliases


@dataclass(frozen=True)
class Point:
    step: int
    value: float


def list_runs(settings: Settings, kind: str) -> list[Run]:
    """All runs of a kind of model, newest first, the shipped weights among them. Raises RegistryError."""
    client = open_client(settings)
    models = {model.run_id: model for model in list_models(settings, kind)}
    with answering(settings):
        experiment = client.get_experiment_by_name(kind)
        found = client.search_runs([experiment.experiment_id], max_results=MOST_RUNS) if experiment else []
    return [_run(row, models.get(row.info.run_id)) for row in found]


def curve(settings: Settings, run_id: str, key: str) -> list[Point]:
    """A metric over the steps, thinned to what a chart can show; empty before the first figure."""
    with answering(settings):
        history = open_client(settings).get_metric_history(run_id, key)
    points = sorted((Point(metric.step, metric.value) for metric in history), key=lambda point: point.step)
    return thin(points, CURVE_POINTS)


def thin(points: list[Point], most: int) -> list[Point]:
    """At most `most` points: each the mean of its neighbours, so that no step is favoured; the last step is kept."""
    if len(points) <= most:
        return points
    size = -(-len(points) // most)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [Point(group[-1].step, sum(point.value for point in group) / len(group)) for group in groups]


def newest_samples(settings: Settings, run_id: str) -> list[str]:
    """Artifact paths of the newest sample picture of each kind (`real samples`, `synthetic samples`)."""
    with answering(settings):
        listed = open_client(settings).list_artifacts(run_id, SAMPLES)
    return newest_by_key(entry.path for entry in listed if entry.path.endswith(".png"))


def newest_by_key(paths: Iterable[str]) -> list[str]:
    """The highest step of each KEY: `images/KEY+step+N+timestamp+N+uuid.png`, with `%` or `~` by other MLflows."""
    newest: dict[str, tuple[int, str]] = {}
    for path in paths:
        name = PurePosixPath(path).name
        parts = re.split(r"[+%~]", name)
        if "step" not in parts or "compressed" in name:
            continue
        key, step = parts[0], int(parts[parts.index("step") + 1])
        newest[key] = max(newest.get(key, (-1, "")), (step, path))
    return [path for _, (_, path) in sorted(newest.items())]


def sample_bytes(settings: Settings, run_id: str, path: str) -> bytes:
    """A sample picture. Raises RegistryError when the run has none by that name."""
    # a server may take %2e%2e for a way up, as the address of a file does
    if PurePosixPath(path).parts[:1] != (SAMPLES,) or ".." in PurePosixPath(unquote(path)).parts:
        raise RegistryError(f"A run's samples lie in {SAMPLES}/, not at {path}.")
    from mlflow.exceptions import MlflowException

    try:
        client = open_client(settings)
        local = local_artifact(f"{client.get_run(run_id).info.artifact_uri}/{quote(path)}")
        if local is not None:
            return local.read_bytes()
        with TemporaryDirectory() as folder:
            return Path(client.download_artifacts(run_id, path, folder)).read_bytes()
    except (MlflowException, OSError) as error:
        raise RegistryError(f"Run {run_id} has no picture {path}.") from error


def mlflow_address(run: Run | None = None) -> str | None:
    """Where people open MLflow, at a run if one is named; None when nobody told us."""
    base = (Settings().mlflow_address or "").rstrip("/")
    if not base or run is None:
        return base or None
    return f"{base}/#/experiments/{run.experiment_id}/runs/{run.run_id}"


def _run(row: Any, model: ModelVersion | None) -> Run:
    started = row.info.start_time
    return Run(
        run_id=row.info.run_id,
        experiment_id=str(row.info.experiment_id),
        name=str(model.spec if model else row.info.run_name),
        status=row.info.status,
        started=datetime.fromtimestamp(started / 1000, UTC) if started else None,
        figures=dict(row.data.metrics),
        tags=dict(row.data.tags),
        model=model,
    )
