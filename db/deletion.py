"""Deleting photos: what goes with them, and which blobs nothing needs any more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.blobs import HASH, BlobStore
from db.engine import Database, serialise
from db.errors import NotFound, PlatformError
from db.models import (
    Annotation,
    Assessor,
    Job,
    Photo,
    Proposal,
    Restoration,
    Result,
    Snapshot,
    SnapshotItem,
    Verdict,
)
from db.people import require_lead

CHUNK = 500
BLOBS = "blobs"
BLOB_COLUMNS: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    Photo.sha256,
    Photo.view_sha256,
    Photo.thumbnail_sha256,
    Proposal.probability_sha256,
    Annotation.mask_sha256,
    Restoration.mask_sha256,
    Result.sha256,
    Result.view_sha256,
)
"""Every column that keeps a blob alive. A snapshot does not: it names the masks of photos it may have lost."""


@dataclass(frozen=True)
class DeletionImpact:
    """What a deletion takes along."""

    photos: int
    annotations: int
    restorations: int
    verdicts: int
    snapshots: list[str]
    """Names of the snapshots that lose a photo."""


def deletion_impact(session: Session, photo_ids: Sequence[int]) -> DeletionImpact:
    """What `delete` of these photos would take along; nothing is changed."""
    photos = annotations = restorations = verdicts = 0
    snapshots: set[str] = set()
    for ids in chunks(photo_ids):
        photos += session.scalar(select(func.count()).where(Photo.id.in_(ids))) or 0
        annotations += session.scalar(select(func.count()).where(Annotation.photo_id.in_(ids))) or 0
        restorations += session.scalar(select(func.count()).where(Restoration.photo_id.in_(ids))) or 0
        verdicts += (
            session.scalar(
                select(func.count(Verdict.id)).join(Result).join(Restoration).where(Restoration.photo_id.in_(ids))
            )
            or 0
        )
        snapshots.update(
            session.scalars(select(Snapshot.name).join(SnapshotItem).where(SnapshotItem.photo_id.in_(ids)))
        )
    return DeletionImpact(photos, annotations, restorations, verdicts, sorted(snapshots))


def delete(session: Session, photo_ids: Sequence[int], by: Assessor) -> list[str]:
    """Deletes photos and all that was made of them; returns the hashes that nothing refers to any more, sorted.

    Comparisons keep their figures and lose the photos' pictures. The caller removes those blobs after the commit.
    Leads only.
    """
    require_lead(by)
    held = _forget_in_reports(session, set(photo_ids))
    hold_from_work(session, photo_ids)
    for ids in chunks(photo_ids):
        held.update(_hashes_of(session, ids))
    for ids in chunks(photo_ids):
        session.execute(sql_delete(Photo).where(Photo.id.in_(ids)))
    session.expire_all()
    return sorted(held - referenced(session, held))


def referenced(session: Session, hashes: Iterable[str]) -> set[str]:
    """Those of `hashes` that some row still refers to."""
    found: set[str] = set()
    wanted = sorted(hashes)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        for column in BLOB_COLUMNS:
            found.update(sha for sha in session.scalars(select(column).where(column.in_(part))) if sha)
    for result in session.scalars(select(Job.result).where(Job.kind == "compare")):
        found.update(hashes_in(result).intersection(wanted))
    return found


def remove_unneeded(database: Database, blobs: BlobStore, hashes: Iterable[str]) -> None:
    """Removes those blobs that no row refers to, whatever was so when the caller looked.

    Who is about to refer to some of them waits, and finds out whether the bytes are still there (`keep_blobs`).
    """
    wanted = sorted(set(hashes))
    for start in range(0, len(wanted), CHUNK):
        part = set(wanted[start : start + CHUNK])
        with database.unit_of_work() as session:
            serialise(session, BLOBS)
            blobs.delete_all(part - referenced(session, part))


@contextmanager
def referring(database: Database, blobs: BlobStore, stored: Mapping[str, bytes]) -> Iterator[Session]:
    """A unit of work in which rows come to refer to bytes, by their hashes, that are stored already.

    Where it is refused (PlatformError), such as for a photo that is gone, the bytes go, but for what others refer to.
    """
    try:
        with database.unit_of_work() as session:
            keep_blobs(session, blobs, stored)
            yield session
    except PlatformError:
        remove_unneeded(database, blobs, stored)
        raise


def keep_blobs(session: Session, blobs: BlobStore, stored: Mapping[str, bytes]) -> None:
    """Until the commit nobody removes any of these bytes, by their hashes: by then a row refers to them.

    They are stored before, since that takes long; what somebody removed since is stored again. It comes first in a unit
    of work: an import that did so waits for label tasks.
    """
    serialise(session, BLOBS)
    for sha, data in stored.items():
        if not blobs.exists(sha):
            blobs.put(data)


def hold_photo(session: Session, photo_id: int) -> Photo:
    """The photo, which nobody deletes until the commit. Raises NotFound, also where a deletion was about to end."""
    photo = session.get(Photo, photo_id, with_for_update={"read": True, "key_share": True})
    if photo is None:
        raise NotFound(f"There is no photo {photo_id}; it may have been deleted.")
    return photo


def hold_from_work(session: Session, photo_ids: Sequence[int]) -> None:
    """Until the commit nobody makes anything of these photos (`hold_photo`); what was under way is there by now."""
    for ids in chunks(photo_ids):  # in one order, or two who take several wait for each other
        session.execute(select(Photo.id).where(Photo.id.in_(ids)).order_by(Photo.id).with_for_update())


def hashes_in(record: Any) -> set[str]:
    """Every text in a JSON record that has the form of a blob's name."""
    if isinstance(record, str):
        return {record} if HASH.fullmatch(record) else set()
    parts = record.values() if isinstance(record, dict) else record if isinstance(record, list) else ()
    return {sha for part in parts for sha in hashes_in(part)}


def _forget_in_reports(session: Session, photo_ids: set[int]) -> set[str]:
    """Takes photos out of the comparisons' reports, which show them; returns the blobs that showed them."""
    shown: set[str] = set()
    for job in session.scalars(select(Job).where(Job.kind == "compare").with_for_update()):
        photos = job.result.get("photos", [])
        kept = [photo for photo in photos if photo["photo_id"] not in photo_ids]
        if len(kept) < len(photos):
            shown |= hashes_in([photo for photo in photos if photo["photo_id"] in photo_ids])
            job.result = {**job.result, "photos": kept}
    session.flush()
    return shown


def _hashes_of(session: Session, ids: Sequence[int]) -> Iterator[str]:
    for column in BLOB_COLUMNS:
        table = column.class_
        query = select(column)
        if table is Photo:
            query = query.where(Photo.id.in_(ids))
        elif table is Result:
            query = query.join(Restoration).where(Restoration.photo_id.in_(ids))
        else:
            query = query.where(table.photo_id.in_(ids))
        yield from (sha for sha in session.scalars(query) if sha)


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Each of the ids once, sorted: databases take so many values in one statement and no more."""
    unique = sorted(set(ids))
    for start in range(0, len(unique), CHUNK):
        yield unique[start : start + CHUNK]
