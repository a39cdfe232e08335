"""The queue: order, leases, skips, and races that nobody may win twice."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db import queue
from db.annotations import accept, add_annotation, give_back
from db.drafts import open_draft, submit
from db.engine import Database
from db.errors import InvalidState, NotAllowed, NotFound
from db.models import Assessor, Photo, Task
from db.people import set_roles, sign_in
from db.photos import archive, delete, unarchive
from db.queue import LEASE, Waiting, next_task
from tests.support.databases import TEMPLATE, at_once, new_photo, sha, start_waiting, two_people
from tests.support.postgres import Cluster

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + LEASE + timedelta(seconds=1)


def label_task(session: Session, photo_id: int) -> Task:
    return session.scalars(select(Task).where(Task.photo_id == photo_id, Task.kind == "label")).one()


def label_and_submit(session: Session, assessor: Assessor) -> Task:
    task = next_task(session, assessor, "label", now=NOON)
    assert task is not None
    draft = open_draft(session, task, assessor, proposal=None, now=NOON)
    return submit(session, draft.id, assessor, 0, sha("mask"), 0.1, 5.0, now=NOON)


def test_highest_priority_first_then_the_oldest(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        a, b, c, d = (new_photo(session, name) for name in "abcd")
        queue.set_priority_from_uncertainty(session, b.id, 0.4)
        queue.set_priority_from_uncertainty(session, c.id, 0.4)
        queue.put_on_top(session, d.id, reason="missed defect", priority=queue.VERDICT_PRIORITY)
        queue.set_priority_from_uncertainty(session, d.id, 0.1)
        assert [task.photo_id for task in queue.upcoming(session, ben, "label")] == [d.id, b.id, c.id, a.id]
        order = []
        for number in range(4):
            task = next_task(session, sign_in(session, f"person {number}"), "label", now=NOON)
            assert task is not None
            order.append((task.photo.filename, task.reason))
        assert order == [("d.jpg", "missed defect"), ("b.jpg", "uncertain"), ("c.jpg", "uncertain"), ("a.jpg", "new")]
        assert next_task(session, ada, "label", now=NOON) is None


def test_what_one_holds_comes_first_and_others_do_not_get_it(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        held = next_task(session, ada, "label", now=NOON)
        top = new_photo(session, "b")
        queue.put_on_top(session, top.id, reason="chosen", priority=queue.CHOSEN_PRIORITY)
        again = next_task(session, ada, "label", now=NOON + timedelta(minutes=5))
        assert held is not None
        assert again is held
        assert again.leased_until == NOON + timedelta(minutes=5) + LEASE
        other = next_task(session, ben, "label", now=NOON)
        assert other is not None
        assert other.photo_id == top.id
        with pytest.raises(InvalidState, match="Ada is working on this photo"):
            next_task(session, ben, "label", task_id=held.id, now=NOON)


def test_an_expired_lease_frees_itself(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        held = next_task(session, ada, "label", now=NOON)
        assert held is not None
        assert next_task(session, ben, "label", now=NOON + LEASE - timedelta(seconds=1)) is None
        taken = next_task(session, ben, "label", now=LATER)
        assert taken is not None
        assert taken.id == held.id
        assert taken.leased_to_id == ben.id
        with pytest.raises(InvalidState, match="Ben is working"):
            queue.renew(session, held.id, ada, now=LATER)


def test_renewing_holds_a_task_and_takes_up_an_expired_lease(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        held = next_task(session, ada, "label", now=NOON)
        assert held is not None
        queue.renew(session, held.id, ada, now=NOON + LEASE / 2)
        assert next_task(session, ben, "label", now=LATER) is None
        much_later = NOON + 3 * LEASE
        assert queue.renew(session, held.id, ada, now=much_later) == much_later + LEASE
        assert next_task(session, ben, "label", now=much_later) is None


def test_an_expired_draft_is_offered_to_its_owner_first(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        new_photo(session, "a")
        held = next_task(session, ada, "label", now=NOON)
        assert held is not None
        open_draft(session, held, ada, proposal=None, now=NOON)
        top = new_photo(session, "b")
        queue.put_on_top(session, top.id, reason="chosen", priority=queue.CHOSEN_PRIORITY)
        again = next_task(session, ada, "label", now=LATER)
        assert again is not None
        assert again.id == held.id


def test_release_gives_back_and_only_ones_own(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        held = next_task(session, ada, "label", now=NOON)
        assert held is not None
        queue.release(session, held.id, ben)
        assert next_task(session, ben, "label", now=NOON) is None
        queue.release(session, held.id, ada)
        assert next_task(session, ben, "label", now=NOON) is not None


def test_a_skipped_task_is_not_offered_again_but_to_others(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        task = next_task(session, ada, "label", now=NOON)
        assert task is not None
        with pytest.raises(InvalidState, match="needs a reason"):
            queue.skip(session, task.id, ada, " ", now=NOON)
        queue.skip(session, task.id, ada, "too dark", now=NOON)
        assert next_task(session, ada, "label", now=NOON) is None
        assert queue.waiting(session, ada, now=NOON).label == 0
        assert queue.waiting(session, ben, now=NOON).label == 1
        assert next_task(session, ben, "label", now=NOON) is not None
        queue.release(session, task.id, ben)
        asked = next_task(session, ada, "label", task_id=task.id, now=NOON)
        assert asked is not None, "asking for it by number still works"
        queue.skip(session, task.id, ada, "still too dark", now=NOON)


def test_nobody_skips_what_somebody_else_holds(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        task = next_task(session, ada, "label", now=NOON)
        assert task is not None
        with pytest.raises(InvalidState, match="Ada is working"):
            queue.skip(session, task.id, ben, "too dark", now=NOON)
        assert task.leased_to_id == ada.id


def test_archived_photos_wait_aside(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo = new_photo(session, "a")
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
        queue.set_priority_from_uncertainty(session, sorted_.id, 0.7)
        queue.queue_photos(session, [chosen.id])
        add_annotation(session, imported, sha("mask"), 0.1, origin="imported")
        unarchive(session, [sorted_.id, chosen.id, imported.id])
        session.expire_all()
        assert (label_task(session, sorted_.id).priority, label_task(session, chosen.id).reason) == (0.7, "chosen")
        assert label_task(session, imported.id).status == "done"
        assert session.scalar(select(func.count(Task.id))) == 3


def test_a_lead_decides_on_own_masks_only_when_alone(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
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


def test_only_leads_hold_or_pass_on_what_leads_decide(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        waiting = label_and_submit(session, ben)
        with pytest.raises(NotAllowed, match="not a lead"):
            queue.renew(session, waiting.id, ben, now=NOON)
        with pytest.raises(NotAllowed, match="not a lead"):
            queue.skip(session, waiting.id, ben, "mine is fine", now=NOON)
        assert waiting.leased_to_id is None
        assert next_task(session, ada, "accept", now=NOON) is waiting


def test_a_task_that_cannot_be_had_says_why(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        new_photo(session, "a")
        accept_task = label_and_submit(session, ben)
        label = session.scalars(select(Task).where(Task.kind == "label")).one()
        with pytest.raises(InvalidState, match="done already"):
            next_task(session, ada, "label", task_id=label.id, now=NOON)
        with pytest.raises(NotFound, match="accept task, not review"):
            next_task(session, ada, "review", task_id=accept_task.id, now=NOON)
        with pytest.raises(NotFound, match="no task 999"):
            next_task(session, ada, "label", task_id=999, now=NOON)


def test_putting_on_top_uses_the_task_that_is_there(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")
        first = queue.put_on_top(session, photo.id, reason="missed defect", priority=100.0, marks=[{"kind": "x"}])
        second = queue.put_on_top(session, photo.id, reason="returned", priority=90.0, marks=[{"kind": "y"}])
        assert first.id == second.id == label_task(session, photo.id).id
        assert (second.reason, second.priority) == ("missed defect", 100.0)
        assert second.marks == [{"kind": "x"}, {"kind": "y"}]
        assert [task.id for task in queue.queue_photos(session, [photo.id])] == [first.id]


def test_what_is_said_while_somebody_draws_waits_in_a_task_of_its_own(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo = new_photo(session, "a")
        held = next_task(session, ben, "label", now=NOON)
        assert held is not None
        draft = open_draft(session, held, ben, proposal=None, now=NOON)
        said = {"reason": "missed defect", "priority": queue.VERDICT_PRIORITY, "marks": [{"kind": "x"}], "now": NOON}
        put = queue.put_on_top(session, photo.id, **said)
        assert (put.id == held.id, held.marks, put.marks) == (False, [], [{"kind": "x"}])
        assert queue.put_on_top(session, photo.id, **said).id == put.id, "the next to be said joins it"
        assert queue.waiting(session, ada, now=NOON).label == 0, "one person at a time draws on a photo"
        assert next_task(session, ada, "label", now=NOON) is None
        with pytest.raises(InvalidState, match="Ben is working on this photo"):
            next_task(session, ada, "label", task_id=put.id, now=NOON)
        assert next_task(session, ben, "label", now=NOON) is held
        submit(session, draft.id, ben, 0, sha("mask"), 0.1, 5.0, now=NOON)
        assert next_task(session, ada, "label", now=NOON) is put


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
            photo_id: queue.put_on_top(session, photo_id, reason="returned", priority=90.0, now=LATER).id
            for photo_id in before
        }
        assert after[left.id] != before[left.id]
        assert after[skipped.id] == before[skipped.id]


def test_choosing_a_photo_that_somebody_draws_on_makes_no_second_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        photo = new_photo(session, "a")
        held = next_task(session, ben, "label")
        assert queue.queue_photos(session, [photo.id]) == [held]
        assert label_task(session, photo.id).reason == "chosen"


def test_two_who_put_a_photo_on_top_at_once_make_one_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo_id = new_photo(session, "a", queue=False).id
    at_once(either_database, lambda session: queue.put_on_top(session, photo_id, reason="returned", priority=90.0))
    with either_database.reading() as session:
        assert label_task(session, photo_id).reason == "returned"


def test_assessors_who_ask_at_once_never_get_the_same(either_database: Database) -> None:
    people, photos = 8, 24
    with either_database.unit_of_work() as session:
        ids = [sign_in(session, f"person {number}").id for number in range(people)]
        for number in range(photos):
            new_photo(session, f"photo {number}")
    barrier = threading.Barrier(people)
    got: list[tuple[int, int]] = []
    failures: list[BaseException] = []

    def work(assessor_id: int) -> None:
        try:
            barrier.wait()
            for _ in range(photos // people):
                with either_database.unit_of_work() as session:
                    assessor = session.get(Assessor, assessor_id)
                    assert assessor is not None
                    task = next_task(session, assessor, "label")
                    assert task is not None
                    task.status = "done"
                    got.append((task.id, assessor_id))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(assessor_id,)) for assessor_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len({task_id for task_id, _ in got}) == len(got) == photos


def test_a_task_being_taken_is_passed_over(migrated_cluster: Cluster) -> None:
    """On PostgreSQL the lease of a transaction that is still open counts already; SQLite has no second writer."""
    with migrated_cluster.fresh_database(template=TEMPLATE) as url:
        database = Database(url)
        with database.unit_of_work() as session:
            ada, ben = two_people(session)
            first, second = new_photo(session, "a").id, new_photo(session, "b").id
            session.execute(update(Task).values(kind="review"))
        with database.unit_of_work() as one, database.unit_of_work() as other:
            taken, next_one = next_task(one, ada, "review"), next_task(other, ben, "review")
            assert taken is not None
            assert next_one is not None
            assert (taken.photo_id, next_one.photo_id) == (first, second)
        database.dispose()


def test_two_who_ask_at_once_never_get_the_two_tasks_of_one_photo(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo = new_photo(session, "a")
        held = next_task(session, ben, "label")
        assert held is not None
        queue.put_on_top(session, photo.id, reason="missed defect", priority=queue.VERDICT_PRIORITY)
        queue.release(session, held.id, ben)
        other = new_photo(session, "b").id
    got: list[int] = []

    def ask() -> None:
        with either_database.unit_of_work() as session:
            task = next_task(session, ada, "label")
            got.extend([task.photo_id] if task else [])

    with either_database.unit_of_work() as session:
        assert next_task(session, ben, "label") is not None
        asking = start_waiting(either_database, ask)
    asking.join()
    assert got == [other]


def test_a_lease_that_is_given_up_while_strokes_are_saved_makes_no_ring(migrated_cluster: Cluster) -> None:
    """PostgreSQL locks a row that changed while it was waited for, fit or not: the key of leases must not come then."""
    with migrated_cluster.fresh_database(template=TEMPLATE) as url:
        database = Database(url)
        with database.unit_of_work() as session:
            ada, ben = two_people(session)
            task_id = label_task(session, new_photo(session, "a").id).id
            next_task(session, ada, "label", now=NOON)

        def save() -> None:
            with database.unit_of_work() as session:
                queue.take_up(session, task_id, ada, NOON)

        def renew() -> None:
            with database.unit_of_work() as session:
                queue.renew(session, task_id, ben, NOON)

        with database.unit_of_work() as session:
            queue.skip(session, task_id, ada, "too dark", now=NOON)
            threads = [start_waiting(database, save), start_waiting(database, renew, waiting=2)]
        for thread in threads:
            thread.join()
        with database.reading() as session:
            assert queue.get_task(session, task_id).leased_to_id == ben.id
        database.dispose()


def test_a_mask_that_is_submitted_while_its_photo_is_deleted_finds_no_photo(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo_id = new_photo(session, "a").id
        task = next_task(session, ada, "label", now=NOON)
        assert task is not None
        draft = open_draft(session, task, ada, proposal=None, now=NOON)
    failed: list[Exception] = []

    def submitting() -> None:
        try:
            with either_database.unit_of_work() as session:
                submit(session, draft.id, ada, 0, sha("mask"), 0.1, 5.0, now=NOON)
        except Exception as error:
            failed.append(error)

    with either_database.unit_of_work() as session:
        session.get(Photo, photo_id, with_for_update=True)  # a deletion begins with the photo, and comes to its tasks
        second = start_waiting(either_database, submitting)
        delete(session, [photo_id], ada)
    second.join()
    assert [type(error) for error in failed] == [NotFound], failed
