"""Drafts: a mask in the making, kept as what it started from and a list of events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.engine import serialise
from db.errors import InvalidState, NotAllowed, NotFound, Stale
from db.holding import hold_photo
from db.label_tasks import unfinished_labels
from db.leases import LABEL_LEASES, end_task, is_held, require_turn, take_up
from db.models import Annotation, Assessor, DraftEvent, DraftEventKind, Proposal, Task, utc_now
from db.moments import moment_for
from db.reviews import came_from_verdict


@dataclass(frozen=True)
class EventIn:
    """One thing done to a draft: `stroke` with its payload, `threshold` with a value, `undo` or `redo`."""

    kind: DraftEventKind
    payload: dict[str, Any] = field(default_factory=dict)


def open_draft(
    session: Session, task: Task, assessor: Assessor, *, proposal: Proposal | None, now: datetime | None = None
) -> Annotation:
    """The assessor's draft of this label task, made when there is none.

    A new draft starts from the annotation that was returned; else, when a verdict sent the photo back, from the
    annotation that was accepted or submitted last; else from `proposal`; else from an empty mask.
    """
    moment = now or utc_now()
    if task.kind != "label":
        raise InvalidState(f"Task {task.id} is a {task.kind} task; only label tasks have drafts.")
    hold_photo(session, task.photo_id)
    require_turn(session, task, assessor, moment)
    draft = session.scalar(
        select(Annotation)
        .where(Annotation.task_id == task.id, Annotation.assessor_id == assessor.id, Annotation.status == "draft")
        .order_by(Annotation.id.desc())
        .limit(1)
    )
    if draft is not None:
        return draft
    base = _base_annotation(session, task)
    start = None if base is not None else proposal
    draft = Annotation(
        photo_id=task.photo_id,
        assessor_id=assessor.id,
        task_id=task.id,
        base_annotation_id=base.id if base is not None else None,
        base_proposal_id=start.id if start is not None else None,
        base_threshold=start.threshold if start is not None else None,
        created_at=moment,
    )
    session.add(draft)
    session.flush()
    return draft


def get_draft(session: Session, annotation_id: int, assessor: Assessor) -> Annotation:
    """The draft, for its own assessor only. Raises NotFound, NotAllowed or InvalidState (submitted already)."""
    draft = session.get(Annotation, annotation_id, populate_existing=True)
    if draft is None:
        raise NotFound(f"There is no draft {annotation_id}; its photo may have been deleted.")
    if draft.assessor_id != assessor.id:
        raise NotAllowed("This draft belongs to somebody else; only they can draw on it.")
    if draft.status != "draft":
        raise InvalidState(f"This mask is {draft.status} already and can no longer be drawn on; open the next photo.")
    return draft


def require_version(draft: Annotation, expected: int) -> None:
    """Raises Stale unless the draft's newest version is `expected`."""
    if draft.version != expected:
        raise _stale_at(draft.version, expected)


def append_events(  # noqa: PLR0917
    session: Session,
    annotation_id: int,
    assessor: Assessor,
    expected_version: int,
    events: Sequence[EventIn],
    seconds: float,
    *,
    now: datetime | None = None,
) -> int:
    """Adds events to a draft whose newest version is `expected_version`; returns the new version.

    `seconds` is the whole time the assessor has been active on it so far; it never falls. The lease is renewed unless
    somebody else holds it, or draws on the photo since it expired: the strokes are kept, submit will say so. Sending
    the very same events again, after an answer was lost, changes nothing and returns the version they led to. Raises
    Stale with the current version otherwise: nothing is merged.
    """
    moment = now or utc_now()
    draft = get_draft(session, annotation_id, assessor)
    hold_photo(session, draft.photo_id)  # before its tasks and masks, in the order of a deletion
    if draft.task_id is not None:
        take_up(session, draft.task_id, assessor, moment)  # before the draft's row, in the order of `submit`
    target = expected_version + len(events)
    if not _advance(session, annotation_id, expected_version, target, seconds):
        return _resent_or_stale(session, annotation_id, expected_version, events)
    if events:
        session.execute(
            insert(DraftEvent),
            [
                {
                    "annotation_id": annotation_id,
                    "version": expected_version + number,
                    "kind": event.kind,
                    "payload": event.payload,
                    "created_at": moment,
                }
                for number, event in enumerate(events, start=1)
            ],
        )
    return target


