"""Photos: known by their bytes, in a state that says what happened last, and gone with all that was theirs."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import delete as sql_delete
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from db import jobs, splits
from db.annotations import accept, add_annotation, give_back
from db.blobs import BlobStore
from db.deletion import keep_blobs, remove_unneeded
from db.drafts import open_draft, submit
from db.engine import Database
from db.errors import InvalidState, NotAllowed, NotFound
from db.models import Base, Photo, PhotoBand, ResultKind, Snapshot, SnapshotItem, Split, SplitMove, Task, utc_now
from db.people import sign_in
from db.photos import (
    DeletionImpact,
    PhotoFilter,
    add_photo,
    archive,
    collections,
    count_photos,
    delete,
    deletion_impact,
    list_photos,
    move_split,
    photo_states,
    photo_story,
    set_collection,
    unarchive,
)
from db.proposals import add_proposal
from db.queue import LEASE, next_task, skip
from db.reviews import add_restoration, give_verdict
from db.snapshots import make_snapshot
from db.splits import decide_split, near_copies
from tests.support.databases import first_open, new_photo, photo_facts, sha, start_waiting, two_people

HALF_WAY = {"trained": 0, "kept": 0b11_1111_1111_1111, "other": -1}
"""Near hashes: the first two differ in 14 bits, so that one photo may resemble both."""


def restore(session: Session, photo_id: int, mark: str) -> None:
    add_restoration(
        session, photo_id, detector="detector v1", inpainter="telea", colorizer=None, threshold=0.5,
        mask_sha256=sha(f"{mark} detected"), warnings=[],
        results={kind: (sha(f"{mark} {kind}"), sha(f"{mark} {kind} view")) for kind in get_args(ResultKind)},
    )  # fmt: skip


def test_the_same_bytes_are_one_photo(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        first, created = add_photo(session, photo_facts("a"), collection="album")
        again, created_again = add_photo(session, photo_facts("a"), collection="another")
        assert (created, created_again) == (True, False)
        assert (again.id, again.collection) == (first.id, "album")
        assert session.scalar(select(func.count()).select_from(Task)) == 1


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

    def deleted_meanwhile(session: Session, near: Sequence[Photo]) -> list[Photo]:
        found = list(family(session, near))
        session.execute(sql_delete(Photo).where(Photo.id == near[0].id).execution_options(synchronize_session=False))
        return found

    with database.unit_of_work() as session:
        kept, trained = (new_photo(session, name, near_hash=HALF_WAY[name]) for name in ("kept", "trained"))
        trained.split, kept.split = "train", "validation"
        session.flush()
        monkeypatch.setattr(splits, "_family", deleted_meanwhile)
        assert decide_split(session, sha("between"), 0b111_1111) == "train"


def test_bringing_a_family_together_looks_for_each_ones_near_copies_once(database: Database) -> None:
    asked: list[str] = []
    with database.unit_of_work() as session:
        family = [new_photo(session, f"copy {number}", near_hash=7, queue=False) for number in range(20)]
        family[0].split, family[1].split = "train", "validation"
        session.flush()
        event.listen(database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        assert decide_split(session, sha("one more"), 7) == "train"
        assert {photo.split for photo in family} == {"train"}
        assert sum("FROM photo_band" in statement for statement in asked) == len(family) + 1


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


def test_a_photo_walks_through_its_states(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo = new_photo(session, "a")
        unqueued = new_photo(session, "b", queue=False)
        now = utc_now()

        def state() -> str:
            return photo_states(session, [photo.id], now=now)[photo.id]

        assert photo_states(session, [unqueued.id]) == {unqueued.id: "new"}
        assert state() == "waiting"
        task = next_task(session, ben, "label", now=now)
        assert task is not None
        assert state() == "in work"
        assert photo_states(session, [photo.id], now=now + 2 * LEASE) == {photo.id: "waiting"}
        draft = open_draft(session, task, ben, proposal=None, now=now)
        waiting = submit(session, draft.id, ben, 0, sha("mask"), 0.1, 5.0, now=now)
        assert state() == "submitted"
        give_back(session, waiting, ada, "more", now=now)
        assert state() == "waiting"
        task = next_task(session, ben, "label", now=now)
        assert task is not None
        draft = open_draft(session, task, ben, proposal=None, now=now)
        accept(session, submit(session, draft.id, ben, 0, sha("mask"), 0.1, 5.0, now=now), ada, now=now)
        assert state() == "accepted"
        restore(session, photo.id, "a")
        assert state() == "restored"
        review = next_task(session, ben, "review")
        assert review is not None
        give_verdict(
            session,
            review,
            ben,
            first_open(session, review),
            accepted=False,
            reasons=["missed defect"],
            marks=[],
            comment="",
        )
        assert state() == "rejected"
        add_annotation(session, photo, sha("better"), 0.2, origin="imported")
        assert state() == "accepted", "the rejected result is older than the new mask"
        restore(session, photo.id, "again")
        assert state() == "restored"
        archive(session, [photo.id])
        assert state() == "archived"
        unarchive(session, [photo.id])
        assert state() == "restored"


def test_a_photo_stays_restored_when_another_is_restored_after_it(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        rejected, restored, last = (new_photo(session, name) for name in "abc")
        restore(session, rejected.id, "a")
        review = next_task(session, ben, "review")
        assert review is not None
        give_verdict(
            session,
            review,
            ben,
            first_open(session, review),
            accepted=False,
            reasons=["bad fill"],
            marks=[],
            comment="",
        )
        restore(session, restored.id, "b")
        restore(session, last.id, "c")
        found = photo_states(session, [rejected.id, restored.id, last.id])
        assert found == {rejected.id: "rejected", restored.id: "restored", last.id: "restored"}


def test_the_wall_is_filtered_in_the_database(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photos = [new_photo(session, name) for name in ("Anna 100%", "anna_1", "bob", "carl", "dora")]
        set_collection(session, [photos[0].id, photos[2].id], " album ")
        archive(session, [photos[3].id])
        add_annotation(session, photos[4], sha("m"), 0.1, origin="synthetic")

        def names(**wanted: object) -> list[str]:
            found = PhotoFilter(**wanted)  # type: ignore[arg-type]
            cards = list_photos(session, found)
            if "limit" not in wanted:
                assert count_photos(session, found) == len(cards)
            return [card.filename.removesuffix(".jpg") for card in cards]

        assert names() == ["dora", "bob", "anna_1", "Anna 100%"]
        assert names(include_archived=True) == ["dora", "carl", "bob", "anna_1", "Anna 100%"]
        assert names(state="archived") == ["carl"]
        assert names(state="waiting") == ["bob", "anna_1", "Anna 100%"]
        assert names(state="accepted") == ["dora"]
        assert names(text="ANNA") == ["anna_1", "Anna 100%"]
        assert names(text="100%") == ["Anna 100%"], "what LIKE means by % and _ is not meant"
        assert names(text="a_1") == ["anna_1"]
        assert names(text="albu") == ["bob", "Anna 100%"]
        assert names(collection="album") == ["bob", "Anna 100%"]
        assert names(collection="") == ["dora", "anna_1"]
        assert names(limit=2, offset=1) == ["bob", "anna_1"]
        assert collections(session) == [("", 2), ("album", 2)]
        with pytest.raises(InvalidState, match="at most 120"):
            set_collection(session, [photos[0].id], "x" * 121)


def test_a_deletion_tells_and_takes_exactly_what_is_the_photos(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        doomed, kept = new_photo(session, "doomed"), new_photo(session, "kept")
        for photo in (doomed, kept):
            add_proposal(
                session, photo.id, model="d", probability_sha256=sha(f"{photo.filename} p"), threshold=0.5,
                uncertainty=0.1,
            )  # fmt: skip
            add_annotation(session, photo, sha("the same empty mask"), 0.0, origin="imported")
            restore(session, photo.id, photo.filename)
        add_annotation(session, doomed, sha("second mask"), 0.1, origin="imported")
        review = next_task(session, ben, "review")
        assert review is not None
        assert review.photo_id == doomed.id
        give_verdict(
            session,
            review,
            ben,
            first_open(session, review),
            accepted=False,
            reasons=["missed defect"],
            marks=[],
            comment="",
        )
        both = make_snapshot(session, "both", ada.id)
        archive(session, [doomed.id])
        make_snapshot(session, "only kept", ada.id)

        impact = deletion_impact(session, [doomed.id])
        assert impact == DeletionImpact(photos=1, annotations=2, restorations=1, verdicts=1, snapshots=["both"])
        assert deletion_impact(session, []) == DeletionImpact(0, 0, 0, 0, [])
        with pytest.raises(NotAllowed):
            delete(session, [doomed.id], ben)

        orphans = delete(session, [doomed.id, 999], ada)
        named = {
            "doomed", "thumbnail of doomed", "doomed.jpg p", "second mask", "doomed.jpg detected",
            *(f"doomed.jpg {kind}{view}" for kind in get_args(ResultKind) for view in ("", " view")),
        }  # fmt: skip
        assert orphans == sorted(sha(name) for name in named)

        rows = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
        assert rows == {
            "assessor": 2, "photo": 1, "photo_band": 4, "split_move": 0, "proposal": 1, "annotation": 1,
            "draft_event": 0, "task": 2, "skip": 0, "snapshot": 2, "snapshot_item": 3, "restoration": 1, "result": 3,
            "verdict": 0, "job": 0, "promotion": 0,
        }  # fmt: skip
        item = session.scalars(
            select(SnapshotItem).where(SnapshotItem.snapshot_id == both.id, SnapshotItem.photo_sha256 == sha("doomed"))
        ).one()
        assert (item.photo_id, item.annotation_id) == (None, None)
        assert session.scalar(select(func.count()).select_from(Snapshot)) == 2
        assert delete(session, [kept.id], ada) != []


def test_comparisons_lose_the_pictures_of_deleted_photos(either_database: Database) -> None:
    def shown(photo: Photo) -> dict[str, object]:
        overlay = {"detector@2": {"figures": {"dice": 0.5}, "picture": sha(f"overlay of {photo.filename}")}}
        return {"photo_id": photo.id, "view": sha("a view that both share"), "models": overlay}

    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        doomed, kept = new_photo(session, "doomed"), new_photo(session, "kept")
        report = {"figures": {"dice": 0.5}, "photos": [shown(doomed), shown(kept)]}
        job = jobs.add_job(session, "compare", {}, None)
        jobs.claim(session, job.id, "one")
        jobs.finish(session, job.id, report)
        orphans = delete(session, [doomed.id], ada)
        assert sha("overlay of doomed.jpg") in orphans
        assert sha("a view that both share") not in orphans
        session.expire_all()
        assert jobs.get_job(session, job.id).result == {"figures": {"dice": 0.5}, "photos": [shown(kept)]}
        assert sha("a view that both share") in delete(session, [kept.id], ada)


def test_bytes_are_not_removed_while_somebody_is_about_to_refer_to_them(
    either_database: Database, tmp_path: Path
) -> None:
    blobs = BlobStore(str(tmp_path / "blobs"))
    unneeded = [blobs.put(b"gone"), sha("a")]
    with either_database.unit_of_work() as session:
        keep_blobs(session, blobs, {blobs.put(b"view"): b"not looked at, as something is there", sha("a"): b"a"})
        removing = start_waiting(either_database, lambda: remove_unneeded(either_database, blobs, unneeded))
        new_photo(session, "a")
    removing.join()
    assert set(blobs.hashes()) == {sha("a"), sha("view")}


def test_a_photo_tells_its_story(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo, _ = add_photo(session, photo_facts("a"), by_id=ada.id)
        task = next_task(session, ben, "label")
        assert task is not None
        draft = open_draft(session, task, ben, proposal=None)
        waiting = submit(session, draft.id, ben, 0, sha("mask"), 0.125, 5.0)
        give_back(session, waiting, ada, "more here")
        again = next_task(session, sign_in(session, "Cem"), "label")
        assert again is not None
        skip(session, again.id, sign_in(session, "Cem"), "too dark")
        add_annotation(session, photo, sha("better"), 0.2, origin="imported")
        make_snapshot(session, "first", ada.id)
        restore(session, photo.id, "a")
        review = next_task(session, ben, "review")
        assert review is not None
        give_verdict(
            session,
            review,
            ben,
            first_open(session, review),
            accepted=False,
            reasons=["missed defect"],
            marks=[],
            comment="left edge",
        )
        story = photo_story(session, photo.id)
    told = [(entry.who, entry.what) for entry in story]
    assert told == [
        ("Ada", "imported a.jpg"),
        (None, "a mask is wanted"),
        ("Ben", "began a mask"),
        ("Ben", "submitted the mask, 12.5 % marked"),
        ("Ada", "returned the mask: more here"),
        (None, "a mask is wanted: a lead returned the last one"),
        ("Cem", "passed it on: too dark"),
        (None, "imported a mask"),
        (None, "submitted the mask, 20.0 % marked"),
        ("Ada", "froze it into the snapshot “first”"),
        (None, "restored by detector v1 and telea"),
        ("Ben", "rejected the restored photo: missed defect – left edge"),
        (None, "a mask is wanted: missed defect"),
    ]
    assert [entry.at for entry in story] == sorted(entry.at for entry in story)


def test_nobody_is_told_of_a_photo_that_is_not_there(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFound, match="no photo 5"):
        photo_story(session, 5)


def test_the_wall_is_searched_whatever_the_case_of_any_letter(database: Database) -> None:
    """PostgreSQL folds as its own locale says; SQLite by itself folds A to Z only."""
    with database.unit_of_work() as session:
        found = [new_photo(session, name).id for name in ("ÜBUNG 100%", "Übung 1000", "ubung")]
        set_collection(session, found[2:], "ЖУРНАЛ")
        wanted = {"übung": found[:2], "übung 100%": found[:1], "журнал": found[2:], "UBUNG": found[2:]}
        for words, ids in wanted.items():
            assert sorted(card.id for card in list_photos(session, PhotoFilter(text=words))) == ids
            assert count_photos(session, PhotoFilter(text=words)) == len(ids)


def test_archiving_remembers_when(database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
        first = utc_now()
        archive(session, [photo.id], now=first)
        archive(session, [photo.id], now=first + timedelta(days=1))
        session.refresh(photo)
        assert photo.archived_at == first
        assert photo_story(session, photo.id)[-1].what == "put away"


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
