"""The split of training and validation: drawn from the hash, the same for near-copies, moved with all of them."""

import sqlite3
from functools import partial

import pytest
from sqlalchemy import delete as sql_delete
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from db import engine, splits
from db.deletion import delete
from db.engine import Database
from db.errors import NotAllowed, NotFound
from db.models import Photo, PhotoBand, Split, SplitMove, Task
from db.photos import add_photo
from db.splits import decide_split, move_split, near_copies
from db.stories import photo_story
from tests.support.databases import new_photo, photo_facts, sha, start_waiting, two_people

HALF_WAY = {"trained": 0, "kept": 0b11_1111_1111_1111, "other": -1}
"""Near hashes: the first two differ in 14 bits, so that one photo may resemble both."""


def test_near_copies_share_a_split(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        for number in range(12):
            original = new_photo(session, f"original {number}")
            original.split = "validation" if number % 2 else "train"
            session.flush()
            for bits in (0b1, 0b1000_0001, 0x8040_0201_0008_0421):
                near = ((original.near_hash ^ bits) + 2**63) % 2**64 - 2**63
                copy = new_photo(session, f"copy {number} {bits}", near_hash=near)
                assert copy.split == original.split
            far = original.near_hash ^ 0xFF
            assert original not in near_copies(session, far)


def test_a_photo_that_resembles_both_sides_brings_them_together(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        trained, kept, other = (new_photo(session, name, near_hash=bits) for name, bits in HALF_WAY.items())
        copy_of_kept = new_photo(session, "copy", near_hash=HALF_WAY["kept"] ^ (1 << 40))
        for photo, split in ((trained, "train"), (kept, "validation"), (copy_of_kept, "validation")):
            photo.split = split
        other.split = "validation"
        session.flush()
        between = new_photo(session, "between", near_hash=0b111_1111)
        assert {photo.split for photo in (between, trained, kept, copy_of_kept)} == {"train"}
        assert other.split == "validation"
        moves = session.execute(select(SplitMove.photo_id, SplitMove.split, SplitMove.assessor_id)).all()
        assert sorted(moves) == [(kept.id, "train", None), (copy_of_kept.id, "train", None)]
        assert photo_story(session, kept.id)[-1].what == "moved to train, to its near-copies"
        assert new_photo(session, "between again", near_hash=0b11_1111).split == "train"
        assert session.scalar(select(func.count()).select_from(SplitMove)) == 2


def test_a_family_is_brought_together_though_its_nearest_photo_is_deleted_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = splits._family

    def deleted_meanwhile(session: Session, near_hash: int) -> list[Photo]:
        found = list(family(session, near_hash))
        session.execute(sql_delete(Photo).where(Photo.id == kept.id).execution_options(synchronize_session=False))
        return found

    with database.unit_of_work() as session:
        kept, trained = (new_photo(session, name, near_hash=HALF_WAY[name]) for name in ("kept", "trained"))
        trained.split, kept.split = "train", "validation"
        session.flush()
        monkeypatch.setattr(splits, "_family", deleted_meanwhile)
        assert decide_split(session, sha("between"), 0b111_1111) == "train"


def test_bringing_a_family_together_asks_once_for_the_near_copies_of_each_hash(database: Database) -> None:
    asked: list[str] = []
    with database.unit_of_work() as session:
        family = [new_photo(session, f"copy {n}", near_hash=7 if n < 10 else 15, queue=False) for n in range(20)]
        family[0].split, family[1].split = "train", "validation"
        session.flush()
        event.listen(database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        assert decide_split(session, sha("one more"), 7) == "train"
        assert {photo.split for photo in family} == {"train"}
        assert sum("FROM photo_band" in statement for statement in asked) == 3, "which sides there are, and two hashes"


def test_a_family_may_be_larger_than_a_statement_takes_values(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CHUNK", 70)
    with database.unit_of_work() as session:
        family = [new_photo(session, f"copy {n}", near_hash=7, queue=False) for n in range(150)]
        for photo in family:
            photo.split = "validation"
        session.flush()
        here = session.connection().connection.driver_connection
        assert isinstance(here, sqlite3.Connection)
        here.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 100)
        moved = move_split(session, two_people(session)[0], family[0].id, "train")
        assert [photo.id for photo in moved] == sorted(photo.id for photo in family)
        assert {photo.split for photo in family} == {"train"}


def test_photos_that_all_look_the_same_are_not_loaded_for_each_one_more(database: Database) -> None:
    with database.unit_of_work() as session:
        side = {new_photo(session, f"blank {number}", near_hash=0, queue=False).split for number in range(20)}.pop()
        session.expunge_all()
        assert decide_split(session, sha("one more"), 1) == side
        assert len(session.identity_map) == 0


def test_a_photos_split_is_drawn_from_its_hash_alone(database: Database) -> None:
    with database.unit_of_work() as session:
        splits = [new_photo(session, f"photo {number}").split for number in range(200)]
    assert 20 <= splits.count("validation") <= 60
    with database.unit_of_work() as session:
        session.execute(PhotoBand.__table__.delete())
        session.execute(Task.__table__.delete())
        session.execute(Photo.__table__.delete())
        assert [new_photo(session, f"photo {n}").split for n in reversed(range(200))] == splits[::-1]


def test_a_lead_moves_a_photo_with_its_near_copies(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        family = [new_photo(session, f"f{number}", near_hash=(1 << 5 * number) - 1) for number in range(4)]
        other = new_photo(session, "other")
        before = other.split
        target = "train" if family[0].split == "validation" else "validation"
        with pytest.raises(NotAllowed):
            move_split(session, ben, family[0].id, target)
        moved = move_split(session, ada, family[0].id, target)
        assert {photo.id for photo in moved} == {photo.id for photo in family}, "copies of copies come along"
        assert {photo.split for photo in family} == {target}
        assert other.split == before
        assert session.scalar(select(func.count()).select_from(SplitMove)) == 4
        assert move_split(session, ada, family[0].id, target) == []


def test_a_split_that_moves_while_a_photo_is_deleted_leaves_that_one_out(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photos = [add_photo(session, photo_facts(name, near_hash=7))[0] for name in ("a", "a copy")]
        side = photos[0].split
        other: Split = "train" if side == "validation" else "validation"
    answers: list[object] = []

    def move(split: Split) -> None:
        try:
            with either_database.unit_of_work() as session:
                answers.append([photo.id for photo in move_split(session, ada, photos[0].id, split)])
        except Exception as error:
            answers.append(type(error))

    for doomed, split in ((photos[1].id, other), (photos[0].id, side)):
        with either_database.unit_of_work() as session:
            delete(session, [doomed], ada)
            second = start_waiting(either_database, partial(move, split))
        second.join()
    assert answers == [[photos[0].id], NotFound]
