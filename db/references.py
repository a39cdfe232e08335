"""Which blobs rows refer to, and what becomes of those that nothing refers to."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.blobs import HASH, BlobStore
from db.engine import Database, chunks, serialise
from db.errors import PlatformError
from db.models import Annotation, Job, Photo, Proposal, Restoration, Result

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


def referenced(session: Session, hashes: Iterable[str]) -> set[str]:
    """Those of `hashes` that some row still refers to."""
    found: set[str] = set()
    wanted = set(hashes)
    for part in chunks(wanted):
        for column in BLOB_COLUMNS:
            found.update(sha for sha in session.scalars(select(column).where(column.in_(part))) if sha)
    for result in session.scalars(select(Job.result).where(Job.kind == "compare")):
        found.update(hashes_in(result).intersection(wanted))
    return found


def remove_unneeded(database: Database, blobs: BlobStore, hashes: Iterable[str]) -> None:
    """Removes those blobs that no row refers to, whatever was so when the caller looked.

    Who is about to refer to some of them waits, and finds out whether the bytes are still there (`keep_blobs`).
    """
    for part in chunks(hashes):
        with database.unit_of_work() as session:
            serialise(session, BLOBS)
            blobs.delete_all(set(part) - referenced(session, part))


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


def hashes_in(record: Any) -> set[str]:
    """Every text in a JSON record that has the form of a blob's name."""
    if isinstance(record, str):
        return {record} if HASH.fullmatch(record) else set()
    parts = record.values() if isinstance(record, dict) else record if isinstance(record, list) else ()
    return {sha for part in parts for sha in hashes_in(part)}
