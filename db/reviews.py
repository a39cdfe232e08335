"""Restorations and the verdicts on them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.engine import serialise
from db.errors import InvalidState, NotFound
from db.holding import hold_photo
from db.jobs import shared_now
from db.label_tasks import VERDICT_PRIORITY, put_on_top
from db.leases import end_task, require_hold
from db.marks import check_marks
from db.models import UNFINISHED, Assessor, Restoration, Result, ResultKind, Task, Verdict, utc_now
from db.moments import moment_for
from db.people import require_active

Reason = Literal["missed defect", "false defect", "bad fill", "bad colour", "other"]
REASONS: dict[ResultKind, tuple[Reason, ...]] = {
    "restored": ("missed defect", "false defect", "bad fill", "other"),
    "restored_color": ("missed defect", "false defect", "bad fill", "bad colour", "other"),
    "color": ("bad colour", "other"),
}
"""Why a result of each kind can be rejected: in `restored` nothing is coloured, in `color` nothing is filled."""
ABOUT_THE_MASK = ("missed defect", "false defect")
SAID = ("assessor_id", "accepted", "reasons", "marks", "comment", "label_task_id", "created_at")
"""What a verdict says, and who said it when."""


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
    colouring: dict[str, Any] | None = None,
    job_id: str | None = None,
    now: datetime | None = None,
) -> Restoration:
    """Adds a restoration and a review task for its results; open reviews of the photo's older ones are withdrawn.

    `results` maps a result's kind to the blobs of its picture and of what a browser shows, in the order of review.
    """
    photo = hold_photo(session, photo_id)
    # a key of its own: whoever gives a verdict holds the review while it waits to put the photo back to Label
    serialise(session, _reviews_of(photo_id))
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
        colouring=colouring,
        job_id=job_id,
        created_at=moment_for(session, photo_id, now or shared_now(session)),
        results=[Result(kind=kind, sha256=sha, view_sha256=view) for kind, (sha, view) in results.items()],
    )
    session.add(restoration)
    session.flush()
    session.add(
        Task(
            kind="review",
            status="open" if photo.archived_at is None else "parked",
            photo_id=photo_id,
            restoration_id=restoration.id,
            reason="restored",
        )
    )
    session.flush()
    return restoration


def recolour(
    session: Session,
    restoration_id: int,
    *,
    colorizer: str,
    colouring: dict[str, Any],
    results: Mapping[ResultKind, tuple[str, str]],
    job_id: str | None = None,
    now: datetime | None = None,
) -> Restoration:
    """Adds a restoration that differs from the photo's newest in its colours only: `results` has what is coloured.

    `restored` is the same picture, so a verdict on it holds for the new one as well. Raises NotFound, InvalidState when
    it is no longer the newest: the newer fill, which nobody judged, would be withdrawn.
    """
    before = session.get(Restoration, restoration_id)
    if before is None:
        raise NotFound(f"There is no restoration {restoration_id}; its photo may have been deleted.")
    hold_photo(session, before.photo_id)
    serialise(session, _reviews_of(before.photo_id))
    newest = latest_restoration(session, before.photo_id)
    if newest is None or newest.id != restoration_id:
        raise InvalidState("The photo was restored anew meanwhile; look at the new results and correct those.")
    (same,) = (result for result in before.results if result.kind == "restored")
    made = add_restoration(
        session,
        before.photo_id,
        detector=before.detector,
        inpainter=before.inpainter,
        colorizer=colorizer,
        threshold=before.threshold,
        mask_sha256=before.mask_sha256,
        warnings=before.warnings,
        results={"restored": (same.sha256, same.view_sha256), **results},
        colouring=colouring,
        job_id=job_id,
        now=now,
    )
    (again,) = (result for result in made.results if result.kind == "restored")
    session.add_all(
        Verdict(result=again, **{field: getattr(verdict, field) for field in SAID}) for verdict in same.verdicts
    )
    session.flush()
    return made


def give_verdict(
    session: Session,
    task: Task,
    assessor: Assessor,
    result_id: int,
    *,
    accepted: bool,
    reasons: Sequence[str],
    marks: Sequence[Any],
    comment: str,
    now: datetime | None = None,
) -> Verdict:
    """Records a verdict on one result of a review task; the task ends when all its results have one.

    A rejection names its reasons, of REASONS; 'missed defect' and 'false defect' put a label task with the marks on top
    of the queue, which `verdict.label_task_id` names. 'bad fill' and 'bad colour' count against the inpainter and the
    colorizer that the restoration names. Marks are what `check_marks` takes. Raises InvalidState, NotFound, MarkError.
    """
    moment = now or utc_now()
    restoration = _held(session, task, assessor, moment)
    result = next((each for each in restoration.results if each.id == result_id), None)
    if result is None:
        raise NotFound(f"Task {task.id} is about other results than {result_id}; open the photo anew.")
    _check_reasons(result.kind, accepted, reasons)
    places = check_marks(marks, task.photo.width, task.photo.height)
    if result.verdicts:
        raise InvalidState(f"The {result.kind.replace('_', ' ')} result has its verdict already; open the next one.")
    about_mask = [reason for reason in ABOUT_THE_MASK if reason in reasons]
    label = None
    if about_mask:
        label = put_on_top(
            session, task.photo_id, reason=", ".join(about_mask), priority=VERDICT_PRIORITY, marks=places, now=moment
        )
    verdict = Verdict(
        result=result,
        assessor_id=assessor.id,
        accepted=accepted,
        reasons=list(reasons),
        marks=places,
        comment=comment.strip(),
        label_task_id=label.id if label else None,
        created_at=moment,
    )
    session.add(verdict)
    session.flush()
    _end_when_judged(session, task, restoration, assessor, moment)
    return verdict


def accept_rest(session: Session, task: Task, assessor: Assessor, now: datetime | None = None) -> list[Verdict]:
    """Accepts every result of a review task that has no verdict yet, which ends the task. Raises InvalidState."""
    moment = now or utc_now()
    restoration = _held(session, task, assessor, moment)
    verdicts = [
        Verdict(result=result, assessor_id=assessor.id, accepted=True, reasons=[], marks=[], created_at=moment)
        for result in open_results(restoration)
    ]
    session.add_all(verdicts)
    session.flush()
    _end_when_judged(session, task, restoration, assessor, moment)
    return verdicts


def open_results(restoration: Restoration) -> list[Result]:
    """The results that nobody has judged yet, in the order of review."""
    return [result for result in restoration.results if not result.verdicts]


def came_from_verdict(session: Session, task_id: int) -> bool:
    """Whether a verdict made this label task or put it on top."""
    return bool(session.scalar(select(exists().where(Verdict.label_task_id == task_id))))


def latest_restoration(session: Session, photo_id: int) -> Restoration | None:
    """The photo's newest restoration; None where it was never restored."""
    return session.scalar(
        select(Restoration).where(Restoration.photo_id == photo_id).order_by(Restoration.id.desc()).limit(1)
    )


