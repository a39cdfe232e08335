"""Who may work on a task: for how long it is theirs, and what that forbids others."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from db.engine import serialise
from db.errors import InvalidState, NotAllowed
from db.models import Annotation, Assessor, Task
from db.people import count_leads, get_assessor

LEASE = timedelta(minutes=20)
LABEL_LEASES = "label leases"
"""Who leases a label task holds this first, before any row: two may not take the two label tasks of one photo."""


def is_held(task: Task, now: datetime) -> bool:
    """Whether somebody's lease of the task lasts."""
    return task.leased_until is not None and task.leased_until > now


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
    _lease(session, task_id, assessor, now, free & Task.photo_id.not_in(labelled_by_others(assessor, now)))


def end_task(task: Task, by_id: int | None, now: datetime) -> None:
    """The task is done, and nobody holds it any more."""
    task.status, task.done_by_id, task.done_at = "done", by_id, now
    task.leased_to_id = task.leased_until = None


def require_other_author(session: Session, task: Task, lead: Assessor) -> None:
    """Raises NotAllowed when another lead decides on the mask of an accept task."""
    if another_decides(session, task, lead):
        raise NotAllowed("This is your own mask; another lead decides on it.")


def another_decides(session: Session, task: Task, lead: Assessor) -> bool:
    """Whether the mask of an accept task is the lead's own and another lead could decide on it."""
    author = session.scalar(select(Annotation.assessor_id).where(Annotation.id == task.annotation_id))
    return author == lead.id and count_leads(session) > 1


def labelled_by_others(assessor: Assessor, now: datetime) -> Select[int]:
    """Photos that others are drawing on: a second label task of theirs waits until the first mask is there."""
    held = aliased(Task)
    # coalesce, or SQLite goes through all label tasks by the queue's index in place of the few that are leased
    of_label = func.coalesce(held.kind, "") == "label"
    return select(held.photo_id).where(held.leased_to_id != assessor.id, held.leased_until > now, of_label)


def _lease(session: Session, task_id: int, assessor: Assessor, now: datetime, condition: ColumnElement[bool]) -> None:
    leased = update(Task).where(Task.id == task_id, Task.status == "open", condition)
    session.execute(leased.values(leased_to_id=assessor.id, leased_until=now + LEASE))


def _held_by(task: Task, assessor: Assessor, now: datetime) -> bool:
    return is_held(task, now) and task.leased_to_id == assessor.id


def _held_by_other(task: Task, assessor: Assessor, now: datetime) -> bool:
    return is_held(task, now) and task.leased_to_id != assessor.id
