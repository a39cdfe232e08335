"""The queue: who works on what next, and for how long it is theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased, contains_eager

from db.engine import serialise
from db.errors import InvalidState, NotAllowed, NotFound
from db.holding import hold_photo
from db.models import UNFINISHED, Annotation, Assessor, Photo, Skip, Task, TaskKind, utc_now
from db.people import count_leads, get_assessor, require_active, require_lead

LEASE = timedelta(minutes=20)
VERDICT_PRIORITY = 100.0
RETURNED_PRIORITY = 90.0
KEPT_FOR_AUTHOR = timedelta(days=1)
"""For so long a returned mask is offered to nobody but its author, who may be away tomorrow."""
CHOSEN_PRIORITY = 50.0
"""Uncertainty sorts the rest, within [0, 1]."""
LABEL_LEASES = "label leases"
"""Who leases a label task holds this first, before any row: two may not take the two label tasks of one photo."""
PHOTO_FIRST = (Photo, Task)
"""Rows are locked in this order, that of a deletion."""
QUEUED_BY_MODEL = ("new", "uncertain")
UNCERTAIN_FROM = 0.05
"""A mean entropy below this (in [0, 1]) is no reason to call a photo uncertain."""


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


def upcoming(
    session: Session, assessor: Assessor, kind: TaskKind, limit: int = 12, now: datetime | None = None
) -> list[Task]:
    """The tasks that would come next for `assessor`, best first, without leasing any. `task.photo` is loaded."""
    if kind == "accept" and not assessor.is_lead:
        return []
    return list(session.scalars(_offered(session, assessor, kind, now or utc_now()).limit(limit)))


def set_priority_from_uncertainty(session: Session, photo_id: int, uncertainty: float) -> None:
    """Sorts the photo's waiting label task by a model's uncertainty in [0, 1]; what people asked for stays on top."""
    session.execute(
        update(Task)
        .where(
            Task.photo_id == photo_id,
            Task.kind == "label",
            Task.status.in_(UNFINISHED),
            Task.reason.in_(QUEUED_BY_MODEL),
        )
        .values(priority=uncertainty, reason="uncertain" if uncertainty >= UNCERTAIN_FROM else "new")
    )


def queue_photos(session: Session, photo_ids: list[int]) -> list[Task]:
    """Puts photos that somebody chose before all that models sorted; returns their label tasks.

    Who is drawing on one already goes on: nothing new is said about it. Raises NotFound where one is gone.
    """
    chosen = []
    for photo_id in sorted(set(photo_ids)):  # in one order, or two who choose the same wait for each other
        hold_photo(session, photo_id)
        tasks = unfinished_labels(session, photo_id)
        task = tasks[-1] if tasks else _new_label(session, photo_id)
        _raise_to(task, CHOSEN_PRIORITY, "chosen")
        chosen.append(task)
    session.flush()
    return chosen


def put_on_top(
    session: Session,
    photo_id: int,
    *,
    reason: str,
    priority: float,
    marks: list[Any] | None = None,
    annotation_id: int | None = None,
    now: datetime | None = None,
) -> Task:
    """The photo's waiting label task with this reason, made if there is none; marks add up, priority only rises.

    A place that is marked already is not marked again. A task that somebody is drawing on is not it: their page shows
    nothing of what is said here, and their mask would end it.
    """
    moment = now or utc_now()
    tasks = unfinished_labels(session, photo_id)
    task = next((task for task in tasks if not _drawn_on(session, task, moment)), None)
    task = task or _new_label(session, photo_id)
    _raise_to(task, priority, reason)
    task.marks = [*task.marks, *(mark for mark in marks or [] if mark not in task.marks)]
    if annotation_id is not None:
        task.annotation_id = annotation_id
    session.flush()
    return task


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


def end_task(task: Task, by_id: int | None, now: datetime) -> None:
    """The task is done, and nobody holds it any more."""
    task.status, task.done_by_id, task.done_at = "done", by_id, now
    task.leased_to_id = task.leased_until = None


def require_hold(session: Session, task: Task, assessor: Assessor, now: datetime) -> None:
    """Raises InvalidState unless the task is open and held by `assessor` or by nobody."""
    if task.status == "parked":
        raise InvalidState(f"{task.photo.filename} is put away; bring it back first.")
    if task.status != "open":
        raise InvalidState(f"This {task.kind} task is {task.status} already; open the next one.")
    if _held_by_other(task, assessor, now):
        holder = get_assessor(session, task.leased_to_id or 0)
        raise InvalidState(f"{holder.name} is working on this photo now; open the next one.")


def require_turn(session: Session, task: Task, assessor: Assessor, now: datetime) -> None:
    """As `require_hold`; and unless their lease of a label task lasts, nobody else may be drawing on its photo."""
    require_hold(session, task, assessor, now)
    if task.kind != "label" or _held_by(task, assessor, now):
        return
    query = select(Task).where(Task.photo_id == task.photo_id, Task.kind == "label", Task.status == "open")
    for other in session.scalars(query.execution_options(populate_existing=True)):
        require_hold(session, other, assessor, now)


def take_up(session: Session, task_id: int, assessor: Assessor, now: datetime) -> None:
    """Holds a label task for another `LEASE` where `require_turn` would not object; nothing happens where it would."""
    mine = and_(Task.leased_to_id == assessor.id, Task.leased_until > now)
    if session.scalar(select(Task.id).where(Task.id == task_id, Task.status == "open", mine)) is not None:
        # where that changes meanwhile, its row is locked all the same: who waits for the key now waits in a ring
        _lease(session, task_id, assessor, now, mine)
        return
    serialise(session, LABEL_LEASES)
    free = or_(Task.leased_until.is_(None), Task.leased_until <= now)
    _lease(session, task_id, assessor, now, free & Task.photo_id.not_in(_labelled_by_others(assessor, now)))


def require_other_author(session: Session, task: Task, lead: Assessor) -> None:
    """Raises NotAllowed when another lead decides on the mask of an accept task."""
    if another_decides(session, task, lead):
        raise NotAllowed("This is your own mask; another lead decides on it.")


def another_decides(session: Session, task: Task, lead: Assessor) -> bool:
    """Whether the mask of an accept task is the lead's own and another lead could decide on it."""
    author = session.scalar(select(Annotation.assessor_id).where(Annotation.id == task.annotation_id))
    return author == lead.id and count_leads(session) > 1


