"""Home: what waits comes in the order that helps most."""

from datetime import UTC, datetime, timedelta

from annotator.views.home import cards, home, week
from db.annotations import add_annotation, give_back
from db.drafts import EventIn, append_events, open_draft
from db.engine import Database
from db.jobs import add_job
from db.models import Annotation
from db.photos import archive
from db.queue import Waiting
from tests.support.databases import (
    NOON,
    label_and_submit,
    new_photo,
    sha,
    take_label,
    two_people,
    two_people_and_a_photo,
)

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def test_what_holds_others_up_comes_first() -> None:
    found = cards(Waiting(label=3, accept=1, review=2), [])
    assert [card.kind for card in found] == ["accept", "review", "label"]
    assert [card.said for card in found] == [
        "1 mask waits for your decision",
        "2 restored photos want your verdict",
        "3 photos wait for a mask",
    ]


def test_nothing_waits_makes_no_card() -> None:
    assert cards(Waiting(0, 0, 0), []) == ()


def test_a_mask_that_came_back_is_told_to_its_author_alone(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        drawn = label_and_submit(session, ben)
        back = give_back(session, drawn, ada, "the rim is no defect")
        other = new_photo(session, "b")
        came, new = home(session, ben).cards
        assert (came.said, came.task, came.photos) == ("1 mask came back to you", back.id, (photo,))
        assert (new.said, new.task, new.photos) == ("1 photo waits for a mask", None, (other,))
        assert [card.said for card in home(session, ada).cards] == ["1 photo waits for a mask"]


def test_a_newcomer_is_one_until_they_did_something(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo = new_photo(session, "a")
        assert home(session, ada).is_newcomer
        photo.imported_by_id = ada.id
        session.flush()
        assert not home(session, ada).is_newcomer


def test_whoever_looked_into_label_is_a_newcomer_until_they_draw(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        draft = open_draft(session, take_label(session, ada), ada, proposal=None, now=NOON)
        assert home(session, ada).is_newcomer
        append_events(session, draft.id, ada, 0, [EventIn("threshold", {"value": 0.4})], 1.0, now=NOON)
        assert not home(session, ada).is_newcomer


def test_whoever_has_photos_restored_is_no_newcomer(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, ben = two_people(session)
        add_job(session, "restore", {"photo_ids": [1]}, ada.id)
        assert not home(session, ada).is_newcomer, "Home shows her how far it is"
        assert home(session, ben).is_newcomer


def test_photos_that_were_put_away_are_there(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, _ = two_people(session)
        archive(session, [new_photo(session, "a").id])
        found = home(session, ada)
    assert (found.photos, found.cards) == (1, ())


def test_a_card_shows_the_photos_that_come_next(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, _ = two_people(session)
        for name in "abcdefg":
            new_photo(session, name)
        (card,) = home(session, ada).cards
        assert card.said == "7 photos wait for a mask"
        assert [photo.filename for photo in card.photos] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]


def test_the_week_counts_drawn_masks_but_no_synthetic_ones(database: Database) -> None:
    with database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo = new_photo(session, "a")
        made = add_annotation(session, photo, sha("m"), 0.1, origin="synthetic")
        made.submitted_at = made.decided_at = NOW
        for days, status in ((0, "accepted"), (1, "submitted"), (9, "accepted")):
            at = NOW - timedelta(days=days)
            decided = at if status == "accepted" else None
            session.add(
                Annotation(photo_id=photo.id, assessor_id=ada.id, status=status, submitted_at=at, decided_at=decided)
            )
        session.flush()
        days_ = week(session, NOW)
    assert len(days_) == 7
    assert days_[-1].day == NOW.astimezone().date()
    assert (days_[-1].labelled, days_[-1].accepted) == (1, 1)
    assert (days_[-2].labelled, days_[-2].accepted) == (1, 0)
    assert sum(day.labelled for day in days_) == 2
    assert sum(day.judged for day in days_) == 0


def test_the_week_begins_with_the_first_minute_of_its_first_day(database: Database) -> None:
    late = NOW.astimezone().replace(hour=23, minute=59)
    first = (late - timedelta(days=6)).replace(hour=0, minute=1)
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
        for at in (first, first - timedelta(minutes=2)):
            session.add(Annotation(photo_id=photo.id, status="submitted", submitted_at=at))
        session.flush()
        assert [day.labelled for day in week(session, late)] == [1, 0, 0, 0, 0, 0, 0]
