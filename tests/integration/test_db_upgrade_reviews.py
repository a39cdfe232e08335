"""Migration 0002 with data: reviews of single results become one per restoration, and comparisons stay readable."""

from typing import Any

import pytest
from sqlalchemy import JSON, Connection, bindparam, create_engine, insert, select, text

from db.addresses import normal_url
from db.engine import Database
from db.errors import InvalidState
from db.migrate import downgrade, upgrade
from db.models import Job, Restoration, Task, Verdict, utc_now
from db.people import sign_in
from db.queue import next_task
from db.reviews import give_verdict
from tests.support.databases import new_photo, sha

OLD_REPORT: dict[str, Any] = {
    "models": [{"spec": "detector@1", "name": "detector v1", "threshold": 0.5, "run_id": "r"}],
    "left_out": [],
    "figures": {"detector@1": {"real": {"dice": 0.4}, "synthetic": "no synthetic annotations"}},
    "counts": {"real": 1, "synthetic": 0},
    "photos": [
        {
            "photo_id": 1, "filename": "a.jpg", "real": True, "view": sha("v"),
            "models": {"detector@1": {"figures": {"dice": 0.4}, "overlay": sha("o")}},
        }
    ],
}  # fmt: skip


@pytest.fixture
def old_url(empty_url: str) -> str:
    """A database of revision 0001 in which three photos were restored and one comparison was made."""
    upgrade(empty_url, "0001")
    database = Database(empty_url)
    with database.unit_of_work() as session:
        ada = sign_in(session, "Ada")
        photos = [new_photo(session, name, queue=False) for name in "abc"]
        job = Job(id="compared", kind="compare", status="done", params={}, created_by_id=ada.id, result=OLD_REPORT)
        session.add(job)
        for number, photo in enumerate(photos, start=1):
            session.execute(
                insert(Restoration).values(
                    id=number,
                    photo_id=photo.id,
                    detector="detector v1",
                    inpainter="telea",
                    threshold=0.5,
                    mask_sha256=sha("m"),
                    warnings=[],
                    created_at=utc_now(),
                )
            )
        connection = session.connection()
        _results(connection, [(1, 1, "restored"), (2, 2, "restored"), (3, 3, "restored"), (4, 3, "color")])
        _tasks(connection, [(1, 1, 1, "open"), (2, 2, 2, "done"), (3, 3, 3, "done"), (4, 3, 4, "open")])
        _verdicts(connection, [(1, 2), (2, 3)])
        connection.execute(
            text("INSERT INTO skip (task_id, assessor_id, reason, created_at) VALUES (3, 1, 'dark', :now)"),
            {"now": utc_now().isoformat()},
        )
        _set_sequences(connection)
    database.dispose()
    return empty_url


def _results(connection: Connection, rows: list[tuple[int, int, str]]) -> None:
    wanted = "INSERT INTO result (id, restoration_id, kind, sha256, view_sha256) VALUES (:id, :of, :kind, :sha, :sha)"
    connection.execute(text(wanted), [{"id": i, "of": of, "kind": kind, "sha": sha(str(i))} for i, of, kind in rows])


def _tasks(connection: Connection, rows: list[tuple[int, int, int, str]]) -> None:
    wanted = (
        "INSERT INTO task (id, kind, status, photo_id, result_id, priority, reason, marks, created_at) "
        "VALUES (:id, 'review', :status, :photo, :result, 0, 'restored', :marks, :now)"
    )
    prepared = text(wanted).bindparams(bindparam("marks", type_=JSON))
    connection.execute(
        prepared,
        [
            {"id": i, "photo": photo, "result": result, "status": status, "marks": [], "now": utc_now().isoformat()}
            for i, photo, result, status in rows
        ],
    )


def _verdicts(connection: Connection, rows: list[tuple[int, int]]) -> None:
    wanted = (
        "INSERT INTO verdict (id, result_id, assessor_id, accepted, reasons, marks, comment, created_at) "
        "VALUES (:id, :result, 1, :yes, :none, :none, '', :now)"
    )
    prepared = text(wanted).bindparams(bindparam("none", type_=JSON))
    connection.execute(
        prepared,
        [{"id": i, "result": result, "yes": True, "none": [], "now": utc_now().isoformat()} for i, result in rows],
    )


def _set_sequences(connection: Connection) -> None:
    """A task numbered 9 was there and is gone."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'task'"))
        return
    for table, last in {"task": 9, "verdict": 2, "result": 4, "restoration": 3}.items():
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))


def test_every_restoration_has_one_review_and_nothing_said_is_lost(old_url: str) -> None:
    upgrade(old_url)
    database = Database(old_url)
    with database.unit_of_work() as session:
        rows = session.execute(select(Task.id, Task.restoration_id, Task.status).order_by(Task.id)).all()
        assert [tuple(row) for row in rows] == [(1, 1, "open"), (2, 2, "done"), (4, 3, "open")]
        assert session.scalar(text("SELECT count(*) FROM skip")) == 0
        assert sorted(session.scalars(select(Verdict.result_id))) == [2, 3]
        ben = sign_in(session, "Ben")
        first = next_task(session, ben, "review", task_id=4)
        assert first is not None
        with pytest.raises(InvalidState, match="restored result has its verdict"):
            give_verdict(session, first, ben, 3, accepted=True, reasons=[], marks=[], comment="")
        give_verdict(session, first, ben, 4, accepted=False, reasons=["bad colour"], marks=[], comment="")
        assert first.status == "done"
        single = next_task(session, ben, "review")
        assert single is not None
        give_verdict(session, single, ben, 1, accepted=True, reasons=[], marks=[], comment="")
        assert single.status == "done", "a restoration with one result is as reviewable as before"
        session.add(Task(kind="label", photo_id=1))
        session.flush()
        assert max(session.scalars(select(Task.id))) == 10, "the number of a task that is gone is not given again"
    database.dispose()


def test_deleting_a_restored_photo_takes_its_review_along(old_url: str) -> None:
    upgrade(old_url)
    database = Database(old_url)
    with database.unit_of_work() as session:
        session.execute(text("DELETE FROM restoration WHERE id = 1"))
        assert session.scalar(text("SELECT count(*) FROM task WHERE id = 1")) == 0
    database.dispose()


def test_reports_of_comparisons_go_there_and_back(old_url: str) -> None:
    upgrade(old_url)
    report = _report(old_url)
    (photo,) = report["photos"]
    assert (report["kind"], photo["group"], photo["apart"]) == ("detector", "real", 0.0)
    assert photo["models"]["detector@1"] == {"figures": {"dice": 0.4}, "picture": sha("o")}
    assert report["figures"]["detector@1"] == {"real": {"dice": 0.4}}
    downgrade(old_url, "0001")
    assert _report(old_url) == OLD_REPORT
    upgrade(old_url)


def _report(url: str) -> dict[str, Any]:
    engine = create_engine(normal_url(url))
    with engine.connect() as connection:
        found: dict[str, Any] = connection.execute(select(Job.result).where(Job.id == "compared")).scalar_one()
    engine.dispose()
    return found
