"""Units of work on both databases: commit or nothing, and what SQLite must be told on every connection."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from db.engine import BUSY_SECONDS, Database
from db.jobs import add_job, fail
from db.models import Annotation, Assessor, Base, Photo, Skip, Task, utc_now
from db.people import sign_in
from db.photos import add_photo
from db.queue import next_task, skip
from db.wall import PhotoFilter, list_photos
from tests.support.databases import new_photo, photo_facts


def count(database: Database, table: type[Photo] | type[Assessor] | type[Task]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_unit_of_work_commits_as_one(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        new_photo(session, "a")
        photo = new_photo(session, "b")
    assert photo.filename == "b.jpg", "rows stay readable after the commit"
    assert (count(either_database, Photo), count(either_database, Task)) == (2, 2)


def test_a_unit_of_work_that_raises_leaves_nothing(either_database: Database) -> None:
    def half() -> None:
        with either_database.unit_of_work() as session:
            new_photo(session, "a")
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        half()
    assert (count(either_database, Photo), count(either_database, Task)) == (0, 0)


def flush(database: Database, row: Base, *, reading: bool = False) -> None:
    with database.reading() if reading else database.unit_of_work() as session:
        session.add(row)
        session.flush()


def test_foreign_keys_are_on(either_database: Database) -> None:
    with pytest.raises(IntegrityError):
        flush(either_database, Task(kind="label", photo_id=99))


def test_what_is_committed_on_sqlite_outlives_a_power_cut(database: Database) -> None:
    """Whoever builds SQLite, or makes the file, chooses other values."""
    with database.reading() as session:
        values = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
    assert values == ["wal", 2]


def test_unknown_words_are_refused(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")
    with pytest.raises(IntegrityError):
        flush(either_database, Annotation(photo_id=photo.id, status="finished"))


def test_looking_cannot_write(either_database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        flush(either_database, Assessor(name="Ada"), reading=True)
    flush(either_database, Assessor(name="Ada"))
    assert count(either_database, Assessor) == 1, "the same connection writes again afterwards"


def test_looking_does_not_wait_for_a_writer(either_database: Database) -> None:
    """Who did wait would wait for this very thread: on SQLite until it is an error, on PostgreSQL for ever."""
    with either_database.unit_of_work() as writer:
        new_photo(writer, "a")
        assert count(either_database, Photo) == 0


def test_times_come_back_aware_and_in_utc(either_database: Database) -> None:
    now = utc_now()
    with either_database.unit_of_work() as session:
        session.add(Assessor(name="Ada", created_at=now))
    with either_database.reading() as session:
        stored = session.scalar(select(Assessor.created_at))
    assert stored == now
    assert stored.utcoffset() is not None
    assert str(stored.tzinfo) == "UTC"


def test_a_time_without_a_zone_is_refused(either_database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        flush(either_database, Assessor(name="Ada", created_at=utc_now().replace(tzinfo=None)))


def test_what_no_database_keeps_is_left_out_of_words(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada = sign_in(session, "A\0da")
        assert sign_in(session, "Ada\0") is ada
        photo, _ = add_photo(session, replace(photo_facts("a"), filename="a\0\ud800.jpg"), collection="al\0bum")
        task = next_task(session, ada, "label")
        assert task is not None
        skip(session, task.id, ada, "too\0 dark\ud800")
        job = add_job(session, "train", {}, ada.id)
        fail(session, job.id, "out of\0 memory")
        session.expire_all()
        assert (ada.name, photo.filename, photo.collection) == ("Ada", "a.jpg", "album")
        assert (session.scalars(select(Skip.reason)).one(), job.error) == ("too dark", "out of memory")
        assert [card.id for card in list_photos(session, PhotoFilter(text="al\0B", collection="album\0"))] == [photo.id]


def test_writers_wait_for_each_other(either_database: Database) -> None:
    """Read, then write, at once from eight threads: with deferred transactions SQLite would fail half of them."""
    with either_database.unit_of_work() as session:
        session.add(Assessor(id=1, name="0"))
    failures: list[BaseException] = []

    def add_one() -> None:
        try:
            for _ in range(5):
                with either_database.unit_of_work() as session:
                    ada = session.get(Assessor, 1, with_for_update=True)
                    assert ada is not None
                    ada.name = str(int(ada.name) + 1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with either_database.reading() as session:
        assert session.scalar(select(Assessor.name)) == "40"


def test_sqlite_is_told_on_every_connection(database: Database) -> None:
    with database.reading() as first, database.reading() as second, database.unit_of_work() as third:
        for connection in (first, second, third):
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA busy_timeout")) == BUSY_SECONDS * 1000


def test_sqlite_never_reuses_a_photos_number(database: Database) -> None:
    with database.unit_of_work() as session:
        first = new_photo(session, "a").id
        session.execute(text("DELETE FROM photo"))
        assert new_photo(session, "b").id > first
