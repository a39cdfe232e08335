"""A worker that is killed loses nothing: its child ends by itself, another worker ends the same run."""

from pathlib import Path

import psutil
import pytest

from db.engine import Database
from db.models import Job
from db.settings import Settings
from tests.support import tiny
from trainer import jobs
from trainer.errors import RunBusy
from trainer.locks import exclusive
from trainer.store import open_client
from trainer.training import folder, run_lock

STEPS = 120
RECIPE = {**tiny.RECIPE, "size": 64, "steps_per_epoch": STEPS // 2, "checkpoint_every": 5}


def children_of(pid: int) -> list[psutil.Process]:
    return [each for each in psutil.Process(pid).children(recursive=True) if "trainer.child" in each.cmdline()]


def writers(settings: Settings) -> list[psutil.Process]:
    """Every child process of any worker of this platform."""
    home = str(settings.home)
    found = []
    for process in psutil.process_iter():
        try:
            if "trainer.child" in process.cmdline() and process.environ().get("HEIRLOOM_HOME") == home:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            continue
    return found


def assert_every_step_stands_once(settings: Settings, run_id: str) -> None:
    history = open_client(settings).get_metric_history(run_id, "loss")
    assert sorted(metric.step for metric in history) == list(range(1, STEPS + 1))


@pytest.mark.timeout(1800)
def test_another_worker_ends_the_training_of_a_killed_one(settings: Settings, tmp_path: Path) -> None:
    with tiny.prepared(settings) as database:
        with tiny.worker(settings, tmp_path / "first.log") as first:
            job = jobs.launch(settings, database, "train", {"recipe": RECIPE, "snapshot": None}, None)
            state = folder(settings, job.id) / "state"
            tiny.wait_for(state.exists, "the first checkpoint", 600)
            before = children_of(first.process.pid)
            assert len(before) == len(writers(settings)) == 1
            with pytest.raises(RunBusy), exclusive(settings, run_lock(job.id), wait_s=0):
                pass
            first.kill()
        assert tiny.look(database, job.id).status == "running"
        tiny.wait_for(lambda: not writers(settings), "the end of the orphan", 120)
        with exclusive(settings, run_lock(job.id), wait_s=0):
            run_id = tiny.look(database, job.id).run_id
        assert run_id is not None
        reached = len(open_client(settings).get_metric_history(run_id, "loss"))
        assert 0 < reached < STEPS

        with tiny.worker(settings, tmp_path / "second.log"):
            tiny.wait_for(lambda: len(writers(settings)) == 1, "the new child", 600)
            done = finish_with_one_writer(settings, database, job.id)

        assert done.status == "done", done.error
        assert done.run_id == run_id
        assert_every_step_stands_once(settings, run_id)
        run = open_client(settings).get_run(run_id)
        assert run.info.status == "FINISHED"
        assert (
            len(open_client(settings).search_runs([run.info.experiment_id], f"tags.`heirloom.job` = '{job.id}'")) == 1
        )
        assert not writers(settings)


def finish_with_one_writer(settings: Settings, database: Database, job_id: str) -> Job:
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, len(writers(settings)))
        return tiny.look(database, job_id).status not in ("queued", "running")

    tiny.wait_for(over, "the end of the training", 600)
    assert most == 1
    return tiny.look(database, job_id)


@pytest.mark.timeout(1800)
def test_a_worker_that_is_told_to_stop_leaves_its_job_to_the_next(settings: Settings, tmp_path: Path) -> None:
    with tiny.prepared(settings) as database:
        with tiny.worker(settings, tmp_path / "first.log") as first:
            job = jobs.launch(settings, database, "train", {"recipe": RECIPE, "snapshot": None}, None)
            tiny.wait_for((folder(settings, job.id) / "state").exists, "the first checkpoint", 600)
            first.process.terminate()
            first.process.wait(30)
        left = tiny.look(database, job.id)
        assert (left.status, left.worker, left.heartbeat_at) == ("running", None, None)
        assert not writers(settings)
        run = open_client(settings).get_run(str(left.run_id))
        assert run.info.status == "RUNNING"
