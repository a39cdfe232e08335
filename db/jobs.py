"""Jobs as rows: asked for, held by a worker that gives signs of life, finished, failed or cancelled."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from db.errors import InvalidState, NotFound
from db.models import Job, JobKind, utc_now

EXPIRY = timedelta(seconds=30)
"""A running job whose worker was silent for so long belongs to whoever takes it."""
ACTIVE = ("queued", "running")


def add_job(session: Session, kind: JobKind, params: dict[str, Any], by_id: int | None) -> Job:
    """A queued job with a new id, which is also its workflow's."""
    job = Job(id=str(uuid.uuid4()), kind=kind, params=params, created_by_id=by_id, message="waiting for a worker")
    session.add(job)
    session.flush()
    return job


def get_job(session: Session, job_id: str) -> Job:
    """Raises NotFound."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def list_jobs(session: Session, kind: JobKind | None = None, active: bool = False, limit: int = 200) -> list[Job]:
    """Newest first; `active`: only those that wait or run."""
    query = select(Job).order_by(Job.created_at.desc(), Job.id).limit(limit)
    if kind is not None:
        query = query.where(Job.kind == kind)
    if active:
        query = query.where(Job.status.in_(ACTIVE))
    return list(session.scalars(query))


def claim(session: Session, job_id: str, worker: str, dead: Collection[str] = (), now: datetime | None = None) -> bool:
    """Become the job's worker. False when it is over, or another worker holds it and still lives."""
    now = now or utc_now()
    unheld = or_(Job.worker == worker, Job.worker.is_(None), Job.worker.in_(dead), _silent(now, EXPIRY))
    free = or_(Job.status == "queued", (Job.status == "running") & unheld)
    return _changed(
        session,
        update(Job)
        .where(Job.id == job_id, free)
        .values(status="running", worker=worker, heartbeat_at=now, started_at=func.coalesce(Job.started_at, now)),
    )


def heartbeat(session: Session, ids: Collection[str], worker: str, now: datetime | None = None) -> set[str]:
    """A sign of life for jobs; returns those that `worker` still holds."""
    held = (Job.id.in_(ids), Job.worker == worker, Job.status == "running")
    session.execute(update(Job).where(*held).values(heartbeat_at=now or utc_now()))
    return set(session.scalars(select(Job.id).where(*held)))


def leave(session: Session, job_id: str, worker: str) -> None:
    """The worker stops before the job does: whoever comes next may take it at once."""
    _changed(
        session,
        update(Job)
        .where(Job.id == job_id, Job.worker == worker, Job.status == "running")
        .values(worker=None, heartbeat_at=None, message="waiting for a worker"),
    )


def expired(
    session: Session, older_than: timedelta = EXPIRY, dead: Collection[str] = (), now: datetime | None = None
) -> list[Job]:
    """Running jobs without a sign of life for `older_than`, or held by a worker known to be dead."""
    lost = or_(_silent(now or utc_now(), older_than), Job.worker.in_(dead))
    return list(session.scalars(select(Job).where(Job.status == "running", lost).order_by(Job.created_at)))


def reserve(session: Session, job_id: str, now: datetime | None = None) -> None:
    """Keep an expired job from being resumed twice: it is nobody's, but does not expire again at once."""
    session.execute(
        update(Job).where(Job.id == job_id, Job.status == "running").values(worker=None, heartbeat_at=now or utc_now())
    )


def progress(session: Session, job_id: str, fraction: float, message: str) -> None:
    """How far it is, 0 to 1, and what it does, in words."""
    fraction = min(max(fraction, 0.0), 1.0)
    session.execute(
        update(Job).where(Job.id == job_id, Job.status == "running").values(progress=fraction, message=message[:500])
    )


def set_run(session: Session, job_id: str, run_id: str) -> None:
    """Remember the MLflow run that the job made."""
    session.execute(update(Job).where(Job.id == job_id).values(run_id=run_id))


def finish(session: Session, job_id: str, result: dict[str, Any], message: str = "done") -> Job:
    """Raises InvalidState when the job is over already."""
    job = _running(session, job_id)
    job.status, job.progress, job.result, job.message, job.finished_at = "done", 1.0, result, message, utc_now()
    return job


def fail(session: Session, job_id: str, error: str) -> Job:
    """`error` is a sentence for people. Raises InvalidState when the job is over already."""
    job = _running(session, job_id)
    job.status, job.error, job.message, job.finished_at = "failed", error, "failed", utc_now()
    return job


def mark_cancelled(session: Session, job_id: str, message: str = "cancelled") -> Job:
    """It has stopped, as asked. Raises InvalidState when the job is over already."""
    job = _running(session, job_id)
    job.status, job.message, job.finished_at = "cancelled", message, utc_now()
    return job


def request_cancel(session: Session, job_id: str) -> Job:
    """Ask a job to stop; one that still waits in the queue is cancelled at once.

    Raises InvalidState when the job is over already.
    """
    waiting = update(Job).where(Job.id == job_id, Job.status == "queued")
    _changed(
        session,
        waiting.values(status="cancelled", cancel_requested=True, message="cancelled", finished_at=utc_now()),
    )
    _changed(session, update(Job).where(Job.id == job_id, Job.status == "running").values(cancel_requested=True))
    job = get_job(session, job_id)
    if not job.cancel_requested:
        raise InvalidState(f"Job {job_id} is {job.status} already; there is nothing to cancel.")
    return job


def cancelled(session: Session, job_id: str) -> bool:
    """Whether somebody asked it to stop."""
    return get_job(session, job_id).cancel_requested


def _running(session: Session, job_id: str) -> Job:
    job = get_job(session, job_id)
    if job.status not in ACTIVE:
        raise InvalidState(f"Job {job_id} is {job.status} already.")
    return job


def _silent(now: datetime, older_than: timedelta) -> ColumnElement[bool]:
    return or_(Job.heartbeat_at.is_(None), Job.heartbeat_at < now - older_than)


def _changed(session: Session, statement: Any) -> bool:
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
