"""Which task comes next and what a page needs to show it."""

from typing import Any, get_args

from sqlalchemy.orm import Session
from starlette.routing import Route

from annotator.routes.http import Call, RouteError, get, post
from annotator.routes.pictures import (
    annotation_mask_url,
    photo_url,
    probability_url,
    restoration_mask_url,
    result_url,
)
from annotator.views.words import plain_model
from db import queue
from db.drafts import draft_events, open_draft
from db.errors import NotFound
from db.models import Annotation, Assessor, Proposal, Restoration, Result, Task, TaskKind
from db.proposals import get_proposal, latest_proposal
from db.reviews import REASONS, open_results
from db.stories import reason_words

MOST_UPCOMING = 50


def _next(call: Call) -> dict[str, Any] | None:
    kind = _kind(call.body.get("kind"))
    task_id = None if call.body.get("task_id") is None else int(call.field("task_id", int))
    with call.platform.database.unit_of_work() as session:
        task = queue.next_task(session, call.assessor, kind, task_id=task_id)
        return None if task is None else {"task": describe(session, task, call.assessor)}


def describe(session: Session, task: Task, assessor: Assessor) -> dict[str, Any]:
    """What a page needs to open a task leased to `assessor`; a label task's draft is opened too."""
    photo = task.photo
    told = {
        "id": task.id,
        "kind": task.kind,
        "reason": reason_words(task.reason),
        "marks": task.marks,
        "photo": {
            "id": photo.id,
            "filename": photo.filename,
            "collection": photo.collection,
            "width": photo.width,
            "height": photo.height,
            "view": photo_url(photo.id, photo.view_sha256),
        },
    }
    if task.kind == "label":
        return {**told, "draft": _draft(session, task, assessor)}
    if task.kind == "accept":
        return {**told, "annotation": _annotation(session, task)}
    return {**told, **_restoration(session, task)}


def _draft(session: Session, task: Task, assessor: Assessor) -> dict[str, Any]:
    draft = open_draft(session, task, assessor, proposal=latest_proposal(session, task.photo_id))
    returned = session.get(Annotation, draft.base_annotation_id) if draft.base_annotation_id is not None else None
    return {
        "id": draft.id,
        "version": draft.version,
        "base": _base(session, draft),
        "events": [
            {"version": event.version, "kind": event.kind, "payload": event.payload}
            for event in draft_events(session, draft.id)
        ],
        "seconds": draft.seconds,
        "comment": returned.comment if returned is not None else "",
    }


def _base(session: Session, draft: Annotation) -> dict[str, Any]:
    if draft.base_annotation_id is not None:
        base = session.get(Annotation, draft.base_annotation_id)
        if base is None or base.mask_sha256 is None:
            raise NotFound("The mask that this draft started from is gone; skip this photo and tell a lead.")
        return {"kind": "annotation", "id": base.id, "url": annotation_mask_url(base), "threshold": None}
    if draft.base_proposal_id is not None:
        proposal = get_proposal(session, draft.base_proposal_id)
        url = probability_url(proposal)
        return {"kind": "proposal", "id": proposal.id, "url": url, "threshold": draft.base_threshold}
    return {"kind": "empty", "id": None, "url": None, "threshold": None}


def _annotation(session: Session, task: Task) -> dict[str, Any]:
    annotation = session.get(Annotation, task.annotation_id) if task.annotation_id is not None else None
    if annotation is None:
        raise NotFound("The mask of this task is gone; open the next one.")
    return {
        "id": annotation.id,
        "mask": annotation_mask_url(annotation),
        "seconds": annotation.seconds,
        "assessor": annotation.assessor.name if annotation.assessor is not None else None,
        "left": annotation.assessor is not None and not annotation.assessor.active,
        "marked_share": annotation.marked_share,
    }


def _restoration(session: Session, task: Task) -> dict[str, Any]:
    restoration = session.get(Restoration, task.restoration_id) if task.restoration_id is not None else None
    if restoration is None:
        raise NotFound("The results of this task are gone; open the next one.")
    return {
        "mask": restoration_mask_url(restoration),
        "models": {
            "detector": plain_model(restoration.detector),
            "inpainter": plain_model(restoration.inpainter),
            "colorizer": plain_model(restoration.colorizer) if restoration.colorizer else None,
        },
        "warnings": restoration.warnings,
        "results": [_result(result) for result in restoration.results],
    }


def _result(result: Result) -> dict[str, Any]:
    """One picture to judge, why it may be rejected, and the verdict where it has one."""
    verdict = next(iter(result.verdicts), None)
    return {
        "id": result.id,
        "kind": result.kind,
        "view": result_url(result),
        "thumbnail": result_url(result, "thumbnail"),
        "may_be": list(REASONS[result.kind]),
        "verdict": None if verdict is None else {"accepted": verdict.accepted, "reasons": verdict.reasons},
    }


def _upcoming(call: Call) -> dict[str, Any]:
    kind = _kind(call.query.get("kind"))
    try:
        limit = min(max(int(call.query.get("limit", "12")), 1), MOST_UPCOMING)
    except ValueError as error:
        raise RouteError("The limit is a whole number.") from error
    with call.platform.database.reading() as session:
        tasks = queue.upcoming(session, call.assessor, kind, limit)
        return {"tasks": [_card(session, task) for task in tasks]}


def _card(session: Session, task: Task) -> dict[str, Any]:
    photo = task.photo
    return {
        "id": task.id,
        "photo_id": photo.id,
        "filename": photo.filename,
        "thumbnail": photo_url(photo.id, photo.thumbnail_sha256, "thumbnail"),
        "reason": reason_words(task.reason),
        "pictures": [photo_url(photo.id, photo.view_sha256), *_pictures(session, task)],
    }


def _pictures(session: Session, task: Task) -> list[str]:
    """What a page will load beside the photo, so that it can be fetched ahead."""
    if task.kind == "label":
        proposal: Proposal | None = latest_proposal(session, task.photo_id)
        return [] if proposal is None else [probability_url(proposal)]
    if task.kind == "accept":
        annotation = session.get(Annotation, task.annotation_id)
        return [] if annotation is None else [annotation_mask_url(annotation)]
    restoration = session.get(Restoration, task.restoration_id)
    if restoration is None:
        return []
    return [*(result_url(result) for result in open_results(restoration)), restoration_mask_url(restoration)]


def _skip(call: Call) -> dict[str, Any]:
    reason = str(call.field("reason", str))
    with call.platform.database.unit_of_work() as session:
        queue.skip(session, call.path["id"], call.assessor, reason)
    return {}


def _renew(call: Call) -> dict[str, Any]:
    with call.platform.database.unit_of_work() as session:
        until = queue.renew(session, call.path["id"], call.assessor)
    return {"leased_until": until.isoformat()}


def _kind(value: object) -> TaskKind:
    for kind in get_args(TaskKind):
        if value == kind:
            known: TaskKind = kind
            return known
    raise RouteError(f"A task's kind is one of {', '.join(get_args(TaskKind))}.")


routes: list[Route] = [
    post("/api/tasks/next", _next),
    get("/api/tasks/upcoming", _upcoming),
    post("/api/tasks/{id:int}/skip", _skip),
    post("/api/tasks/{id:int}/renew", _renew),
]