def _reviews_of(photo_id: int) -> str:
    return f"review photo {photo_id}"


def _held(session: Session, task: Task, assessor: Assessor, now: datetime) -> Restoration:
    """The restoration of a review task, locked, that `assessor` or nobody holds."""
    require_active(assessor)
    if task.kind != "review":
        raise InvalidState(f"Task {task.id} is a {task.kind} task; only results get verdicts.")
    hold_photo(session, task.photo_id)  # before its tasks, in the order of a deletion
    session.refresh(task, with_for_update=True)
    require_hold(session, task, assessor, now)
    return session.get_one(Restoration, task.restoration_id, populate_existing=True)


def _end_when_judged(
    session: Session, task: Task, restoration: Restoration, assessor: Assessor, moment: datetime
) -> None:
    if not open_results(restoration):
        end_task(task, assessor.id, moment)
        session.flush()


def _check_reasons(kind: ResultKind, accepted: bool, reasons: Sequence[str]) -> None:
    unknown = [reason for reason in reasons if reason not in REASONS[kind]]
    if unknown:
        choice = ", ".join(REASONS[kind])
        raise InvalidState(f"{unknown[0]!r} is no reason to reject a {kind} result; choose among {choice}.")
    if accepted and reasons:
        raise InvalidState("An accepted result has no reasons; reject it or leave them out.")
    if not accepted and not reasons:
        raise InvalidState("A rejection needs at least one reason; please choose one.")
