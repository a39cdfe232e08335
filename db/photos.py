"""Photos: added once, put away, asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.engine import chunks, serialise
from db.errors import InvalidState, NotFound
from db.holding import hold_from_work
from db.models import Photo, PhotoOrigin, Task, utc_now
from db.names import visible
from db.queue import park, unpark
from db.splits import decide_split, remember_bands

LONGEST_FILENAME = 255
LONGEST_COLLECTION = 120


@dataclass(frozen=True)
class PhotoFacts:
    """What decoding found out about a file; the bytes themselves are blobs already."""

    sha256: str
    filename: str
    format: str
    width: int
    height: int
    channels: int
    bit_depth: int
    byte_size: int
    view_sha256: str
    thumbnail_sha256: str
    near_hash: int


def add_photo(
    session: Session,
    facts: PhotoFacts,
    *,
    collection: str = "",
    origin: PhotoOrigin = "imported",
    by_id: int | None = None,
    queue: bool = True,
) -> tuple[Photo, bool]:
    """Adds a photo, decides its split and queues it for labelling; returns it and whether it is new.

    A photo of the same bytes is returned as it is, with False; if it is in no collection yet, it joins this one.
    """
    serialise(session, "split")
    known = find_photo(session, facts.sha256)
    if known is not None:
        known.collection = known.collection or collection_name(collection)
        return known, False
    photo = Photo(
        **asdict(facts) | {"filename": visible(facts.filename)[-LONGEST_FILENAME:]},
        collection=collection_name(collection),
        origin=origin,
        imported_by_id=by_id,
        split=decide_split(session, facts.sha256, facts.near_hash),
    )
    session.add(photo)
    session.flush()
    remember_bands(session, photo.id, photo.near_hash)
    if queue:
        session.add(Task(kind="label", photo_id=photo.id, reason="new"))
        session.flush()
    return photo, True


def collection_name(name: str) -> str:
    """The name as it is kept. Raises InvalidState for one that is too long."""
    shown = " ".join(visible(name).split())
    if len(shown) > LONGEST_COLLECTION:
        raise InvalidState(f"A collection's name has at most {LONGEST_COLLECTION} characters; choose a shorter one.")
    return shown


def get_photo(session: Session, photo_id: int) -> Photo:
    """The photo, archived or not. Raises NotFound."""
    photo = session.get(Photo, photo_id)
    if photo is None:
        raise NotFound(f"There is no photo {photo_id}; it may have been deleted.")
    return photo


def existing(session: Session, photo_ids: Iterable[int]) -> list[int]:
    """Those of these photos that nobody has deleted, in their order."""
    asked = list(photo_ids)
    there = {found for ids in chunks(asked) for found in session.scalars(select(Photo.id).where(Photo.id.in_(ids)))}
    return [photo_id for photo_id in asked if photo_id in there]


def find_photo(session: Session, sha256: str) -> Photo | None:
    """The photo of these bytes, if it is here."""
    return session.scalar(select(Photo).where(Photo.sha256 == sha256))


def collections(session: Session) -> list[tuple[str, int]]:
    """Every collection's name with the number of its photos that are not archived; `""` are those in none."""
    rows = session.execute(
        select(Photo.collection, func.count())
        .where(Photo.archived_at.is_(None))
        .group_by(Photo.collection)
        .order_by(Photo.collection)
    )
    return [(name, count) for name, count in rows]


def set_collection(session: Session, photo_ids: Sequence[int], name: str) -> None:
    """Puts photos into a collection, out of the one they were in. Raises InvalidState for a name that is too long."""
    kept = collection_name(name)
    for ids in chunks(photo_ids):
        session.execute(update(Photo).where(Photo.id.in_(ids)).values(collection=kept))


def archive(session: Session, photo_ids: Sequence[int], now: datetime | None = None) -> None:
    """Takes photos out of walls, queues and new snapshots; nothing is lost. Their open tasks are parked."""
    moment = now or utc_now()
    hold_from_work(session, photo_ids)
    for ids in chunks(photo_ids):
        session.execute(update(Photo).where(Photo.id.in_(ids), Photo.archived_at.is_(None)).values(archived_at=moment))
        park(session, ids)


def unarchive(session: Session, photo_ids: Sequence[int]) -> None:
    """Brings photos back, and their tasks as they were."""
    hold_from_work(session, photo_ids)  # or a review that a job just adds to an archived photo would stay parked
    for ids in chunks(photo_ids):
        session.execute(update(Photo).where(Photo.id.in_(ids)).values(archived_at=None))
        unpark(session, ids)
