"""Photos: known by their bytes, in a state that says what happened last, with a story that tells it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from annotator.views.exporting import exportable
from db import reviews
from db.annotations import accept, accepted_annotations, add_annotation, give_back
from db.drafts import open_draft, submit
from db.engine import Database
from db.errors import NotFound
from db.leases import LEASE
from db.models import Task, utc_now
from db.people import sign_in
from db.photos import add_photo, archive, existing, get_photo, set_collection, unarchive
from db.proposals import add_proposal, latest_proposal, offer_again
from db.queue import next_task, skip
from db.snapshots import make_snapshot
from db.stories import photo_story
from db.wall import photo_states
from tests.support.databases import (
    TEMPLATE,
    new_photo,
    photo_facts,
    reject,
    restored,
    sha,
    two_people,
    two_people_and_a_photo,
)
from tests.support.postgres import Cluster


def test_the_same_bytes_are_one_photo(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        first, created = add_photo(session, photo_facts("a"), collection="album")
        again, created_again = add_photo(session, photo_facts("a"), collection="another")
        assert (created, created_again) == (True, False)
        assert (again.id, again.collection) == (first.id, "album")
        assert session.scalar(select(func.count()).select_from(Task)) == 1


def test_a_name_turns_no_sentence_round(database: Database) -> None:
    family = "👩\u200d👧"
    with database.unit_of_work() as session:
        facts = replace(photo_facts("a"), filename=f"\u202e{family}\u2066 صورة\n.png")
        photo, _ = add_photo(session, facts, collection=f"\u202d{family}")
        assert (photo.filename, photo.collection) == (f"{family} صورة .png", family)


def test_any_number_of_photos_may_be_chosen_at_once(either_database: Database) -> None:
    """Databases take 32 766 values, or 65 535, in one statement."""
    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")
        chosen = range(photo.id, photo.id + 70_000)
        set_collection(session, chosen, "album")
        archive(session, chosen)
        assert photo_states(session, [photo.id]) == {photo.id: "archived"}
        unarchive(session, chosen)
        assert photo_states(session, [photo.id]) == {photo.id: "waiting"}
        session.expire_all()
        assert get_photo(session, photo.id).collection == "album"
        assert existing(session, chosen) == [photo.id]
        assert exportable(session, chosen).without == ("a.jpg",)


def test_a_photo_walks_through_its_states(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
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
        restored(session, photo.id, "a")
        assert state() == "restored"
        review = next_task(session, ben, "review")
        assert review is not None
        reject(session, review, ben)
        assert state() == "rejected"
        add_annotation(session, photo, sha("better"), 0.2, origin="imported")
        assert state() == "accepted", "the rejected result is older than the new mask"
        restored(session, photo.id, "again")
        assert state() == "restored"
        archive(session, [photo.id])
        assert state() == "archived"
        unarchive(session, [photo.id])
        assert state() == "restored"


def test_a_worker_whose_clock_is_behind_restores_all_the_same(
    migrated_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A team's machines share PostgreSQL, and no clock but its."""
    with migrated_cluster.fresh_database(template=TEMPLATE) as url:
        database = Database(url)
        with database.unit_of_work() as session:
            photo = new_photo(session, "a")
            add_annotation(session, photo, sha("mask"), 0.1, origin="imported")
            monkeypatch.setattr(reviews, "utc_now", lambda: utc_now() - timedelta(hours=1))
            restored(session, photo.id, "a")
            assert photo_states(session, [photo.id]) == {photo.id: "restored"}
        database.dispose()


def test_the_newest_mask_and_proposal_count_after_a_clock_was_set_back(either_database: Database) -> None:
    def propose(session: Session, model: str, now: datetime | None = None) -> None:
        add_proposal(
            session, photo.id, model=model, probability_sha256=sha(model), threshold=0.5, uncertainty=0.1, now=now
        )

    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")
        ahead = utc_now() + timedelta(hours=1)
        propose(session, "old", ahead)
        add_annotation(session, photo, sha("old mask"), 0.1, origin="imported", now=ahead)
    with either_database.unit_of_work() as session:
        restored(session, photo.id, "a")
        assert photo_states(session, [photo.id]) == {photo.id: "restored"}
        add_annotation(session, photo, sha("new mask"), 0.1, origin="imported")
        assert photo_states(session, [photo.id]) == {photo.id: "accepted"}
        assert [mask.mask_sha256 for mask in accepted_annotations(session)] == [sha("new mask")]
        propose(session, "new")
        assert latest_proposal(session, photo.id).model == "new"  # type: ignore[union-attr]
        offer_again(session, photo.id, "old")
        assert latest_proposal(session, photo.id).model == "old"  # type: ignore[union-attr]


def test_a_photo_stays_restored_when_another_is_restored_after_it(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        rejected, good, last = (new_photo(session, name) for name in "abc")
        restored(session, rejected.id, "a")
        review = next_task(session, ben, "review")
        assert review is not None
        reject(session, review, ben, "bad fill")
        restored(session, good.id, "b")
        restored(session, last.id, "c")
        found = photo_states(session, [rejected.id, good.id, last.id])
        assert found == {rejected.id: "rejected", good.id: "restored", last.id: "restored"}


def test_a_photo_tells_its_story(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo, _ = add_photo(session, photo_facts("a"), by_id=ada.id)
        task = next_task(session, ben, "label")
        assert task is not None
        draft = open_draft(session, task, ben, proposal=None)
        waiting = submit(session, draft.id, ben, 0, sha("mask"), 0.125, 5.0)
        returned = give_back(session, waiting, ada, "more here")
        again = next_task(session, sign_in(session, "Cem"), "label", task_id=returned.id)
        assert again is not None
        skip(session, again.id, sign_in(session, "Cem"), "too dark")
        add_annotation(session, photo, sha("better"), 0.2, origin="imported")
        make_snapshot(session, "first", ada.id)
        restored(session, photo.id, "a")
        review = next_task(session, ben, "review")
        assert review is not None
        reject(session, review, ben, comment="left edge")
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


def test_archiving_remembers_when(database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
        first = utc_now()
        archive(session, [photo.id], now=first)
        archive(session, [photo.id], now=first + timedelta(days=1))
        session.refresh(photo)
        assert photo.archived_at == first
        assert photo_story(session, photo.id)[-1].what == "put away"
