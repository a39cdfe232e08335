"""The wall of photos: which ones, in which state, all decided in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVarTuple

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from db.models import Annotation, Photo, Restoration, Result, Task, Verdict, utc_now

Row = TypeVarTuple("Row")
PhotoState = Literal["new", "waiting", "in work", "submitted", "accepted", "restored", "rejected", "archived"]


@dataclass(frozen=True)
class PhotoFilter:
    """Which photos to list; newest first. Empty fields do not restrict."""

    text: str = ""
    """Part of the filename or the collection."""
    collection: str | None = None
    state: PhotoState | None = None
    include_archived: bool = False
    limit: int = 60
    offset: int = 0


@dataclass(frozen=True)
class PhotoCard:
    """What a thumbnail on the wall shows."""

    id: int
    filename: str
    collection: str
    width: int
    height: int
    thumbnail_sha256: str
    state: PhotoState
    origin: str


def list_photos(session: Session, wanted: PhotoFilter) -> list[PhotoCard]:
    """A page of the wall, newest photo first."""
    state = _state(utc_now())
    query = select(
        Photo.id,
        Photo.filename,
        Photo.collection,
        Photo.width,
        Photo.height,
        Photo.thumbnail_sha256,
        state.label("state"),
        Photo.origin,
    )
    page = _restrict(select(Photo.id), wanted, state)
    page = page.order_by(Photo.id.desc()).limit(wanted.limit).offset(wanted.offset)
    # the page first: PostgreSQL would otherwise look through all tasks to tell the state of sixty photos
    query = query.where(Photo.id.in_(session.scalars(page).all())).order_by(Photo.id.desc())
    return [PhotoCard(*row) for row in session.execute(query)]


def count_photos(session: Session, wanted: PhotoFilter) -> int:
    """How many photos the filter finds, whatever its limit and offset."""
    query = _restrict(select(func.count()).select_from(Photo), wanted, _state(utc_now()))
    return session.scalar(query) or 0


def photo_states(session: Session, photo_ids: Sequence[int], now: datetime | None = None) -> dict[int, PhotoState]:
    """The state of each of these photos, by id; one that is gone is not among them."""
    rows = session.execute(select(Photo.id, _state(now or utc_now()).label("state")).where(Photo.id.in_(photo_ids)))
    return {row.id: row.state for row in rows}


def _restrict(query: Select[*Row], wanted: PhotoFilter, state: ColumnElement[PhotoState]) -> Select[*Row]:
    if wanted.state == "archived":
        query = query.where(Photo.archived_at.is_not(None))
    elif not wanted.include_archived:
        query = query.where(Photo.archived_at.is_(None))
    if wanted.text:
        query = query.where(
            or_(
                Photo.filename.icontains(wanted.text, autoescape=True),
                Photo.collection.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.collection is not None:
        query = query.where(Photo.collection == wanted.collection)
    if wanted.state not in (None, "archived"):
        query = query.where(state == wanted.state)
    return query


def _state(now: datetime) -> ColumnElement[PhotoState]:
    """A photo's state: what happened to it last, by the step of its way round that it has reached."""
    label = (Task.photo_id == Photo.id, Task.kind == "label", Task.status == "open")
    in_work = exists().where(*label, Task.leased_until > now)
    submitted = exists().where(Annotation.photo_id == Photo.id, Annotation.status == "submitted")
    accepted_at = (
        select(func.max(Annotation.decided_at))
        .where(Annotation.photo_id == Photo.id, Annotation.status == "accepted")
        .correlate(Photo)
        .scalar_subquery()
    )
    newer = aliased(Restoration)
    newest = (
        Restoration.photo_id == Photo.id,
        ~exists().where(newer.photo_id == Restoration.photo_id, newer.id > Restoration.id),
        or_(accepted_at.is_(None), Restoration.created_at >= accepted_at),
    )
    restored = exists().where(*newest)
    rejected = exists().where(
        *newest, Result.restoration_id == Restoration.id, Verdict.result_id == Result.id, Verdict.accepted.is_(False)
    )
    state: ColumnElement[PhotoState] = case(
        (Photo.archived_at.is_not(None), literal("archived")),
        (in_work, literal("in work")),
        (submitted, literal("submitted")),
        (rejected, literal("rejected")),
        (restored, literal("restored")),
        (accepted_at.is_not(None), literal("accepted")),
        (exists().where(*label), literal("waiting")),
        else_=literal("new"),
    )
    return state
