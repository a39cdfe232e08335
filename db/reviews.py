"""Restorations and the verdicts on them."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.errors import InvalidState, NotFound
from db.models import UNFINISHED, Assessor, Photo, Restoration, Result, ResultKind, Task, Verdict, utc_now
from db.people import require_active
from db.queue import VERDICT_PRIORITY, put_on_top, require_hold

Reason = Literal["missed defect", "false defect", "bad fill", "other"]
ABOUT_THE_MASK = ("missed defect", "false defect")
MARK_FIELDS = {"rectangle": {"kind", "x", "y", "width", "height"}, "scribble": {"kind", "points"}}


def add_restoration(
    session: Session,
    photo_id: int,
    *,
    detector: str,
    inpainter: str,
    colorizer: str | None,
    threshold: float,
    mask_sha256: str,
    warnings: Sequence[str],
    results: Mapping[ResultKind, tuple[str, str]],
    now: datetime | None = None,
) -> Restoration:
    """Adds a restoration and a review task for each result; open reviews of the photo's older ones are withdrawn.

    `results` maps a result's kind to the blobs of its picture and of what a browser shows.
    """
    moment = now or utc_now()
    photo = session.get(Photo, photo_id)
    if photo is None:
        raise NotFound(f"there is no photo {photo_id}; it may have been deleted")
    session.execute(
        update(Task)
        .where(Task.photo_id == photo_id, Task.kind == "review", Task.status.in_(UNFINISHED))
        .values(status="withdrawn", leased_to_id=None, leased_until=None)
    )
    restoration = Restoration(
        photo_id=photo_id,
        detector=detector,
        inpainter=inpainter,
        colorizer=colorizer,
        threshold=threshold,
        mask_sha256=mask_sha256,
        warnings=list(warnings),
        created_at=moment,
        results=[Result(kind=kind, sha256=sha, view_sha256=view) for kind, (sha, view) in results.items()],
    )
    session.add(restoration)
    session.flush()
    session.add_all(
        Task(
            kind="review",
            status="open" if photo.archived_at is None else "parked",
            photo_id=photo_id,
            result_id=result.id,
            reason="restored",
        )
        for result in restoration.results
    )
    session.flush()
    return restoration


def give_verdict(
    session: Session,
    task: Task,
    assessor: Assessor,
    *,
    accepted: bool,
    reasons: Sequence[str],
    marks: Sequence[Mapping[str, Any]],
    comment: str,
    now: datetime | None = None,
) -> Verdict:
    """Records a verdict and ends the review task.

    A rejection names its reasons; 'missed defect' and 'false defect' put a label task with the marks on top of the
    queue, which `verdict.label_task_id` names. Marks are in photo pixels. Raises InvalidState.
    """
    moment = now or utc_now()
    require_active(assessor)
    if task.kind != "review" or task.result_id is None:
        raise InvalidState(f"task {task.id} is a {task.kind} task; only results get verdicts")
    _check_reasons(accepted, reasons)
    places = [_checked_mark(mark) for mark in marks]
    session.refresh(task, with_for_update=True)
    require_hold(session, task, assessor, moment)
    judged = exists().where(Verdict.result_id == task.result_id, Verdict.assessor_id == assessor.id)
    if session.scalar(select(judged)):
        raise InvalidState("you judged this result already; open the next one")
    verdict = Verdict(
        result_id=task.result_id,
        assessor_id=assessor.id,
        accepted=accepted,
        reasons=list(reasons),
        marks=places,
        comment=comment.strip(),
        created_at=moment,
    )
    about_mask = [reason for reason in ABOUT_THE_MASK if reason in reasons]
    if about_mask:
        label = put_on_top(
            session, task.photo_id, reason=", ".join(about_mask), priority=VERDICT_PRIORITY, marks=places
        )
        verdict.label_task_id = label.id
    session.add(verdict)
    task.status, task.done_by_id, task.done_at = "done", assessor.id, moment
    task.leased_to_id = task.leased_until = None
    session.flush()
    return verdict


def came_from_verdict(session: Session, task_id: int) -> bool:
    """Whether a verdict made this label task or put it on top."""
    return bool(session.scalar(select(exists().where(Verdict.label_task_id == task_id))))


def latest_restoration(session: Session, photo_id: int) -> Restoration | None:
    return session.scalar(
        select(Restoration).where(Restoration.photo_id == photo_id).order_by(Restoration.id.desc()).limit(1)
    )


def _check_reasons(accepted: bool, reasons: Sequence[str]) -> None:
    unknown = [reason for reason in reasons if reason not in get_args(Reason)]
    if unknown:
        raise InvalidState(f"{unknown[0]!r} is no reason; choose among {', '.join(get_args(Reason))}")
    if accepted and reasons:
        raise InvalidState("an accepted result has no reasons; reject it or leave them out")
    if not accepted and not reasons:
        raise InvalidState("a rejection needs at least one reason; please choose one")


def _checked_mark(mark: Mapping[str, Any]) -> dict[str, Any]:
    kind = mark.get("kind")
    if not isinstance(kind, str) or set(mark) != MARK_FIELDS.get(kind):
        raise InvalidState("a mark is a rectangle with x, y, width, height or a scribble with points")
    if kind == "rectangle":
        sound = all(_is_number(mark[side]) for side in ("x", "y", "width", "height"))
        sound = sound and mark["width"] > 0 and mark["height"] > 0
    else:
        points = mark["points"]
        sound = isinstance(points, list) and len(points) > 0
        sound = sound and all(isinstance(p, (list, tuple)) and len(p) == 2 and all(map(_is_number, p)) for p in points)
    if not sound:
        raise InvalidState(f"the {kind} that marks the place is empty or has no numbers; draw it again")
    return dict(mark)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
