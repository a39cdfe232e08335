"""Strokes come in as they are drawn; submit rebuilds the mask from them here, so that the browser never decides."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session
from starlette.routing import Route

from annotator.routes.http import Call, RouteError, post
from annotator.strokes import Event, Stroke, StrokeError, rebuild_mask, threshold_value
from db.blobs import BlobStore
from db.drafts import EventIn, append_events, draft_events, get_draft, require_version, submit
from db.errors import InvalidState
from db.models import Annotation
from db.proposals import get_proposal
from db.references import referring
from inference.arrays import Mask
from inference.masks import decode_mask, encode_mask

MOST_EVENTS = 500
LONGEST_TEXT = 80
MOST_SECONDS = 30 * 24 * 3600
KEPT_FIELDS = {
    "stroke": ("id", "tool", "size", "points", "rect", "ms", "group"),
    "threshold": ("id", "value"),
    "undo": ("id",),
    "redo": ("id",),
}


@dataclass(frozen=True)
class DraftRecord:
    """All that a draft's mask is rebuilt from."""

    shape: tuple[int, int]
    events: list[Event]
    threshold: float | None
    probability_sha256: str | None = None
    mask_sha256: str | None = None


def _events(call: Call) -> dict[str, Any]:
    raw = call.field("events", list)
    if len(raw) > MOST_EVENTS:
        raise RouteError(f"At most {MOST_EVENTS} events are taken at once.")
    events = [check_event(event) for event in raw]
    version = int(call.field("version", int))
    with call.platform.database.unit_of_work() as session:
        return {
            "version": append_events(session, call.path["id"], call.assessor, version, events, _seconds(call)),
        }


def check_event(raw: Any) -> EventIn:
    """An event as a client sent it, checked and cut down to the fields we keep. Raises RouteError."""
    kind, payload = (raw.get("kind"), raw.get("payload")) if isinstance(raw, dict) else (None, None)
    if kind not in KEPT_FIELDS or not isinstance(payload, dict):
        raise RouteError("An event is a stroke, a threshold, an undo or a redo, with its payload.")
    try:
        if kind == "stroke":
            Stroke.from_payload(payload)
            _check_rectangle(payload.get("rect"))
            _check_time(payload.get("ms"))
        elif kind == "threshold":
            threshold_value(payload)
    except StrokeError as error:
        raise RouteError(str(error)) from error
    kept = {name: payload[name] for name in KEPT_FIELDS[kind] if name in payload}
    if any(
        not isinstance(kept[name], str) or len(kept[name]) > LONGEST_TEXT for name in ("id", "group") if name in kept
    ):
        raise RouteError(f"An event's id and group are texts of at most {LONGEST_TEXT} characters.")
    return EventIn(kind=kind, payload=kept)


def _check_rectangle(rect: Any) -> None:
    if not isinstance(rect, list) or len(rect) != 4 or not all(type(side) is int for side in rect):
        raise StrokeError("A stroke's rectangle is four whole numbers.")


def _check_time(ms: Any) -> None:
    if type(ms) not in (int, float) or not 0 <= ms < math.inf:
        raise StrokeError("A stroke's time is a number of milliseconds since the draft was opened.")


def _submit(call: Call) -> dict[str, Any]:
    draft_id, version = call.path["id"], int(call.field("version", int))
    with call.platform.database.reading() as session:
        draft = get_draft(session, draft_id, call.assessor)
        require_version(draft, version)  # events that come in from here on are seen by `submit`
        record = read_draft(session, draft)
    mask = rebuild_draft(record, call.platform.blobs)
    data = encode_mask(mask)
    sha = call.platform.blobs.put(data)
    share = float(np.count_nonzero(mask)) / mask.size
    with referring(call.platform.database, call.platform.blobs, {sha: data}) as session:
        accept_task = submit(session, draft_id, call.assessor, version, sha, share, _seconds(call))
        return {"accept_task_id": accept_task.id, "mask_sha256": sha, "marked_share": share}


def read_draft(session: Session, draft: Annotation) -> DraftRecord:
    """The draft's log and what it starts from. Raises InvalidState where a part of it is missing."""
    events = [Event(event.kind, event.payload) for event in draft_events(session, draft.id)]
    shape = (draft.photo.height, draft.photo.width)
    if draft.base_annotation_id is not None:
        base = session.get(Annotation, draft.base_annotation_id)
        if base is None or base.mask_sha256 is None:
            raise InvalidState("The mask that this draft started from is gone; skip this photo and tell a lead.")
        return DraftRecord(shape, events, None, mask_sha256=base.mask_sha256)
    if draft.base_proposal_id is not None:
        probability = get_proposal(session, draft.base_proposal_id).probability_sha256
        return DraftRecord(shape, events, draft.base_threshold, probability_sha256=probability)
    if draft.base_threshold is not None:
        raise InvalidState("The proposal that this draft started from is gone; skip this photo and tell a lead.")
    return DraftRecord(shape, events, None)


def rebuild_draft(record: DraftRecord, blobs: BlobStore) -> Mask:
    """The mask that a draft's log amounts to, bool H×W, true = defect. Raises BlobError or InvalidState."""
    base: NDArray[np.uint8] | Mask
    if record.probability_sha256 is not None:
        base = _decode_probability(blobs.get(record.probability_sha256), record.shape)
    elif record.mask_sha256 is not None:
        base = decode_mask(blobs.get(record.mask_sha256), record.shape, f"mask {record.mask_sha256}")
    else:
        base = np.zeros(record.shape, bool)
    return rebuild_mask(base, record.events, record.threshold)


def _decode_probability(data: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint8 or values.shape != shape:
        raise InvalidState("The proposal of this photo is not a probability map of its size; tell an engineer.")
    return values.astype(np.uint8)


def _seconds(call: Call) -> float:
    seconds = float(call.field("seconds", (int, float)))
    if not 0 <= seconds <= MOST_SECONDS:
        raise RouteError("The time spent is a number of seconds.")
    return seconds


routes: list[Route] = [
    post("/api/drafts/{id:int}/events", _events),
    post("/api/drafts/{id:int}/submit", _submit),
]
