"""Races for tasks that nobody may win twice."""

import threading

from sqlalchemy import update

from db import leases, queue
from db.deletion import delete
from db.drafts import open_draft, submit
from db.engine import Database
from db.errors import NotFound
from db.label_tasks import VERDICT_PRIORITY, put_on_top
from db.models import Assessor, Photo, Task
from db.people import sign_in
from db.queue import next_task
from tests.support.databases import (
    NOON,
    TEMPLATE,
    at_once,
    label_task,
    new_photo,
    sha,
    start_waiting,
    take_label,
    two_people,
    two_people_and_a_photo,
)
from tests.support.postgres import Cluster


def test_two_who_put_a_photo_on_top_at_once_make_one_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo_id = new_photo(session, "a", queue=False).id
    at_once(either_database, lambda session: put_on_top(session, photo_id, reason="returned", priority=90.0))
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
        ada, ben, photo = two_people_and_a_photo(session)
        held = next_task(session, ben, "label")
        assert held is not None
        put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY)
        held.leased_to_id = held.leased_until = None
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
                leases.take_up(session, task_id, ada, NOON)

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
        task = take_label(session, ada)
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
