"""Deleting photos, and what goes with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.engine import chunks
from db.holding import hold_from_work
from db.models import Annotation, Assessor, Job, Photo, Restoration, Result, Snapshot, SnapshotItem, Verdict
from db.people import require_lead
from db.references import BLOB_COLUMNS, hashes_in, referenced


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
