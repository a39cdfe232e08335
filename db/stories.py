"""A photo's story: everything that happened to it, in order, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import (
    Annotation,
    Assessor,
    Proposal,
    Restoration,
    Result,
    ResultKind,
    Skip,
    Snapshot,
    SnapshotItem,
    SplitMove,
    Task,
    Verdict,
)
from db.photos import get_photo

StoryKind = Literal[
    "photo", "proposal", "annotation", "decision", "restoration", "verdict", "task", "skip", "snapshot", "split"
]

RESULT_WORDS: dict[ResultKind, str] = {
    "restored": "restored photo",
    "restored_color": "restored photo in colour",
    "color": "photo as it came, in colour",
}

US = "heirloom"
"""Who drew synthetic defects."""
REASON_WORDS = {
    "new": "",
    "uncertain": "the model is unsure",
    "chosen": "somebody put it first",
    "returned": "a lead returned the last one",
    "submitted": "",
    "restored": "",
}
"""Reasons of tasks that need other words, or none where there is nothing to explain."""


@dataclass(frozen=True)
class StoryEntry:
    """One thing that happened: when, by whom (None: nobody in particular), in words, and what it is about."""

    at: datetime
    who: str | None
    what: str
    kind: StoryKind


def reason_words(reason: str) -> str:
    """Why a task waits, as people say it; empty where that goes without saying."""
    return REASON_WORDS.get(reason, reason)


def photo_story(session: Session, photo_id: int) -> list[StoryEntry]:
    """Everything that happened to a photo, oldest first. Raises NotFound."""
    photo = get_photo(session, photo_id)
    names: dict[int | None, str] = {row.id: row.name for row in session.execute(select(Assessor.id, Assessor.name))}
    entries = [
        StoryEntry(photo.created_at, names.get(photo.imported_by_id), f"imported {photo.filename}", "photo"),
        *_proposals(session, photo_id),
        *_annotations(session, photo_id, names),
        *_restorations(session, photo_id),
        *_verdicts(session, photo_id, names),
        *_label_tasks(session, photo_id, names),
        *_snapshots(session, photo_id, names),
        *_split_moves(session, photo_id, names),
    ]
    if photo.archived_at is not None:
        entries.append(StoryEntry(photo.archived_at, None, "put away", "photo"))
    return sorted(entries, key=lambda entry: entry.at)


def _proposals(session: Session, photo_id: int) -> Iterator[StoryEntry]:
    for row in session.scalars(select(Proposal).where(Proposal.photo_id == photo_id)):
        yield StoryEntry(row.created_at, None, f"{row.model} proposed a mask", "proposal")


def _annotations(session: Session, photo_id: int, names: dict[int | None, str]) -> Iterator[StoryEntry]:
    for row in session.scalars(select(Annotation).where(Annotation.photo_id == photo_id)):
        who = names.get(row.assessor_id) or (US if row.origin == "synthetic" else None)
        began = {
            "drawn": "began a mask",
            "imported": "imported a mask",
            "synthetic": "drew the defects, so the mask is known",
        }
        yield StoryEntry(row.created_at, who, began[row.origin], "annotation")
        if row.submitted_at is not None:
            share = f", {100 * row.marked_share:.1f} % marked" if row.marked_share is not None else ""
            yield StoryEntry(row.submitted_at, who, f"submitted the mask{share}", "annotation")
        if row.decided_at is not None and row.origin == "drawn":
            what = "accepted the mask" if row.status == "accepted" else f"returned the mask: {row.comment}"
            yield StoryEntry(row.decided_at, names.get(row.decided_by_id), what, "decision")


def _restorations(session: Session, photo_id: int) -> Iterator[StoryEntry]:
    for row in session.scalars(select(Restoration).where(Restoration.photo_id == photo_id)):
        *most, last = (name for name in (row.detector, row.inpainter, row.colorizer) if name)
        said = f"restored by {', '.join(most)} and {last}" if row.colouring is None else _recoloured(row.colouring)
        yield StoryEntry(row.created_at, None, said, "restoration")


def _recoloured(colouring: dict[str, Any]) -> str:
    given = len(colouring["hints"])
    colours = f", {given} {'colour' if given == 1 else 'colours'} given" if given else ""
    return f"coloured anew as a person wished: strength {100 * colouring['saturation']:.0f} %{colours}"


def _verdicts(session: Session, photo_id: int, names: dict[int | None, str]) -> Iterator[StoryEntry]:
    """A verdict that also holds for a restoration coloured anew is told once."""
    query = select(Verdict, Result.kind).join(Result).join(Restoration).where(Restoration.photo_id == photo_id)
    told: set[tuple[datetime, int, str]] = set()
    for row, kind in session.execute(query.order_by(Verdict.id)):
        result = RESULT_WORDS[kind]
        said = f"accepted the {result}" if row.accepted else f"rejected the {result}: {_why(row)}"
        if (row.created_at, row.assessor_id, kind) not in told:
            yield StoryEntry(row.created_at, names.get(row.assessor_id), said, "verdict")
        told.add((row.created_at, row.assessor_id, kind))


def _why(verdict: Verdict) -> str:
    reasons = ", ".join(verdict.reasons)
    return f"{reasons} – {verdict.comment}" if verdict.comment else reasons


def _label_tasks(session: Session, photo_id: int, names: dict[int | None, str]) -> Iterator[StoryEntry]:
    for task in session.scalars(select(Task).where(Task.photo_id == photo_id, Task.kind == "label")):
        because = f": {why}" if (why := reason_words(task.reason)) else ""
        yield StoryEntry(task.created_at, None, f"a mask is wanted{because}", "task")
    for skip in session.scalars(select(Skip).join(Task).where(Task.photo_id == photo_id)):
        yield StoryEntry(skip.created_at, names.get(skip.assessor_id), f"passed it on: {skip.reason}", "skip")


def _snapshots(session: Session, photo_id: int, names: dict[int | None, str]) -> Iterator[StoryEntry]:
    for row in session.scalars(select(Snapshot).join(SnapshotItem).where(SnapshotItem.photo_id == photo_id)):
        who = names.get(row.created_by_id)
        what = f"{'froze it' if who else 'frozen'} into the snapshot “{row.name}”"
        yield StoryEntry(row.created_at, who, what, "snapshot")


def _split_moves(session: Session, photo_id: int, names: dict[int | None, str]) -> Iterator[StoryEntry]:
    for row in session.scalars(select(SplitMove).where(SplitMove.photo_id == photo_id)):
        why = "" if row.assessor_id else ", to its near-copies"
        yield StoryEntry(row.created_at, names.get(row.assessor_id), f"moved to {row.split}{why}", "split")
