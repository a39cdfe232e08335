"""Leases: who holds a task, for how long, and how it becomes free again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import queue
from db.drafts import open_draft
from db.engine import Database
from db.errors import InvalidState, NotAllowed, NotFound
from db.label_tasks import CHOSEN_PRIORITY, VERDICT_PRIORITY, put_on_top
from db.leases import LEASE
from db.models import Task
from db.queue import next_task
from tests.support.databases import (
    NOON,
    label_and_submit,
    label_task,
    new_photo,
    take_label,
    two_people,
    two_people_and_a_photo,
)

LATER = NOON + LEASE + timedelta(seconds=1)


def test_what_one_holds_comes_first_and_others_do_not_get_it(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        held = next_task(session, ada, "label", now=NOON)
        top = new_photo(session, "b")
        put_on_top(session, top.id, reason="chosen", priority=CHOSEN_PRIORITY)
        again = next_task(session, ada, "label", now=NOON + timedelta(minutes=5))
        assert held is not None
        assert again is held
        assert again.leased_until == NOON + timedelta(minutes=5) + LEASE
        other = take_label(session, ben)
        assert other.photo_id == top.id
        with pytest.raises(InvalidState, match="Ada is working on this photo"):
            next_task(session, ben, "label", task_id=held.id, now=NOON)


def test_an_expired_lease_frees_itself(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        held = take_label(session, ada)
        assert next_task(session, ben, "label", now=NOON + LEASE - timedelta(seconds=1)) is None
        taken = take_label(session, ben, LATER)
        assert taken.id == held.id
        assert taken.leased_to_id == ben.id
        with pytest.raises(InvalidState, match="Ben is working"):
            queue.renew(session, held.id, ada, now=LATER)


def test_renewing_holds_a_task_and_takes_up_an_expired_lease(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        held = take_label(session, ada)
        queue.renew(session, held.id, ada, now=NOON + LEASE / 2)
        assert next_task(session, ben, "label", now=LATER) is None
        much_later = NOON + 3 * LEASE
        assert queue.renew(session, held.id, ada, now=much_later) == much_later + LEASE
        assert next_task(session, ben, "label", now=much_later) is None


def test_an_expired_draft_is_offered_to_its_owner_first(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        held = take_label(session, ada)
        open_draft(session, held, ada, proposal=None, now=NOON)
        top = new_photo(session, "b")
        put_on_top(session, top.id, reason="chosen", priority=CHOSEN_PRIORITY)
        again = take_label(session, ada, LATER)
        assert again.id == held.id


def test_an_expired_draft_of_a_photo_that_somebody_draws_on_by_now_is_not_offered(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        open_draft(session, take_label(session, ada), ada, proposal=None, now=NOON)
        more = put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY, now=NOON)
        assert take_label(session, ben, LATER).id == more.id
        assert next_task(session, ada, "label", now=LATER) is None
        assert queue.waiting(session, ada, now=LATER).label == 0


def test_a_skipped_task_is_not_offered_again_but_to_others(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        task = take_label(session, ada)
        with pytest.raises(InvalidState, match="needs a reason"):
            queue.skip(session, task.id, ada, " ", now=NOON)
        queue.skip(session, task.id, ada, "too dark", now=NOON)
        assert next_task(session, ada, "label", now=NOON) is None
        assert queue.waiting(session, ada, now=NOON).label == 0
        assert queue.waiting(session, ben, now=NOON).label == 1
        assert next_task(session, ben, "label", now=NOON) is not None
        asked = next_task(session, ada, "label", task_id=task.id, now=LATER)
        assert asked is not None, "asking for it by number still works"
        queue.skip(session, task.id, ada, "still too dark", now=LATER)


def test_nobody_skips_what_somebody_else_holds(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        task = take_label(session, ada)
        with pytest.raises(InvalidState, match="Ada is working"):
            queue.skip(session, task.id, ben, "too dark", now=NOON)
        assert task.leased_to_id == ada.id


def test_only_leads_hold_or_pass_on_what_leads_decide(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        waiting = label_and_submit(session, ben)
        with pytest.raises(NotAllowed, match="not a lead"):
            queue.renew(session, waiting.id, ben, now=NOON)
        with pytest.raises(NotAllowed, match="not a lead"):
            queue.skip(session, waiting.id, ben, "mine is fine", now=NOON)
        assert waiting.leased_to_id is None
        assert next_task(session, ada, "accept", now=NOON) is waiting


def test_a_task_that_cannot_be_had_says_why(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        accept_task = label_and_submit(session, ben)
        label = session.scalars(select(Task).where(Task.kind == "label")).one()
        with pytest.raises(InvalidState, match="done already"):
            next_task(session, ada, "label", task_id=label.id, now=NOON)
        with pytest.raises(NotFound, match="accept task, not review"):
            next_task(session, ada, "review", task_id=accept_task.id, now=NOON)
        with pytest.raises(NotFound, match="no task 999"):
            next_task(session, ada, "label", task_id=999, now=NOON)


def test_a_draft_left_open_may_still_be_submitted_and_a_skipped_one_not(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        left, skipped = new_photo(session, "a"), new_photo(session, "b")
        for photo in (skipped, left):
            task = next_task(session, ben, "label", task_id=label_task(session, photo.id).id, now=NOON)
            assert task is not None
            open_draft(session, task, ben, proposal=None, now=NOON)
        queue.skip(session, label_task(session, skipped.id).id, ben, "too dark", now=NOON)
        before = {photo.id: label_task(session, photo.id).id for photo in (left, skipped)}
        after = {
            photo_id: put_on_top(session, photo_id, reason="returned", priority=90.0, now=LATER).id
            for photo_id in before
        }
        assert after[left.id] != before[left.id]
        assert after[skipped.id] == before[skipped.id]
