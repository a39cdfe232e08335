"""What a training tells MLflow. A journal beside the checkpoints makes a resumed run tell everything exactly once."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from db.settings import Settings
from trainer.tracking.journal import Journal
from trainer.tracking.store import JOB_TAG, KIND_TAG, MODEL_FOLDER, experiment_id, open_client, tracking_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import Metric

_log = logging.getLogger(__name__)
RunStatus = Literal["FINISHED", "FAILED", "KILLED"]
_SEND_EVERY_S = 1.0
_MOST_PER_BATCH = 1000
_SYSTEM_EVERY_S = 10.0


def open_run(settings: Settings, kind: str, job_id: str, name: str) -> str:
    """The run of a job: the one it has, or a new one. Call it only while holding the job's lock."""
    client = open_client(settings)
    experiment = experiment_id(settings, client, kind)
    found = client.search_runs([experiment], f"tags.`{JOB_TAG}` = '{job_id}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {JOB_TAG: job_id, KIND_TAG: "training"}
    return str(client.create_run(experiment, run_name=name, tags=tags).info.run_id)


def close_run(settings: Settings, run_id: str, status: RunStatus, log: Path | None = None) -> None:
    """End a run; the end of its log goes along as `log.txt`."""
    client = open_client(settings)
    if log is not None and log.exists():
        client.log_text(run_id, log_tail(log), "log.txt")
    client.set_terminated(run_id, status)


def log_tail(log: Path, most: int = 64_000) -> str:
    """The last bytes of a log as text."""
    with log.open("rb") as source:
        source.seek(max(0, log.stat().st_size - most))
        return source.read().decode(errors="replace")


class MlflowTracker:
    """A `trainer.learning.tracker.Tracker` that writes one MLflow run.

    Every metric is noted in `folder/journal.jsonl` before it is sent. After a crash what was noted and not sent is
    sent, and what the resumed loop says again is dropped: each step stands in the run once. A picture is noted once it
    was sent.
    """

    def __init__(
        self, settings: Settings, run_id: str, folder: Path, on_progress: "Callable[[float | None, str], None]"
    ) -> None:
        self._client: MlflowClient = open_client(settings)
        self._run_id = run_id
        self._on_progress = on_progress
        self._journal = Journal(folder / "journal.jsonl")
        self._unsent: list[Metric] = []
        self._unsent_pictures: list[tuple[str, npt.NDArray[np.uint8], int]] = []
        self._sent_at = time.monotonic()
        self._system = _system_metrics(settings, run_id)

    def __enter__(self) -> "MlflowTracker":
        self._client.update_run(self._run_id, status="RUNNING")
        self._send_what_was_lost()
        self._system.start()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            self._system.finish()
            if failed is None:
                self._send()
            else:
                self._send_if_it_answers()  # why the training ended counts for more
        finally:
            self._journal.close()

    def params(self, values: dict[str, object]) -> None:
        """Parameters of the run; one that is there already keeps its value (MLflow never changes them)."""
        from mlflow.entities import Param

        known = self._client.get_run(self._run_id).data.params
        fresh = [Param(key, str(value)[:6000]) for key, value in values.items() if key not in known]
        for start in range(0, len(fresh), 100):
            self._client.log_batch(self._run_id, params=fresh[start : start + 100])

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Figures of one step; sent together about once a second."""
        now = int(time.time() * 1000)
        fresh = {key: float(value) for key, value in values.items() if self._journal.is_new(key, step)}
        if not fresh:
            return
        self._journal.note(fresh, step, now)
        self._unsent += _as_metrics(fresh, step, now)
        if time.monotonic() - self._sent_at > _SEND_EVERY_S:
            self._send_if_it_answers()

    def picture(self, key: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        """A sample overlay, uint8 H×W×3 RGB, shown by MLflow with a slider over the steps."""
        if self._journal.is_new(f"picture {key}", step):
            self._unsent_pictures.append((key, pixels, step))
            self._send_if_it_answers()

    def tag(self, key: str, value: str) -> None:
        """A tag of the run; the newest value stays."""
        self._client.set_tag(self._run_id, key, value)

    def file(self, path: Path) -> None:
        """A file of the run; a checkpoint goes where the registry looks for it."""
        self._client.log_artifact(self._run_id, str(path), MODEL_FOLDER if path.suffix == ".safetensors" else None)

    def progress(self, fraction: float | None, message: str) -> None:
        """How far the training is, 0 to 1 or None where it is as far as it was, for the job's row."""
        self._on_progress(fraction, message)

    def _send_if_it_answers(self) -> None:
        """A tracking server that is away for a while does not end a training: what it missed is sent later."""
        from mlflow.exceptions import MlflowException
        from requests import RequestException

        try:
            self._send()
        except (MlflowException, RequestException) as error:
            _log.warning("MLflow did not take the figures of run %s; they are kept: %s", self._run_id, error)
            self._sent_at = time.monotonic()

    def _send(self) -> None:
        while self._unsent:
            self._client.log_batch(self._run_id, metrics=self._unsent[:_MOST_PER_BATCH])
            del self._unsent[:_MOST_PER_BATCH]
        while self._unsent_pictures:
            key, pixels, step = self._unsent_pictures[0]
            self._client.log_image(self._run_id, pixels, key=key, step=step)
            self._journal.note({f"picture {key}": 1.0}, step, 0)
            del self._unsent_pictures[0]
        self._sent_at = time.monotonic()

    def _send_what_was_lost(self) -> None:
        there: dict[str, set[int]] = {}
        for key, step, value, at in self._journal.entries():
            if key.startswith("picture "):
                continue
            if key not in there:
                there[key] = {metric.step for metric in self._client.get_metric_history(self._run_id, key)}
            if step not in there[key]:
                self._unsent += _as_metrics({key: value}, step, at)
        self._send()


def _as_metrics(values: dict[str, float], step: int, at: int) -> "list[Metric]":
    from mlflow.entities import Metric

    return [Metric(key, value, at, step) for key, value in values.items()]


def _system_metrics(settings: Settings, run_id: str) -> Any:
    """Processor, memory, disk and GPU of this machine, every ten seconds, as `system/…` metrics."""
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    return SystemMetricsMonitor(
        run_id,
        sampling_interval=_SYSTEM_EVERY_S,
        resume_logging=True,
        tracking_uri=tracking_address(settings),
    )
