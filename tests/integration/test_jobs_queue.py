"""Launching, cancelling and reviving jobs, without running them; on SQLite and on PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from db import jobs as rows
from db.engine import Database, open_database
from db.migrate import upgrade
from db.models import Job, utc_now
from db.settings import Settings
from trainer import jobs
from trainer.jobs.training import first_job
from trainer.jobs.work import Work
from trainer.platform import prepare_queue
from trainer.workers import performing
from trainer.workers.hand import Hand
from trainer.workers.holding import alive
from trainer.workers.reviving import revive
from trainer.workers.worker import Worker

LONG_AGO = timedelta(minutes=10)


@pytest.fixture(params=["sqlite", "postgres"])
def platform(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    if request.param == "postgres":
        monkeypatch.setenv("HEIRLOOM_DATABASE_URL", request.getfixturevalue("postgres_url"))
    settings = Settings()
    upgrade(settings.database_url)
    prepare_queue(settings)
    return settings


@pytest.fixture
def opened(platform: Settings) -> Iterator[Database]:
    database = open_database(platform)
    yield database
    database.dispose()


def state(settings: Settings, job_id: str) -> tuple[str, str | None] | None:
    client = jobs.open_queue(settings)
    try:
        found = client.list_workflows(workflow_ids=[job_id])
    finally:
        client.destroy()
    return (found[0].status, found[0].queue_name) if found else None


def revive_all(settings: Settings, database: Database, carried: Collection[str] = ()) -> list[str]:
    client = jobs.open_queue(settings)
    try:
        return revive(settings, database, client, carried)
    finally:
        client.destroy()


def age(database: Database, job_id: str, **columns: object) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Job).where(Job.id == job_id).values(created_at=utc_now() - LONG_AGO, **columns))


def test_a_job_is_a_row_and_a_workflow_of_the_same_id(platform: Settings, opened: Database) -> None:
    training = jobs.launch(platform, opened, "train", {"recipe": {}}, None)
    ahead = jobs.launch(platform, opened, "propose", {"photo_ids": None}, None)
    short = jobs.launch(platform, opened, "restore", {"photo_ids": [], "method": "telea"}, None)
    assert state(platform, training.id) == ("ENQUEUED", "training")
    assert state(platform, ahead.id) == ("ENQUEUED", "proposals")
    assert state(platform, short.id) == ("ENQUEUED", "pictures")
    jobs.enqueue(platform, [training])
    assert state(platform, training.id) == ("ENQUEUED", "training")

    assert jobs.cancel(platform, opened, training.id).status == "cancelled"
    assert state(platform, training.id) == ("CANCELLED", None)


def test_a_job_asked_for_while_the_queue_is_away_is_had_once(platform: Settings, opened: Database) -> None:
    away = platform.model_copy(update={"jobs_database": f"sqlite:///{platform.home}/away/jobs.db"})
    job = jobs.launch(away, opened, "restore", {"photo_ids": []}, None)
    assert job.status == "queued"
    age(opened, job.id)
    assert revive_all(platform, opened) == [job.id]
    assert state(platform, job.id) == ("ENQUEUED", "pictures")


def test_a_job_whose_place_in_the_queue_was_lost_gets_one(
    platform: Settings, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_LOST_AFTER", LONG_AGO / 2)  # a slow machine takes longer to look than the real one
    with opened.unit_of_work() as session:
        job = rows.add_job(session, "train", {}, None)
    assert revive_all(platform, opened) == []
    age(opened, job.id)
    assert revive_all(platform, opened) == [job.id]
    assert state(platform, job.id) == ("ENQUEUED", "training")
    assert revive_all(platform, opened) == []


def test_the_job_of_a_silent_worker_is_queued_once(platform: Settings, opened: Database) -> None:
    with opened.unit_of_work() as session:
        job = rows.add_job(session, "train", {}, None)
        rows.claim(session, job.id, "elsewhere")
    age(opened, job.id)
    assert revive_all(platform, opened) == [], "it runs for long, and its worker lives"
    age(opened, job.id, heartbeat_at=utc_now() - LONG_AGO)
    assert revive_all(platform, opened, {job.id}) == [], "its machine slept, and it goes on"
    assert revive_all(platform, opened) == [job.id]
    assert revive_all(platform, opened) == []
    with opened.unit_of_work() as session:
        assert rows.heartbeat(session, [job.id], "elsewhere") == []


def test_the_job_of_a_dead_worker_on_this_machine_is_queued_at_once(platform: Settings, opened: Database) -> None:
    with opened.unit_of_work() as session:
        job = rows.add_job(session, "train", {}, None)
        rows.claim(session, job.id, "neighbour")
    with alive(platform, "neighbour"):
        assert revive_all(platform, opened) == []
        sign = platform.home.resolve() / "locks" / "worker-neighbour.lock"
        assert sign.exists()
    sign.touch()
    assert revive_all(platform, opened) == [job.id]


@pytest.mark.timeout(900)
def test_a_child_that_dies_over_a_job_of_another_worker_by_now_ends_nothing(
    platform: Settings, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(_hand: Hand, _command: str, job_id: str) -> bool:
        with opened.unit_of_work() as session:
            session.execute(update(Job).where(Job.id == job_id).values(worker="other"))
        return False

    monkeypatch.setattr(Hand, "ask", taken_over)
    with opened.unit_of_work() as session:
        job = rows.add_job(session, "propose", {}, None)
    Worker(platform, opened, "one").perform(job.id)
    with opened.reading() as session:
        job = rows.get_job(session, job.id)
    assert (job.status, job.worker, job.error) == ("running", "other", "")


def test_a_job_whose_end_could_not_be_written_is_queued_again(
    platform: Settings, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("UPDATE job", None, Exception("the database system is starting up"))

    monkeypatch.setattr(Hand, "ask", lambda *_: False)
    monkeypatch.setattr(rows, "fail", away)
    with opened.unit_of_work() as session:
        job = rows.add_job(session, "propose", {}, None)
    worker = Worker(platform, opened, "one")
    with pytest.raises(OperationalError):
        worker.perform(job.id)
    age(opened, job.id, heartbeat_at=utc_now() - LONG_AGO)
    assert revive_all(platform, opened, worker.carried) == [job.id], "the worker lives, and has it no more"


def test_a_worker_stops_while_its_database_is_away(
    platform: Settings, opened: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("UPDATE job", None, Exception("the database system is shutting down"))

    with opened.unit_of_work() as session:
        job = rows.add_job(session, "propose", {}, None)
        rows.claim(session, job.id, "one")
    monkeypatch.setattr(rows, "leave", away)
    Worker(platform, opened, "one").stop()
    assert "shutting down" in caplog.text


def test_a_job_is_left_while_its_database_is_away(
    platform: Settings, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("UPDATE job", None, Exception("database is locked"))

    reached: list[str] = []

    def work_on(work: Work) -> dict[str, object]:
        with monkeypatch.context() as broken:
            broken.setattr(rows, "progress", away)
            work.progress(1.0, "half-way")
        reached.append("behind what could not be told")
        away()
        return {}

    with opened.unit_of_work() as session:
        job = rows.add_job(session, "propose", {}, None)
        rows.claim(session, job.id, "one")
    monkeypatch.setattr(performing, "_handler", lambda _kind: work_on)
    assert performing.perform(platform, opened, job.id, lambda: False) == "left"
    assert reached
    with opened.reading() as session:
        job = rows.get_job(session, job.id)
    assert (job.status, job.error) == ("running", "")


def test_a_run_is_that_of_the_job_that_made_it_by_whatever_clock(opened: Database) -> None:
    asked = {"made": {"recipe": {}}, "goes on": {"recipe": {}, "resume_run": "r"}}
    with opened.unit_of_work() as session:
        ids = {name: rows.add_job(session, "train", params, None).id for name, params in asked.items()}
        for job_id in ids.values():
            rows.set_run(session, job_id, "r")
        session.execute(update(Job).where(Job.id == ids["goes on"]).values(created_at=utc_now() - LONG_AGO))
        assert first_job(session, "r") == ids["made"]


def test_eight_processes_may_prepare_a_fresh_home_at_once(settings: Settings) -> None:
    command = [
        sys.executable,
        "-c",
        "from db.settings import Settings; from trainer.platform import prepare\nprepare(Settings())",
    ]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ)) for _ in range(8)]
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * 8, ended
    for name in ("heirloom.db", "jobs.db", "mlflow.db", "prepared.json"):
        assert (settings.home / name).exists()
    open_database(settings).dispose()


def test_launching_a_job_imports_neither_torch_nor_mlflow() -> None:
    heavy = "{'torch', 'mlflow', 'albumentations'}"
    check = f"import sys, trainer.jobs, trainer.cli, dbos; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
