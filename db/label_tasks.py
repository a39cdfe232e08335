"""Label tasks: what is asked of a photo, by people and by models, and how high in the queue that puts it."""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.engine import serialise
from db.holding import hold_photo
from db.leases import is_held
from db.models import UNFINISHED, Annotation, Skip, Task, utc_now

VERDICT_PRIORITY = 100.0
RETURNED_PRIORITY = 90.0
CHOSEN_PRIORITY = 50.0
"""Uncertainty sorts the rest, within [0, 1]."""
QUEUED_BY_MODEL = ("new", "uncertain")
UNCERTAIN_FROM = 0.05
"""A mean entropy below this (in [0, 1]) is no reason to call a photo uncertain."""


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


def unfinished_labels(session: Session, photo_id: int) -> list[Task]:
    """The photo's label tasks that are not done, oldest first, locked; until the commit nobody else adds one."""
    serialise(session, f"label photo {photo_id}")
    query = select(Task).where(Task.photo_id == photo_id, Task.kind == "label", Task.status.in_(UNFINISHED))
    locked = query.order_by(Task.id).with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(locked))


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
