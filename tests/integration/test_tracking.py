"""What a run remembers, also when its process died in the middle."""

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from requests import ConnectionError

from db.settings import Settings
from tests.support.waiting import wait_for
from trainer.platform import prepare
from trainer.tracking.runs import MlflowTracker, close_run, open_run
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def run_id(settings: Settings) -> str:
    prepare(settings)
    return open_run(settings, "detector", "job-1", "a training")


def tracker(settings: Settings, run_id: str, folder: Path) -> MlflowTracker:
    return MlflowTracker(settings, run_id, folder, lambda *_: None)


def steps(settings: Settings, run_id: str, key: str = "loss") -> list[tuple[int, float]]:
    history = open_client(settings).get_metric_history(run_id, key)
    return sorted((metric.step, metric.value) for metric in history)


def pictures(settings: Settings, run_id: str) -> int:
    kept = open_client(settings).list_artifacts(run_id, "images")
    return sum("compressed" not in entry.path for entry in kept)


def test_a_run_tells_everything(
    settings: Settings, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.2")
    told: list[tuple[float, str]] = []
    picture = np.zeros((8, 8, 3), np.uint8)
    (tmp_path / "card.md").write_text("a card")
    with MlflowTracker(settings, run_id, tmp_path, lambda *said: told.append(said)) as tracker:
        tracker.params({"size": 64})
        tracker.params({"size": 128, "batch": 2})
        tracker.tag("note", "first")
        tracker.picture("samples", picture, 1)
        tracker.picture("samples", picture, 1)
        tracker.file(tmp_path / "card.md")
        tracker.progress(0.5, "half")
        wait_for_system_metrics(settings, run_id, tracker)
    close_run(settings, run_id, "FINISHED")

    client = open_client(settings)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"size": "64", "batch": "2"}
    assert run.data.tags["note"] == "first"
    assert any(key.startswith("system/") for key in run.data.metrics)
    assert pictures(settings, run_id) == 1
    assert "card.md" in {entry.path for entry in client.list_artifacts(run_id)}
    assert told == [(0.5, "half")]
    assert steps(settings, run_id)[0] == (1, 1.0)


def wait_for_system_metrics(settings: Settings, run_id: str, tracker: MlflowTracker) -> None:
    """They come with the next figures after they were read, which a thread of MLflow's does now and then."""
    numbers = count(1)

    def come() -> bool:
        step = next(numbers)
        tracker.metrics({"loss": 1.0 / step}, step)
        return any(key.startswith("system/") for key in open_client(settings).get_run(run_id).data.metrics)

    wait_for(come, "figures of the system", 240)


def test_a_job_has_one_run(settings: Settings, run_id: str) -> None:
    assert open_run(settings, "detector", "job-1", "again") == run_id
    assert open_run(settings, "detector", "job-2", "another") != run_id


def test_figures_that_a_crash_kept_from_being_sent_are_sent_by_the_next_process(
    settings: Settings, run_id: str, tmp_path: Path
) -> None:
    crashed = tracker(settings, run_id, tmp_path).__enter__()
    crashed._sent_at = float("inf")
    crashed.metrics({"loss": 3.0}, 1)
    crashed.metrics({"loss": 2.0}, 2)
    assert steps(settings, run_id) == []
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"step": 3, "at": 1, "val')

    with tracker(settings, run_id, tmp_path) as resumed:
        assert steps(settings, run_id) == [(1, 3.0), (2, 2.0)]
        resumed.metrics({"loss": 2.0}, 2)
        resumed.metrics({"loss": 1.0}, 3)
    assert steps(settings, run_id) == [(1, 3.0), (2, 2.0), (3, 1.0)]

    with tracker(settings, run_id, tmp_path):
        pass
    assert steps(settings, run_id) == [(1, 3.0), (2, 2.0), (3, 1.0)]


def away(*_: Any, **__: Any) -> None:
    from mlflow.exceptions import MlflowException

    raise MlflowException("away")


def refused(*_: Any, **__: Any) -> None:
    """As the place of artifacts does, which MLflow asks by itself."""
    raise ConnectionError("away")


def test_a_tracking_server_that_is_away_ends_no_training(
    settings: Settings, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with tracker(settings, run_id, tmp_path) as tracking:
        with monkeypatch.context() as meanwhile:
            for call in ("log_batch", "log_image"):
                meanwhile.setattr(tracking._client, call, away)
            tracking._sent_at = 0.0
            tracking.metrics({"loss": 1.0}, 1)
            tracking.picture("samples", picture, 1)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(tracking._client, "log_image", refused)
            tracking.picture("samples", picture, 2)
    assert steps(settings, run_id) == [(1, 1.0)]
    assert pictures(settings, run_id) == 2


def lose_sight(tracking: MlflowTracker, monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None) -> None:
    """A training that MLflow hears nothing of, to its end."""
    with tracking:
        monkeypatch.setattr(tracking._client, "log_batch", away)
        tracking._sent_at = float("inf")
        tracking.metrics({"loss": 1.0}, 1)
        if failure is not None:
            raise failure


def test_a_tracking_server_that_is_away_does_not_hide_why_a_training_failed(
    settings: Settings, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = tracker(settings, run_id, tmp_path)
    with pytest.raises(ZeroDivisionError):
        lose_sight(tracking, monkeypatch, ZeroDivisionError())
    assert tracking._journal._file.closed
    with tracker(settings, run_id, tmp_path):
        assert steps(settings, run_id) == [(1, 1.0)], "what was not sent is kept"


def test_figures_that_a_tracking_server_never_took_end_a_training(
    settings: Settings, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    tracking = tracker(settings, run_id, tmp_path)
    with pytest.raises(MlflowException, match="away"):
        lose_sight(tracking, monkeypatch)
    assert tracking._journal._file.closed
