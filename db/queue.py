"""The queue: what an assessor works on next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from db.engine import serialise
from db.errors import InvalidState, NotFound
from db.holding import hold_photo
from db.leases import LABEL_LEASES, LEASE, labelled_by_others, require_hold, require_other_author, require_turn
from db.models import Annotation, Assessor, Photo, Skip, Task, TaskKind, utc_now
from db.people import count_leads, require_active, require_lead

KEPT_FOR_AUTHOR = timedelta(days=1)
"""For so long a returned mask is offered to nobody but its author, who may be away tomorrow."""
PHOTO_FIRST = (Photo, Task)
"""Rows are locked in this order, that of a deletion."""


@dataclass(frozen=True)
class Waiting:
    """How many tasks an assessor could take now, by kind."""

    label: int
    accept: int
    review: int


def next_task(
    session: Session, assessor: Assessor, kind: TaskKind, *, task_id: int | None = None, now: datetime | None = None
) -> Task | None:
    """Leases the next task of a kind to `assessor` for `LEASE`; None when nothing waits for them.

    What they hold already comes first, then by priority, then the oldest. Never offered: what they skipped, what
    somebody else holds, archived photos, for a day what was returned to somebody else, and to a lead their own masks
    while another lead could decide. `task_id` asks for one task; it raises InvalidState with the reason when that one
    cannot be had. `task.photo` is loaded.
    """
    moment = now or utc_now()
    _require_role(assessor, kind)
    if kind == "label":
        serialise(session, LABEL_LEASES)
    task: Task | None
    if task_id is not None:
        task = _this_task(session, assessor, kind, task_id, moment)
    else:
        task = _held_task(session, assessor, kind, moment) or _best_task(session, assessor, kind, moment)
    if task is not None:
        task.leased_to_id, task.leased_until = assessor.id, moment + LEASE
        session.flush()
    return task


def renew(session: Session, task_id: int, assessor: Assessor, now: datetime | None = None) -> datetime:
    """Holds the task for another `LEASE`; an expired lease that nobody took is taken up again. Returns its end.

    Raises InvalidState when the task is done, somebody else holds it, or draws on its photo since the lease expired;
    NotAllowed when the role does not permit it.
    """
    moment = now or utc_now()
    serialise(session, LABEL_LEASES)
    task = _locked(session, task_id)
    _require_role(assessor, task.kind)
    require_turn(session, task, assessor, moment)
    task.leased_to_id, task.leased_until = assessor.id, moment + LEASE
    session.flush()
    return task.leased_until


def skip(session: Session, task_id: int, assessor: Assessor, reason: str, now: datetime | None = None) -> None:
    """Passes the task on with a reason; it is not offered to `assessor` again."""
    said = reason.strip()
    if not said:
        raise InvalidState("A skip needs a reason, so that the next person knows; please give one.")
    task = _locked(session, task_id)
    _require_role(assessor, task.kind)
    require_hold(session, task, assessor, now or utc_now())
    skipped = session.scalar(select(Skip).where(Skip.task_id == task_id, Skip.assessor_id == assessor.id))
    if skipped is None:
        session.add(Skip(task_id=task_id, assessor_id=assessor.id, reason=said[:500], created_at=now or utc_now()))
    else:
        skipped.reason = said[:500]
    task.leased_to_id = task.leased_until = None
    session.flush()


def waiting(session: Session, assessor: Assessor, now: datetime | None = None) -> Waiting:
    """What `assessor` could take now, what they hold included; a kind their role does not permit counts 0."""
    moment = now or utc_now()
    kinds: tuple[TaskKind, ...] = ("label", "accept", "review")
    counts = {kind: _count(session, assessor, kind, moment) for kind in kinds}
    return Waiting(**counts)


def returned(session: Session, assessor: Assessor, now: datetime | None = None) -> list[Task]:
    """The label tasks that a lead returned to `assessor` and that they could take now, best first, none leased.
    `task.photo` is loaded."""
    own = exists().where(Annotation.id == Task.annotation_id, Annotation.assessor_id == assessor.id)
    return list(session.scalars(_offered(session, assessor, "label", now or utc_now()).where(own)))


def upcoming(
    session: Session, assessor: Assessor, kind: TaskKind, limit: int = 12, now: datetime | None = None
) -> list[Task]:
    """The tasks that would come next for `assessor`, best first, without leasing any. `task.photo` is loaded."""
    if kind == "accept" and not assessor.is_lead:
        return []
    return list(session.scalars(_offered(session, assessor, kind, now or utc_now()).limit(limit)))


def park(session: Session, photo_ids: Sequence[int]) -> None:
    """Puts archived photos' open tasks where no search of the queue has to step over them; leases end."""
    session.execute(
        update(Task)
        .where(Task.photo_id.in_(photo_ids), Task.status == "open")
        .values(status="parked", leased_to_id=None, leased_until=None)
    )


