"""Which side of the split a photo is on: decided once, near-copies together."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, insert, or_, select
from sqlalchemy.orm import Session

from db.engine import chunks, serialise
from db.holding import hold_photo
from db.models import Assessor, Photo, PhotoBand, Split, SplitMove
from db.people import require_lead

NEAR_BITS = 7
"""Near hashes that differ in at most this many of 64 bits are near-copies."""
VALIDATION_ONE_IN = 5
BANDS = 4
BAND_BITS = 16


def decide_split(session: Session, sha256: str, near_hash: int) -> Split:
    """The split of the near-copies there are, else one in five photos, by hash, goes to validation.

    A photo that resembles photos on both sides makes one family of theirs, and all of it goes to train: the figures of
    models must not come from what resembles their training photos. Every move is recorded.
    """
    serialise(session, "split")
    sides = _near_sides(session, near_hash)
    if not sides:
        return split_by_hash(sha256)
    if len(sides) > 1:
        _put(session, _family(session, near_hash), "train", None)
        return "train"
    return sides.pop()


def split_by_hash(sha256: str) -> Split:
    """The side of a photo that resembles none: one in five goes to validation."""
    return "validation" if int(sha256[:12], 16) % VALIDATION_ONE_IN == 0 else "train"


def near_copies(session: Session, near_hash: int) -> list[Photo]:
    """Photos whose near hash differs in at most `NEAR_BITS` bits."""
    maybe = session.scalars(select(Photo).where(_may_be_near(near_hash)).order_by(Photo.id))
    return [photo for photo in maybe if bit_distance(near_hash, photo.near_hash) <= NEAR_BITS]


def remember_bands(session: Session, photo_id: int, near_hash: int) -> None:
    """Keeps the bands of a photo's near hash, by which later photos find it as a near-copy."""
    session.execute(
        insert(PhotoBand),
        [{"photo_id": photo_id, "band": band, "value": value} for band, value in enumerate(bands(near_hash))],
    )


def move_split(session: Session, by: Assessor, photo_id: int, split: Split) -> list[Photo]:
    """Puts a photo and all its near-copies, and theirs, on one side; every move is recorded. Leads only.

    Raises NotFound when the photo is gone; copies that go meanwhile are left out.
    """
    require_lead(by)
    serialise(session, "split")
    return _put(session, _family(session, hold_photo(session, photo_id).near_hash), split, by.id)


def bit_distance(a: int, b: int) -> int:
    """How many of 64 bits differ between two signed 64-bit numbers."""
    return ((a ^ b) & (2**64 - 1)).bit_count()


def bands(near_hash: int) -> tuple[int, ...]:
    """A signed 64-bit hash as four 16-bit quarters, the lowest bits first."""
    return tuple((near_hash >> (BAND_BITS * band)) & (2**BAND_BITS - 1) for band in range(BANDS))


def _put(session: Session, family: Iterable[Photo], split: Split, by_id: int | None) -> list[Photo]:
    others = [photo.id for photo in family if photo.split != split]
    moved: list[Photo] = []
    for ids in chunks(others):
        held = select(Photo).where(Photo.id.in_(ids)).order_by(Photo.id).with_for_update(key_share=True)
        moved += session.scalars(held)  # without those that somebody deletes at this moment
    for photo in moved:
        photo.split = split
        session.add(SplitMove(photo_id=photo.id, split=split, assessor_id=by_id))
    session.flush()
    return moved


def _family(session: Session, near_hash: int) -> Iterable[Photo]:
    """The near-copies of a hash, and theirs. Each hash is asked for once: thousands of blank pages may share one."""
    family: dict[int, Photo] = {}
    known, waiting = {near_hash}, [near_hash]
    while waiting:
        near = near_copies(session, waiting.pop())
        family.update((photo.id, photo) for photo in near)
        new = {photo.near_hash for photo in near} - known
        known |= new
        waiting += new
    return family.values()


def _near_sides(session: Session, near_hash: int) -> set[Split]:
    """The sides that near-copies are on; photos that share a hash and a side come out of the database as one row."""
    rows = session.execute(select(Photo.near_hash, Photo.split).where(_may_be_near(near_hash)).distinct())
    return {split for other, split in rows if bit_distance(near_hash, other) <= NEAR_BITS}


def _may_be_near(near_hash: int) -> ColumnElement[bool]:
    """Two hashes that differ in at most 7 bits differ in at most one bit in one of their four quarters, so only photos
    with such a quarter are looked at (Norouzi, Punjani, Fleet 2012, multi-index hashing)."""
    matches = [
        and_(PhotoBand.band == band, PhotoBand.value.in_([value, *(value ^ (1 << bit) for bit in range(BAND_BITS))]))
        for band, value in enumerate(bands(near_hash))
    ]
    return Photo.id.in_(select(PhotoBand.photo_id).where(or_(*matches)))
