"""Does one job in this process and writes down how it ended."""

import logging
from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy.exc import OperationalError

from db import jobs as rows
from db.answering import is_away
from db.blobs import open_blobs
from db.engine import Database
from db.settings import Settings
from trainer.errors import Stopped, sentence
from trainer.jobs.work import Work

Ending = Literal["done", "failed", "cancelled", "left"]
"""`left`: it stopped without being cancelled; whoever takes the job next, this worker among them, goes on with it."""
_log = logging.getLogger(__name__)


def perform(settings: Settings, database: Database, job_id: str, should_stop: Callable[[], bool]) -> Ending:
    """Do a job that this process's worker has claimed. A fault becomes the job's error, as a sentence.

    Where the database does not answer, the job is left: it goes on from what was kept once the database is back.
    """
    try:
        return _do(settings, database, job_id, should_stop)
    except OperationalError as error:
        if not is_away(error):
            raise
        _log.exception("job %s is left until the database answers", job_id)
        return "left"


def _do(settings: Settings, database: Database, job_id: str, should_stop: Callable[[], bool]) -> Ending:
    with database.reading() as session:
        job = rows.get_job(session, job_id)
    work = Work(settings, database, open_blobs(settings), job, should_stop)
    work.progress(job.progress, "starting")
    try:
        result = _handler(job.kind)(work)
    except Stopped:
        return _stopped(work)
    except Exception as error:
        if is_away(error):
            raise
        _log.exception("job %s failed", job_id)
        with database.unit_of_work() as session:
            rows.fail(session, job_id, _without_password(settings, sentence(error)))
        return "failed"
    work.progress(1.0, "done")
    with database.unit_of_work() as session:
        rows.finish(session, job_id, result)
    return "done"


def _without_password(settings: Settings, said: str) -> str:
    """What MLflow raises names its address whole."""
    return said.replace(settings.mlflow_tracking_uri.rstrip("/"), settings.shown_tracking_uri.rstrip("/"))


def _stopped(work: Work) -> Ending:
    if not work.cancelled():
        return "left"
    with work.database.unit_of_work() as session:
        rows.end_cancelled(session, work.job.id)
    return "cancelled"


def _handler(kind: str) -> Callable[[Work], dict[str, Any] | None]:
    if kind == "train":
        from trainer.jobs.training import train

        return train
    if kind == "propose":
        from trainer.jobs.proposing import propose

        return propose
    if kind == "restore":
        from trainer.jobs.restoring import restore

        return restore
    from trainer.comparing.job import compare

    return compare
