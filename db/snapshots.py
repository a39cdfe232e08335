"""Frozen datasets: a list, its split and one hash of its content."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from db.annotations import accepted_annotations, mask_of
from db.engine import serialise
from db.errors import InvalidState, NotFound
from db.models import Annotation, AnnotationOrigin, Photo, Snapshot, SnapshotItem, Split, utc_now

SHORTEST_PREFIX = 6
LONGEST_NAME = 120


@dataclass(frozen=True)
class SnapshotEntry:
    """One photo of a snapshot; `photo_id` is None when the photo was deleted since, and its bytes are gone."""

    photo_id: int | None
    photo_sha256: str
    annotation_id: int | None
    mask_sha256: str
    split: Split
    origin: AnnotationOrigin
    filename: str | None


@dataclass(frozen=True)
class SnapshotContents:
    """A snapshot with its entries, sorted by the photos' hashes."""

    id: int
    name: str
    sha256: str
    items: tuple[SnapshotEntry, ...]


@dataclass(frozen=True)
class SnapshotCounts:
    """How many photos a snapshot has, by origin and split. Imported and drawn masks are real."""

    real_train: int = 0
    real_validation: int = 0
    synthetic_train: int = 0
    synthetic_validation: int = 0

    @property
    def total(self) -> int:
        return self.real_train + self.real_validation + self.synthetic_train + self.synthetic_validation


def make_snapshot(session: Session, name: str | None, by_id: int | None) -> Snapshot:
    """Freezes the newest accepted annotation of every photo that is not archived.

    The same content has the same hash; without a name, a snapshot of that content is returned if there is one.
    Raises InvalidState: nothing is accepted yet, or the name is taken by other content.
    """
    serialise(session, "snapshots")
    annotations = accepted_annotations(session)
    if not annotations:
        raise InvalidState("No annotation is accepted yet; accept some masks, then make the snapshot.")
    sha = content_hash((a.photo.sha256, mask_of(a), a.photo.split, a.origin) for a in annotations)
    known = _known(session, name, sha)
    if known is not None:
        return known
    snapshot = Snapshot(
        name=name.strip() if name else _free_name(session), sha256=sha, created_by_id=by_id, created_at=utc_now()
    )
    session.add(snapshot)
    session.flush()
    session.execute(insert(SnapshotItem), [_item(snapshot.id, annotation) for annotation in annotations])
    return snapshot


def content_hash(lines: Iterable[tuple[str, str, str, str]]) -> str:
    """SHA-256 over the sorted lines `photo mask split origin`; their order does not matter."""
    text = "".join(f"{line}\n" for line in sorted(" ".join(parts) for parts in lines))
    return hashlib.sha256(text.encode()).hexdigest()


def snapshot_contents(session: Session, snapshot_id: int) -> SnapshotContents:
    """Everything in a snapshot. Raises InvalidState when its rows no longer give its hash."""
    snapshot = session.get(Snapshot, snapshot_id)
    if snapshot is None:
        raise NotFound(f"There is no snapshot {snapshot_id}.")
    rows = session.execute(
        select(SnapshotItem, Photo.filename)
        .outerjoin(Photo, Photo.id == SnapshotItem.photo_id)
        .where(SnapshotItem.snapshot_id == snapshot_id)
        .order_by(SnapshotItem.photo_sha256)
    )
    items = tuple(
        SnapshotEntry(
            row.photo_id, row.photo_sha256, row.annotation_id, row.mask_sha256, row.split, row.origin, filename
        )
        for row, filename in rows
    )
    if content_hash((i.photo_sha256, i.mask_sha256, i.split, i.origin) for i in items) != snapshot.sha256:
        raise InvalidState(f"Snapshot {snapshot.name} is corrupt: its rows have changed; restore a backup.")
    return SnapshotContents(snapshot.id, snapshot.name, snapshot.sha256, items)


def snapshot_counts(session: Session, snapshot_id: int) -> SnapshotCounts:
    """Counts of what is frozen, photos deleted since included."""
    synthetic = SnapshotItem.origin == "synthetic"
    rows = session.execute(
        select(synthetic, SnapshotItem.split, func.count())
        .where(SnapshotItem.snapshot_id == snapshot_id)
        .group_by(synthetic, SnapshotItem.split)
    )
    return SnapshotCounts(**{f"{'synthetic' if made else 'real'}_{split}": count for made, split, count in rows})


def list_snapshots(session: Session) -> list[Snapshot]:
    """All snapshots, newest first."""
    return list(session.scalars(select(Snapshot).order_by(Snapshot.id.desc())))


def find_snapshot(session: Session, wanted: str | int) -> Snapshot:
    """The snapshot of that id, name or hash (its first six digits or more; the newest of equals)."""
    text = str(wanted).strip()
    matches = [Snapshot.name == text]
    if text.isdecimal() and len(text) < 10:
        matches.append(Snapshot.id == int(text))
    if len(text) >= SHORTEST_PREFIX:
        matches.append(Snapshot.sha256.startswith(text, autoescape=True))
    found = session.scalars(
        select(Snapshot).where(or_(*matches)).order_by(Snapshot.name != text, Snapshot.id.desc())
    ).first()
    if found is None:
        raise NotFound(f"There is no snapshot {text}; heirloom snapshot makes one.")
    return found


def _known(session: Session, name: str | None, sha: str) -> Snapshot | None:
    if name is None:
        return session.scalar(select(Snapshot).where(Snapshot.sha256 == sha).order_by(Snapshot.id.desc()).limit(1))
    if not name.strip():
        raise InvalidState("A snapshot's name cannot be empty; leave it out to get one.")
    if len(name.strip()) > LONGEST_NAME:
        raise InvalidState(f"A snapshot's name has at most {LONGEST_NAME} characters; choose a shorter one.")
    same_name = session.scalar(select(Snapshot).where(Snapshot.name == name.strip()))
    if same_name is not None and same_name.sha256 != sha:
        raise InvalidState(f"A snapshot {name.strip()} with other content exists; choose another name.")
    return same_name


def _free_name(session: Session) -> str:
    number = (session.scalar(select(func.max(Snapshot.id))) or 0) + 1
    while session.scalar(select(Snapshot.id).where(Snapshot.name == f"snapshot {number}")) is not None:
        number += 1
    return f"snapshot {number}"


def _item(snapshot_id: int, annotation: Annotation) -> dict[str, object]:
    return {
        "snapshot_id": snapshot_id,
        "photo_sha256": annotation.photo.sha256,
        "photo_id": annotation.photo_id,
        "annotation_id": annotation.id,
        "mask_sha256": mask_of(annotation),
        "split": annotation.photo.split,
        "origin": annotation.origin,
    }
