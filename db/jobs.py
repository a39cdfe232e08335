"""Durable requests: who runs them, how far they are, how they ended."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, cast, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from db.errors import InvalidState, NotFound
from db.models import Job, JobKind, JobStatus, utc_now

ACTIVE: tuple[JobStatus, ...] = ("queued", "running")
EXPIRES_AFTER = timedelta(seconds=30)
"""A running job without a heartbeat for this long has lost its worker."""


def shared_now(session: Session) -> datetime:
    """The time by which what several machines do is told and judged: the database server's, since their own differ."""
    if session.get_bind().dialect.name == "postgresql":
        told: datetime = session.scalars(select(func.clock_timestamp())).one()
        return told.astimezone(UTC)
    return utc_now()


def add_job(
    session: Session, kind: JobKind, params: dict[str, Any], by_id: int | None, now: datetime | None = None
) -> Job:
    """A queued job with a new id, which is also the id of its workflow."""
    moment = now or shared_now(session)
    job = Job(id=str(uuid.uuid4()), kind=kind, params=params, created_by_id=by_id, created_at=moment, result={})
    session.add(job)
    session.flush()
    return job


def get_job(session: Session, job_id: str) -> Job:
    """The job as it is in the database now, whatever the session has seen of it before. Raises NotFound."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def list_jobs(session: Session, kind: JobKind | None = None, active: bool = False) -> list[Job]:
    """Jobs, newest first; `active` ones are queued or running."""
    query = select(Job).order_by(Job.created_at.desc(), Job.id)
    if kind is not None:
        query = query.where(Job.kind == kind)
    if active:
        query = query.where(Job.status.in_(ACTIVE))
    return list(session.scalars(query))


def latest_job(session: Session, kind: JobKind, photo_id: int) -> Job | None:
    """The newest job of that kind that names the photo; the others stay in the database."""
    query = select(Job).where(Job.kind == kind, _names(session, photo_id))
    return session.scalar(query.order_by(Job.created_at.desc(), Job.id).limit(1))


def claim(
    session: Session, job_id: str, worker: str, now: datetime | None = None, dead: Sequence[str] = ()
) -> Job | None:
    """Makes a job this worker's own: a queued one, its own, or one whose worker is gone. None when it cannot be had.

    `dead` names workers that are known to have ended, however fresh their heartbeat.
    """
    moment = now or shared_now(session)
    silent = or_(Job.heartbeat_at.is_(None), Job.heartbeat_at < moment - EXPIRES_AFTER)
    unheld = or_(Job.worker == worker, Job.worker.is_(None), Job.worker.in_(dead), silent)
    free = or_(Job.status == "queued", (Job.status == "running") & unheld)
    claimed = session.execute(
        update(Job)
        .where(Job.id == job_id, free)
        .values(status="running", worker=worker, heartbeat_at=moment)
        .returning(Job.id)
    ).scalar_one_or_none()
    if claimed is None:
        get_job(session, job_id)
        return None
    job = get_job(session, job_id)
    job.started_at = job.started_at or moment
    session.flush()
    return job


def heartbeat(session: Session, job_ids: Sequence[str], worker: str, now: datetime | None = None) -> list[str]:
    """Says that `worker` still runs these jobs; returns those that are still its own."""
    held = session.scalars(
        update(Job)
        .where(Job.id.in_(job_ids), Job.worker == worker, Job.status == "running")
        .values(heartbeat_at=now or shared_now(session))
        .returning(Job.id)
    )
    return list(held)


def leave(session: Session, job_id: str, worker: str) -> None:
    """The worker stops before its job is done: whoever comes next may take it at once."""
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.worker == worker, Job.status == "running")
        .values(worker=None, heartbeat_at=None, message="waiting for a worker")
    )


def reserve(session: Session, job_id: str, now: datetime | None = None) -> None:
    """A lost job goes back into the queue: nobody holds it, and it does not count as lost again at once."""
    moment = now or shared_now(session)
    held = update(Job).where(Job.id == job_id, Job.status == "running")
    session.execute(held.values(worker=None, heartbeat_at=moment))


def progress(session: Session, job_id: str, fraction: float | None, message: str) -> None:
    """How far a running job is, in [0, 1] or None where it is as far as it was, in words."""
    far = {} if fraction is None else {"progress": min(max(fraction, 0.0), 1.0)}
    session.execute(update(Job).where(Job.id == job_id, Job.status == "running").values(message=message, **far))


def finish(session: Session, job_id: str, result: dict[str, Any] | None, now: datetime | None = None) -> Job:
    """The job is done and made `result`; None leaves what its code kept in the row itself."""
    made = {} if result is None else {"result": result}
    return _end(session, job_id, "done", now, **made, progress=1.0)


def fail(session: Session, job_id: str, error: str) -> Job:
    """The job ended with an error, a sentence for people."""
    return _end(session, job_id, "failed", error=error)


def end_cancelled(session: Session, job_id: str) -> Job:
    """The job stopped as asked."""
    return _end(session, job_id, "cancelled")


def request_cancel(session: Session, job_id: str) -> Job:
    """Asks a job to stop: a queued one is cancelled at once, a running one by its worker, an ended one stays."""
    job = session.scalar(select(Job).where(Job.id == job_id).with_for_update())
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    session.refresh(job)
    if job.status in ACTIVE:
        job.cancel_requested = True
    if job.status == "queued":
        job.status, job.finished_at = "cancelled", shared_now(session)
    session.flush()
    return job


def cancelled(session: Session, job_id: str) -> bool:
    """Whether somebody asked the job to stop."""
    return bool(session.scalar(select(Job.cancel_requested).where(Job.id == job_id)))


def set_run(session: Session, job_id: str, run_id: str) -> None:
    """Remembers the MLflow run that the job writes; a resumed job goes on writing the same one."""
    session.execute(update(Job).where(Job.id == job_id).values(run_id=run_id))


def is_silent(job: Job, now: datetime) -> bool:
    """Whether a running job has lost its worker, going by its heartbeat; `now` is `shared_now`."""
    unheard = job.heartbeat_at is None or job.heartbeat_at < now - EXPIRES_AFTER
    return job.status == "running" and unheard


def _names(session: Session, photo_id: int) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return cast(Job.params["photo_ids"], JSONB).contains([photo_id])
    named = func.json_each(Job.params, "$.photo_ids").table_valued("value")
    return exists().select_from(named).where(named.c.value == photo_id)


def _end(session: Session, job_id: str, status: JobStatus, now: datetime | None = None, **values: Any) -> Job:
    ended = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(ACTIVE))
        .values(status=status, finished_at=now or shared_now(session), **values)
        .returning(Job.id)
    ).scalar_one_or_none()
    job = get_job(session, job_id)
    if ended is None:
        raise InvalidState(f"Job {job_id} is {job.status} already.")
    return job
