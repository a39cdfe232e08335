"""Finds jobs that nobody carries – their worker died, or their place in the queue was lost – and queues them again."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from db import jobs as rows
from db.engine import Database
from db.models import Job
from db.settings import Settings
from trainer.errors import RunBusy
from trainer.jobs import enqueue_with, is_overdue, queue_of
from trainer.locks import exclusive
from trainer.workers.holding import dead_workers

if TYPE_CHECKING:
    from dbos import DBOSClient

_STUCK_AFTER = timedelta(seconds=60)
"""A queued job whose workflow says it runs has a worker that is just taking it; after so long it has none."""


def revive(settings: Settings, database: Database, client: "DBOSClient", carried: Collection[str]) -> list[str]:
    """One look at all waiting and running jobs but those that the looking worker has in hand, `carried`.

    Returns the ids that were put back in the queue.
    Workers take turns: two that revive the same job at once could make two of it.
    """
    with database.reading() as session:
        if not _suspects(session, settings, carried):
            return []
    try:
        with exclusive(settings, "revive", wait_s=0):
            return _revive_now(settings, database, client, carried)
    except RunBusy:
        return []


def _revive_now(settings: Settings, database: Database, client: "DBOSClient", carried: Collection[str]) -> list[str]:
    with database.unit_of_work() as session:
        suspects = _suspects(session, settings, carried)
        for job in suspects:
            rows.reserve(session, job.id)
        now = rows.shared_now(session)
    return [job.id for job in suspects if _queue_again(settings, client, job, now)]


def _suspects(session: Session, settings: Settings, carried: Collection[str]) -> list[Job]:
    """What the looking worker has in hand is no such job: its machine may have slept, and it goes on.

    One that is only called its own is: it could not write down how that ended.
    """
    others = [job for job in rows.list_jobs(session, active=True) if job.id not in carried]
    dead = dead_workers(settings, {job.worker for job in others if job.worker})
    now = rows.shared_now(session)
    return [job for job in others if is_overdue(job, now) or rows.is_silent(job, now) or job.worker in dead]


def _queue_again(settings: Settings, client: "DBOSClient", job: Job, now: datetime) -> bool:
    """Whatever state the workflow was left in, make it wait in the queue; leave one alone that does already."""
    found = client.list_workflows(workflow_ids=[job.id], load_input=False, load_output=False)
    if not found:
        enqueue_with(client, job)
        return True
    state = found[0].status
    if state in ("ENQUEUED", "DELAYED"):
        return False
    if state == "PENDING" and job.status == "queued" and not _is_stuck(settings, found[0].executor_id, job, now):
        return False
    if state in ("PENDING", "CANCELLED"):
        client.resume_workflow(job.id, queue_name=queue_of(job.kind))
    else:
        client.delete_workflow(job.id)
        enqueue_with(client, job)
    return True


def _is_stuck(settings: Settings, executor: str | None, job: Job, now: datetime) -> bool:
    """Taken from the queue, never claimed: its worker died in between."""
    if executor is not None and dead_workers(settings, {executor}):
        return True
    return job.created_at < now - _STUCK_AFTER
