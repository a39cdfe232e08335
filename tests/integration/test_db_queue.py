"""The queue: in which order photos come, what joins a task that is there, and what waits aside."""

import pytest
from sqlalchemy import func, select

from db import queue
from db.annotations import accept, add_annotation, give_back
from db.drafts import open_draft, submit
from db.engine import Database
from db.errors import InvalidState, NotAllowed
from db.label_tasks import VERDICT_PRIORITY, put_on_top, queue_photos, set_priority_from_uncertainty
from db.models import Task
from db.people import set_roles, sign_in
from db.photos import archive, unarchive
from db.queue import Waiting, next_task
from tests.support.databases import (
    NOON,
    label_and_submit,
    label_task,
    new_photo,
    sha,
    take_label,
    two_people,
    two_people_and_a_photo,
)


def test_highest_priority_first_then_the_oldest(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        a, b, c, d = (new_photo(session, name) for name in "abcd")
        set_priority_from_uncertainty(session, b.id, 0.4)
        set_priority_from_uncertainty(session, c.id, 0.4)
        put_on_top(session, d.id, reason="missed defect", priority=VERDICT_PRIORITY)
        set_priority_from_uncertainty(session, d.id, 0.1)
        assert [task.photo_id for task in queue.upcoming(session, ben, "label")] == [d.id, b.id, c.id, a.id]
        order = []
        for number in range(4):
            task = next_task(session, sign_in(session, f"person {number}"), "label", now=NOON)
            assert task is not None
            order.append((task.photo.filename, task.reason))
        assert order == [("d.jpg", "missed defect"), ("b.jpg", "uncertain"), ("c.jpg", "uncertain"), ("a.jpg", "new")]
        assert next_task(session, ada, "label", now=NOON) is None


def test_archived_photos_wait_aside(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
        archive(session, [photo.id])
        session.refresh(photo)
        assert next_task(session, ada, "label", now=NOON) is None
        assert queue.waiting(session, ada, now=NOON) == Waiting(0, 0, 0)
        task = label_task(session, photo.id)
        with pytest.raises(InvalidState, match="put away"):
            next_task(session, ada, "label", task_id=task.id, now=NOON)
        unarchive(session, [photo.id])
        assert next_task(session, ada, "label", now=NOON) is not None


def test_archiving_parks_open_tasks_and_unarchiving_opens_only_those(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        first, second, other = (new_photo(session, name) for name in "abc")
        held = next_task(session, ben, "label", task_id=label_task(session, first.id).id, now=NOON)
        assert held is not None
        done = label_task(session, second.id)
        done.status = "done"
        archive(session, [first.id, second.id])
        session.expire_all()
        assert (held.status, held.leased_to_id, held.leased_until) == ("parked", None, None)
        assert (done.status, label_task(session, other.id).status) == ("done", "open")
        with pytest.raises(InvalidState, match=r"a\.jpg is put away"):
            queue.skip(session, held.id, ada, "too dark", now=NOON)
        unarchive(session, [first.id, second.id])
        session.expire_all()
        assert (held.status, done.status) == ("open", "done")


def test_what_happens_to_an_archived_photo_finds_its_parked_tasks(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        two_people(session)
        sorted_, chosen, imported = (new_photo(session, name) for name in "abc")
        archive(session, [sorted_.id, chosen.id, imported.id])
        set_priority_from_uncertainty(session, sorted_.id, 0.7)
        queue_photos(session, [chosen.id])
        add_annotation(session, imported, sha("mask"), 0.1, origin="imported")
        unarchive(session, [sorted_.id, chosen.id, imported.id])
        session.expire_all()
        assert (label_task(session, sorted_.id).priority, label_task(session, chosen.id).reason) == (0.7, "chosen")
        assert label_task(session, imported.id).status == "done"
        assert session.scalar(select(func.count(Task.id))) == 3


def test_a_lead_decides_on_own_masks_only_when_alone(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        waiting = label_and_submit(session, ada)
        with pytest.raises(NotAllowed, match="not a lead"):
            next_task(session, ben, "accept", now=NOON)
        assert queue.waiting(session, ada, now=NOON).accept == 1
        set_roles(session, ada, ben.id, is_lead=True, is_engineer=False)
        assert next_task(session, ada, "accept", now=NOON) is None
        assert queue.waiting(session, ada, now=NOON).accept == 0
        with pytest.raises(NotAllowed, match="your own mask"):
            next_task(session, ada, "accept", task_id=waiting.id, now=NOON)
        with pytest.raises(NotAllowed, match="your own mask"):
            accept(session, waiting, ada, now=NOON)
        with pytest.raises(NotAllowed, match="your own mask"):
            give_back(session, waiting, ada, "not like this", now=NOON)
        task = next_task(session, ben, "accept", now=NOON)
        assert task is not None
        assert accept(session, task, ben, now=NOON).status == "accepted"


def test_a_returned_mask_is_its_authors_for_a_day(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        cem, other = sign_in(session, "Cem"), new_photo(session, "b")
        queue.skip(session, label_task(session, other.id).id, ben, "too dark", now=NOON)
        task = give_back(session, label_and_submit(session, ben), ada, "the crease is missing", now=NOON)
        assert [each.photo_id for each in queue.upcoming(session, cem, "label", now=NOON)] == [other.id]
        assert queue.waiting(session, cem, now=NOON).label == 1
        assert take_label(session, cem).photo_id == other.id
        assert queue.upcoming(session, ben, "label", now=NOON) == [task]
        much_later = NOON + queue.KEPT_FOR_AUTHOR
        assert queue.upcoming(session, cem, "label", now=much_later)[0] is task, "whoever is away holds nothing up"
        assert take_label(session, ben) is task
        assert next_task(session, ada, "label", now=NOON) is None
        queue.skip(session, task.id, ben, "I cannot see it", now=NOON)
        assert take_label(session, ada) is task, "passed on"


def test_a_mask_returned_to_somebody_who_left_is_anyones(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        task = give_back(session, label_and_submit(session, ben), ada, "the crease is missing", now=NOON)
        assert next_task(session, ada, "label", now=NOON) is None
        asked = next_task(session, sign_in(session, "Cem"), "label", task_id=task.id, now=NOON)
        assert asked is task, "asking for it by number still works"
        task.leased_to_id = task.leased_until = None
        set_roles(session, ada, ben.id, active=False)
        assert take_label(session, ada) is task


def test_putting_on_top_uses_the_task_that_is_there(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")
        first = put_on_top(session, photo.id, reason="missed defect", priority=100.0, marks=[{"kind": "x"}])
        again = [{"kind": "y"}, {"kind": "x"}]
        second = put_on_top(session, photo.id, reason="returned", priority=90.0, marks=again)
        assert first.id == second.id == label_task(session, photo.id).id
        assert (second.reason, second.priority) == ("missed defect", 100.0)
        assert second.marks == [{"kind": "x"}, {"kind": "y"}]
        assert [task.id for task in queue_photos(session, [photo.id])] == [first.id]


def test_what_is_said_while_somebody_draws_waits_in_a_task_of_its_own(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        held = take_label(session, ben)
        draft = open_draft(session, held, ben, proposal=None, now=NOON)
        said = {"reason": "missed defect", "priority": VERDICT_PRIORITY, "marks": [{"kind": "x"}], "now": NOON}
        put = put_on_top(session, photo.id, **said)
        assert (put.id == held.id, held.marks, put.marks) == (False, [], [{"kind": "x"}])
        assert put_on_top(session, photo.id, **said).id == put.id, "the next to be said joins it"
        assert queue.waiting(session, ada, now=NOON).label == 0, "one person at a time draws on a photo"
        assert next_task(session, ada, "label", now=NOON) is None
        with pytest.raises(InvalidState, match="Ben is working on this photo"):
            next_task(session, ada, "label", task_id=put.id, now=NOON)
        assert next_task(session, ben, "label", now=NOON) is held
        submit(session, draft.id, ben, 0, sha("mask"), 0.1, 5.0, now=NOON)
        assert next_task(session, ada, "label", now=NOON) is put


def test_choosing_a_photo_that_somebody_draws_on_makes_no_second_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben, photo = two_people_and_a_photo(session)
        held = next_task(session, ben, "label")
        assert queue_photos(session, [photo.id]) == [held]
        assert label_task(session, photo.id).reason == "chosen"
