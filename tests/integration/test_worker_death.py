"""A worker that is killed loses nothing: its child ends by itself, another worker ends the same run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from db.engine import Database
from db.models import Job
from db.settings import Settings
from tests.support import tiny
from tests.support.waiting import wait_for
from trainer import jobs
from trainer.errors import RunBusy
from trainer.jobs import job_folder
from trainer.jobs.training import run_lock
from trainer.locks import exclusive
from trainer.tracking.store import JOB_TAG, open_client

pytestmark = pytest.mark.timeout(1800)
STEPS = 80
RECIPE = {**tiny.RECIPE, "steps_per_epoch": STEPS // 2}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Database]]:
    """One home for this file: preparing it costs seconds."""
    with tiny.platform_in(tmp_path_factory.mktemp("platform") / "home") as platform:
        yield platform


def children_of(pid: int) -> list[psutil.Process]:
    return [each for each in psutil.Process(pid).children() if "trainer.workers.child" in each.cmdline()]


def writers(settings: Settings) -> list[psutil.Process]:
    """Every child process of any worker of this platform.

    A program that such a child starts (git, ldconfig) has the child's command line until it is loaded: not counted.
    """
    home = str(settings.home)
    found = {}
    for process in psutil.process_iter():
        try:
            if "trainer.workers.child" in process.cmdline() and process.environ().get("HEIRLOOM_HOME") == home:
                found[process.pid] = (process, process.ppid())
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            continue
    return [process for process, parent in found.values() if parent not in found]


@contextmanager
def halted(process: psutil.Process) -> Iterator[None]:
    """A training that comes no further while a test looks: it must not reach its end before its worker is killed."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def assert_every_step_stands_once(settings: Settings, run_id: str) -> None:
    history = open_client(settings).get_metric_history(run_id, "loss")
    assert sorted(metric.step for metric in history) == list(range(1, STEPS + 1))


def finish_with_one_writer(settings: Settings, database: Database, job_id: str) -> Job:
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, len(writers(settings)))
        return tiny.look(database, job_id).status not in ("queued", "running")

    wait_for(over, "the end of the training", 900)
    assert most == 1
    return tiny.look(database, job_id)


def test_another_worker_ends_the_training_of_a_killed_one(platform: tuple[Settings, Database], tmp_path: Path) -> None:
    settings, database = platform
    with tiny.worker(settings, tmp_path / "first.log") as first:
        job = jobs.launch(settings, database, "train", {"recipe": RECIPE, "snapshot": None}, None)
        wait_for((job_folder(settings, job.id) / "state").exists, "the first checkpoint", 900)
        (writer,) = writers(settings)
        with halted(writer):
            assert children_of(first.process.pid) == [writer]
            with pytest.raises(RunBusy), exclusive(settings, run_lock(job.id), wait_s=0):
                pass
            first.kill()
    assert tiny.look(database, job.id).status == "running"
    wait_for(lambda: not writers(settings), "the end of the orphan")
    run_id = str(tiny.look(database, job.id).run_id)
    reached = len(open_client(settings).get_metric_history(run_id, "loss"))
    assert 0 < reached < STEPS

    with tiny.worker(settings, tmp_path / "second.log"):
        done = finish_with_one_writer(settings, database, job.id)
    assert done.status == "done", done.error
    assert done.run_id == run_id
    assert_every_step_stands_once(settings, run_id)
    client = open_client(settings)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert len(client.search_runs([run.info.experiment_id], f"tags.`{JOB_TAG}` = '{job.id}'")) == 1
    assert not writers(settings)


def test_a_worker_that_is_told_to_stop_leaves_its_job_to_the_next(
    platform: tuple[Settings, Database], tmp_path: Path
) -> None:
    settings, database = platform
    with tiny.worker(settings, tmp_path / "first.log") as first:
        endless = {**RECIPE, "steps_per_epoch": 100_000}
        job = jobs.launch(settings, database, "train", {"recipe": endless, "snapshot": None}, None)
        wait_for((job_folder(settings, job.id) / "state").exists, "the first checkpoint", 900)
        first.process.terminate()
        assert first.process.wait(300) == 0
    left = tiny.look(database, job.id)
    assert (left.status, left.worker, left.heartbeat_at) == ("running", None, None)
    assert not writers(settings)
    assert open_client(settings).get_run(str(left.run_id)).info.status == "RUNNING"


def test_a_worker_whose_tables_a_newer_heirloom_upgraded_ends_and_says_so(tmp_path: Path) -> None:
    with tiny.platform_in(tmp_path / "home") as (settings, database), tiny.worker(settings, tmp_path / "log") as old:
        with database.unit_of_work() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert old.process.wait(300) == 1
        assert "come from a newer heirloom (9999); install that version." in old.log.read_text()