def draft_events(session: Session, annotation_id: int) -> list[DraftEvent]:
    """All events of a draft, oldest first. Raises InvalidState when some are missing: it never opens as less."""
    events = list(
        session.scalars(
            select(DraftEvent).where(DraftEvent.annotation_id == annotation_id).order_by(DraftEvent.version)
        )
    )
    version = session.scalar(select(Annotation.version).where(Annotation.id == annotation_id)) or 0
    if [event.version for event in events] != list(range(1, version + 1)):
        raise InvalidState(f"Draft {annotation_id} is corrupt: events are missing; restore the database from a backup.")
    return events


def submit(  # noqa: PLR0917
    session: Session,
    annotation_id: int,
    assessor: Assessor,
    expected_version: int,
    mask_sha256: str,
    marked_share: float,
    seconds: float,
    *,
    now: datetime | None = None,
) -> Task:
    """Turns a draft into a submitted annotation, ends its label task and makes the accept task, which is returned.

    An older label task of the photo that somebody left behind, and that says nothing of it, is withdrawn: whoever took
    it would begin before this mask, and end up with the newer one.

    `marked_share` is the share of defect pixels in [0, 1]. Raises Stale when the draft went on since
    `expected_version`, InvalidState when the label task is no longer the assessor's to end, NotFound when the photo is
    gone.
    """
    moment = now or utc_now()
    serialise(session, LABEL_LEASES)
    draft = get_draft(session, annotation_id, assessor)
    hold_photo(session, draft.photo_id)  # before its tasks, in the order of a deletion
    labels = unfinished_labels(session, draft.photo_id)
    task = session.get(Task, draft.task_id, populate_existing=True) if draft.task_id is not None else None
    if task is None:
        raise InvalidState(f"Draft {annotation_id} belongs to no task any more; open the photo anew.")
    require_turn(session, task, assessor, moment)
    if not _advance(session, annotation_id, expected_version, expected_version, seconds):
        raise _stale(session, annotation_id, expected_version)
    session.refresh(draft)
    draft.status, draft.submitted_at = "submitted", moment_for(session, draft.photo_id, moment)
    draft.mask_sha256, draft.marked_share = mask_sha256, marked_share
    end_task(task, assessor.id, moment)
    _withdraw_older(session, labels, task, moment)
    accept = Task(
        kind="accept", photo_id=draft.photo_id, annotation_id=draft.id, priority=task.priority, reason="submitted"
    )
    session.add(accept)
    session.flush()
    return accept


def _withdraw_older(session: Session, labels: Sequence[Task], done: Task, now: datetime) -> None:
    for task in labels:
        says_something = task.marks or task.annotation_id is not None or came_from_verdict(session, task.id)
        if task.id < done.id and not is_held(task, now) and not says_something:
            task.status, task.leased_to_id, task.leased_until = "withdrawn", None, None


def _base_annotation(session: Session, task: Task) -> Annotation | None:
    if task.annotation_id is not None:
        return session.get(Annotation, task.annotation_id)
    if not came_from_verdict(session, task.id):
        return None
    return session.scalar(
        select(Annotation)
        .where(Annotation.photo_id == task.photo_id, Annotation.status.in_(["accepted", "submitted"]))
        .order_by(func.coalesce(Annotation.decided_at, Annotation.submitted_at).desc(), Annotation.id.desc())
        .limit(1)
    )


def _advance(session: Session, annotation_id: int, expected: int, target: int, seconds: float) -> bool:
    """Moves the version from `expected` to `target`, or does nothing; of two writers at once only one succeeds."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(Annotation.id).where(Annotation.id == annotation_id).with_for_update())
    written = session.execute(
        update(Annotation)
        .where(Annotation.id == annotation_id, Annotation.version == expected, Annotation.status == "draft")
        .values(version=target)
        .returning(Annotation.id)
    ).scalar_one_or_none()
    if written is None:
        return False
    session.execute(
        update(Annotation).where(Annotation.id == annotation_id, Annotation.seconds < seconds).values(seconds=seconds)
    )
    return True


def _resent_or_stale(session: Session, annotation_id: int, expected: int, events: Sequence[EventIn]) -> int:
    written = session.execute(
        select(DraftEvent.kind, DraftEvent.payload)
        .where(DraftEvent.annotation_id == annotation_id, DraftEvent.version > expected)
        .order_by(DraftEvent.version)
    ).all()
    if events and [(kind, payload) for kind, payload in written] == [(e.kind, e.payload) for e in events]:
        return expected + len(events)
    raise _stale(session, annotation_id, expected)


def _stale(session: Session, annotation_id: int, expected: int) -> Stale:
    return _stale_at(session.scalar(select(Annotation.version).where(Annotation.id == annotation_id)) or 0, expected)


def _stale_at(current: int, expected: int) -> Stale:
    return Stale(
        f"This draft is at version {current}, not {expected}: it is open elsewhere; reload to go on from there.",
        current,
    )
