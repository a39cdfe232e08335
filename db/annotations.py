"""What becomes of a mask once it is there: accepted, returned, imported."""

from datetime import datetime
from typing import Literal

from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager

from db.errors import InvalidState
from db.holding import hold_photo
from db.jobs import shared_now
from db.label_tasks import RETURNED_PRIORITY, put_on_top, unfinished_labels
from db.leases import end_task, require_hold, require_other_author
from db.models import Annotation, AnnotationOrigin, Assessor, Photo, Task
from db.moments import moment_for
from db.people import require_lead


def accept(session: Session, task: Task, lead: Assessor, now: datetime | None = None) -> Annotation:
    """A lead accepts the submitted annotation of an accept task."""
    return _decide(session, task, lead, "accepted", comment="", now=now or shared_now(session))


def give_back(session: Session, task: Task, lead: Assessor, comment: str, now: datetime | None = None) -> Task:
    """A lead returns the annotation with a comment; the label task it becomes, on top of the queue, is returned."""
    said = comment.strip()
    if not said:
        raise InvalidState("Returning a mask needs a comment that says what to change; please write one.")
    moment = now or shared_now(session)
    annotation = _decide(session, task, lead, "rejected", comment=said, now=moment)
    return put_on_top(
        session,
        annotation.photo_id,
        reason="returned",
        priority=RETURNED_PRIORITY,
        annotation_id=annotation.id,
        now=moment,
    )


def add_annotation(
    session: Session,
    photo: Photo,
    mask_sha256: str,
    marked_share: float,
    *,
    origin: AnnotationOrigin,
    assessor_id: int | None = None,
    now: datetime | None = None,
) -> Annotation:
    """Adds a mask that nobody drew here, imported or synthetic, as accepted; ends the photo's open label tasks."""
    moment = moment_for(session, photo.id, now or shared_now(session))
    annotation = Annotation(
        photo_id=photo.id,
        assessor_id=assessor_id,
        status="accepted",
        origin=origin,
        mask_sha256=mask_sha256,
        marked_share=marked_share,
        created_at=moment,
        submitted_at=moment,
        decided_at=moment,
        decided_by_id=assessor_id,
    )
    session.add(annotation)
    session.flush()
    for task in unfinished_labels(session, photo.id):
        end_task(task, assessor_id, moment)
    session.flush()
    return annotation


def accepted_annotations(session: Session) -> list[Annotation]:
    """What was accepted last of every photo that is not archived, by photo. `annotation.photo` is loaded."""
    newer = aliased(Annotation)
    later = tuple_(newer.decided_at, newer.id) > tuple_(Annotation.decided_at, Annotation.id)
    superseded = exists().where(newer.photo_id == Annotation.photo_id, newer.status == "accepted", later)
    return list(
        session.scalars(
            select(Annotation)
            .join(Annotation.photo)
            .options(contains_eager(Annotation.photo))
            .where(Annotation.status == "accepted", Photo.archived_at.is_(None), ~superseded)
            .order_by(Annotation.photo_id)
        )
    )


def mask_of(annotation: Annotation) -> str:
    """The blob of an accepted annotation's mask. Raises InvalidState where it has none."""
    if annotation.mask_sha256 is None:
        raise InvalidState(f"Accepted annotation {annotation.id} has no mask; restore the database from a backup.")
    return annotation.mask_sha256


def _decide(
    session: Session,
    task: Task,
    lead: Assessor,
    status: Literal["accepted", "rejected"],
    *,
    comment: str,
    now: datetime,
) -> Annotation:
    require_lead(lead)
    if task.kind != "accept":
        raise InvalidState(f"Task {task.id} is a {task.kind} task; only submitted masks are accepted or returned.")
    hold_photo(session, task.photo_id)  # before its tasks, in the order of a deletion
    session.refresh(task, with_for_update=True)
    require_hold(session, task, lead, now)
    require_other_author(session, task, lead)
    annotation = session.get(Annotation, task.annotation_id, populate_existing=True)
    if annotation is None or annotation.status != "submitted":
        raise InvalidState("This mask was decided on already; open the next one.")
    annotation.status, annotation.comment = status, comment
    annotation.decided_at, annotation.decided_by_id = moment_for(session, task.photo_id, now), lead.id
    end_task(task, lead.id, now)
    session.flush()
    return annotation