def is_held(task: Task, now: datetime) -> bool:
    """Whether somebody's lease of the task lasts."""
    return task.leased_until is not None and task.leased_until > now


def unfinished_labels(session: Session, photo_id: int) -> list[Task]:
    """The photo's label tasks that are not done, oldest first, locked; until the commit nobody else adds one."""
    serialise(session, f"label photo {photo_id}")
    query = select(Task).where(Task.photo_id == photo_id, Task.kind == "label", Task.status.in_(UNFINISHED))
    locked = query.order_by(Task.id).with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(locked))


def get_task(session: Session, task_id: int) -> Task:
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}; its photo may have been deleted.")
    return task


def _new_label(session: Session, photo_id: int) -> Task:
    task = Task(kind="label", photo_id=photo_id, priority=0.0, marks=[])
    session.add(task)
    return task


def _raise_to(task: Task, priority: float, reason: str) -> None:
    if priority >= task.priority:
        task.priority, task.reason = priority, reason


def _drawn_on(session: Session, task: Task, now: datetime) -> bool:
    """Whether somebody holds the task, or has a draft of it that they did not pass on and may still submit."""
    if is_held(task, now):
        return True
    passed_on = exists().where(Skip.task_id == task.id, Skip.assessor_id == Annotation.assessor_id)
    drafted = exists().where(Annotation.task_id == task.id, Annotation.status == "draft", ~passed_on)
    return bool(session.scalar(select(drafted)))


def _lease(session: Session, task_id: int, assessor: Assessor, now: datetime, condition: ColumnElement[bool]) -> None:
    leased = update(Task).where(Task.id == task_id, Task.status == "open", condition)
    session.execute(leased.values(leased_to_id=assessor.id, leased_until=now + LEASE))


def _held_by(task: Task, assessor: Assessor, now: datetime) -> bool:
    return is_held(task, now) and task.leased_to_id == assessor.id


def _held_by_other(task: Task, assessor: Assessor, now: datetime) -> bool:
    return is_held(task, now) and task.leased_to_id != assessor.id


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
    alone = Task.photo_id.not_in(_labelled_by_others(assessor, now))
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
        conditions.append(or_(held, Task.photo_id.not_in(_labelled_by_others(assessor, now))))
        # nothing is asked of tasks that were never returned, which are nearly all
        conditions.append(or_(held, Task.annotation_id.is_(None), ~_kept_for_author(assessor, now)))
    if kind == "accept" and count_leads(session) > 1:
        own = exists().where(Annotation.id == Task.annotation_id, Annotation.assessor_id == assessor.id)
        conditions.append(~own)
    return conditions


def _labelled_by_others(assessor: Assessor, now: datetime) -> Select[int]:
    """Photos that others are drawing on: a second label task of theirs waits until the first mask is there."""
    held = aliased(Task)
    # coalesce, or SQLite goes through all label tasks by the queue's index in place of the few that are leased
    of_label = func.coalesce(held.kind, "") == "label"
    return select(held.photo_id).where(held.leased_to_id != assessor.id, held.leased_until > now, of_label)


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