def unpark(session: Session, photo_ids: Sequence[int]) -> None:
    """Opens the parked tasks of photos that are back, as they were."""
    session.execute(update(Task).where(Task.photo_id.in_(photo_ids), Task.status == "parked").values(status="open"))


def get_task(session: Session, task_id: int) -> Task:
    """The task, whatever its state. Raises NotFound."""
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}; its photo may have been deleted.")
    return task


def _locked(session: Session, task_id: int) -> Task:
    task = session.scalar(
        select(Task).where(Task.id == task_id).with_for_update().execution_options(populate_existing=True)
    )
    if task is None:
        raise NotFound(f"There is no task {task_id}; its photo may have been deleted.")
    return task


def _this_task(session: Session, assessor: Assessor, kind: TaskKind, task_id: int, now: datetime) -> Task:
    hold_photo(session, get_task(session, task_id).photo_id)
    task = _locked(session, task_id)
    if task.kind != kind:
        raise NotFound(f"Task {task_id} is a {task.kind} task, not {kind}.")
    require_turn(session, task, assessor, now)
    if kind == "accept":
        require_other_author(session, task, assessor)
    if task.photo.archived_at is not None:
        raise InvalidState(f"{task.photo.filename} is put away; bring it back first.")
    return task


def _require_role(assessor: Assessor, kind: TaskKind) -> None:
    (require_lead if kind == "accept" else require_active)(assessor)


def _held_task(session: Session, assessor: Assessor, kind: TaskKind, now: datetime) -> Task | None:
    """What the assessor holds; a label task with a draft of theirs stays theirs until somebody takes the photo."""
    drafted = exists().where(
        Annotation.task_id == Task.id, Annotation.assessor_id == assessor.id, Annotation.status == "draft"
    )
    alone = Task.photo_id.not_in(labelled_by_others(assessor, now))
    query = (
        _open_tasks(kind)
        .where(Task.leased_to_id == assessor.id, or_(Task.leased_until > now, and_(drafted, alone)))
        .order_by(Task.leased_until.desc(), Task.id)
    )
    return session.scalar(query.limit(1).with_for_update(of=PHOTO_FIRST, key_share=True))


def _best_task(session: Session, assessor: Assessor, kind: TaskKind, now: datetime) -> Task | None:
    """Two assessors never get the same: PostgreSQL skips rows that another is taking, SQLite has one writer."""
    query = _offered(session, assessor, kind, now)
    return session.scalar(query.limit(1).with_for_update(of=PHOTO_FIRST, key_share=True, skip_locked=True))


def _offered(session: Session, assessor: Assessor, kind: TaskKind, now: datetime) -> Select[Task]:
    return (
        _open_tasks(kind)
        .where(*_offerable(session, assessor, kind, now))
        .order_by(Task.priority.desc(), Task.id)
        .execution_options(populate_existing=True)
    )


def _open_tasks(kind: TaskKind) -> Select[Task]:
    return (
        select(Task)
        .join(Task.photo)
        .options(contains_eager(Task.photo))
        .where(Task.kind == kind, Task.status == "open", Photo.archived_at.is_(None))
    )


def _offerable(session: Session, assessor: Assessor, kind: TaskKind, now: datetime) -> list[ColumnElement[bool]]:
    conditions = [
        or_(Task.leased_until.is_(None), Task.leased_until <= now, Task.leased_to_id == assessor.id),
        ~exists().where(and_(Skip.task_id == Task.id, Skip.assessor_id == assessor.id)),
    ]
    if kind == "label":
        held = and_(Task.leased_to_id == assessor.id, Task.leased_until > now)
        conditions.append(or_(held, Task.photo_id.not_in(labelled_by_others(assessor, now))))
        # nothing is asked of tasks that were never returned, which are nearly all
        conditions.append(or_(held, Task.annotation_id.is_(None), ~_kept_for_author(assessor, now)))
    if kind == "accept" and count_leads(session) > 1:
        own = exists().where(Annotation.id == Task.annotation_id, Annotation.assessor_id == assessor.id)
        conditions.append(~own)
    return conditions


def _kept_for_author(assessor: Assessor, now: datetime) -> ColumnElement[bool]:
    """Whether the mask was returned lately to somebody else, who is still here and did not pass it on."""
    passed_on = (
        exists().where(Skip.task_id == Task.id, Skip.assessor_id == Annotation.assessor_id).correlate(Task, Annotation)
    )
    return exists().where(
        Annotation.id == Task.annotation_id,
        Annotation.decided_at > now - KEPT_FOR_AUTHOR,
        Annotation.assessor_id == Assessor.id,
        Assessor.id != assessor.id,
        Assessor.active,
        ~passed_on,
    )


def _count(session: Session, assessor: Assessor, kind: TaskKind, now: datetime) -> int:
    if kind == "accept" and not assessor.is_lead:
        return 0
    query = (
        select(func.count(Task.id))
        .join(Task.photo)
        .where(
            Task.kind == kind,
            Task.status == "open",
            Photo.archived_at.is_(None),
            *_offerable(session, assessor, kind, now),
        )
    )
    return session.scalar(query) or 0
