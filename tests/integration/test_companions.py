"""Jobs of a platform that train in several processes: they stop together, and none stays behind."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from db import jobs as rows
from db.engine import Database
from db.models import Job
from db.settings import Settings
from tests.support import tiny
from trainer import jobs
from trainer.jobs import job_folder

pytestmark = pytest.mark.timeout(1800)
RECIPE = {**tiny.RECIPE, "processes": 2, "steps_per_epoch": 100_000}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Database]]:
    """One home for this file: preparing it costs seconds."""
    with tiny.platform_in(tmp_path_factory.mktemp("platform") / "home") as platform:
        yield platform


def companions(worker: tiny.RunningWorker) -> list[psutil.Process]:
    """The processes that multiprocessing started below the worker."""
    below = psutil.Process(worker.process.pid).children(recursive=True)
    return [each for each in below if any("spawn_main" in word for word in each.cmdline())]


def training(settings: Settings, database: Database) -> Job:
    """An endless training that has kept its first checkpoint."""
    job = jobs.launch(settings, database, "train", {"recipe": RECIPE, "snapshot": None}, None)
    tiny.wait_for((job_folder(settings, job.id) / "state").exists, "the first checkpoint", 900)
    return job


def gone(process: psutil.Process) -> bool:
    """Asked once: between two questions it may go."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_job_ends_with_all_its_processes(platform: tuple[Settings, Database], tmp_path: Path) -> None:
    settings, database = platform
    with tiny.worker(settings, tmp_path / "worker.log") as worker:
        cancelled = training(settings, database)
        (companion,) = companions(worker)
        with database.unit_of_work() as session:
            rows.request_cancel(session, cancelled.id)
        assert tiny.ended(database, cancelled.id).status == "cancelled"
        tiny.wait_for(lambda: gone(companion), "the end of the companion")

        starved = training(settings, database)
        (companion,) = companions(worker)
        companion.kill()
        ended = tiny.ended(database, starved.id)
        assert ended.status == "failed"
        assert "Process 2 of the training's 2 was ended by signal 9" in str(ended.error)

        orphaned = training(settings, database)
        (companion,) = companions(worker)
        worker.kill()
        assert tiny.look(database, orphaned.id).status == "running"
        tiny.wait_for(lambda: gone(companion), "the end of the orphaned companion")
