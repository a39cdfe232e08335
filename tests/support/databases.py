"""Fixtures for tests that must hold on SQLite and on PostgreSQL, and rows to fill them with."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from db.drafts import open_draft, submit
from db.engine import Database
from db.migrate import upgrade
from db.models import Assessor, Photo, Restoration, ResultKind, Task, Verdict
from db.people import sign_in
from db.photos import PhotoFacts, add_photo
from db.queue import next_task
from db.reviews import add_restoration, give_verdict, open_results
from tests.support.postgres import Cluster
from tests.support.waiting import wait_for

TEMPLATE = "migrated"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""Now, for what takes the moment as an argument."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'heirloom.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database with all tables, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "heirloom.db")
        yield f"sqlite:///{tmp_path / 'heirloom.db'}"
        return
    cluster: Cluster = request.getfixturevalue("migrated_cluster")
    with cluster.fresh_database(template=TEMPLATE) as url:
        yield url


@pytest.fixture
def either_database(migrated_url: str) -> Iterator[Database]:
    """An empty database with all tables, on SQLite and then on PostgreSQL."""
    database = Database(migrated_url)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to copy: migrating anew for every test is slow."""
    file = tmp_path_factory.mktemp("migrated") / "heirloom.db"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_cluster(postgres_cluster: Cluster) -> Cluster:
    """The cluster, with a migrated database to copy."""
    engine = create_engine(postgres_cluster.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
    engine.dispose()
    upgrade(postgres_cluster.url(TEMPLATE))
    return postgres_cluster


def sha(text_: str) -> str:
    """A hash that stands for some blob."""
    return hashlib.sha256(text_.encode()).hexdigest()


def photo_facts(name: str, *, near_hash: int | None = None) -> PhotoFacts:
    """Facts of a made-up 40×30 photo; unlike names have unlike near hashes."""
    spread = int.from_bytes(hashlib.sha256(f"near {name}".encode()).digest()[:8], "big", signed=True)
    return PhotoFacts(
        sha256=sha(name),
        filename=f"{name}.jpg",
        format="JPEG",
        width=40,
        height=30,
        channels=1,
        bit_depth=8,
        byte_size=1000,
        view_sha256=sha(name),
        thumbnail_sha256=sha(f"thumbnail of {name}"),
        near_hash=spread if near_hash is None else near_hash,
    )


def new_photo(session: Session, name: str, *, near_hash: int | None = None, queue: bool = True) -> Photo:
    photo, created = add_photo(session, photo_facts(name, near_hash=near_hash), queue=queue)
    assert created
    return photo


def two_people(session: Session) -> tuple[Assessor, Assessor]:
    """A lead and engineer, and an assessor without roles."""
    return sign_in(session, "Ada"), sign_in(session, "Ben")


def two_people_and_a_photo(session: Session) -> tuple[Assessor, Assessor, Photo]:
    """As `two_people`, with a photo that waits for a mask."""
    return *two_people(session), new_photo(session, "a")


def label_task(session: Session, photo_id: int) -> Task:
    """The one label task of a photo."""
    return session.scalars(select(Task).where(Task.photo_id == photo_id, Task.kind == "label")).one()


def take_label(session: Session, assessor: Assessor, now: datetime = NOON) -> Task:
    """The label task that this person takes next."""
    task = next_task(session, assessor, "label", now=now)
    assert task is not None
    return task


def label_and_submit(session: Session, assessor: Assessor) -> Task:
    """The accept task of a mask that this person drew on the next photo, at noon."""
    return _submit(session, take_label(session, assessor), assessor, sha("mask"), now=NOON)


def submit_mask(
    session: Session, assessor: Assessor, photo_id: int, mask_sha256: str, *, share: float = 0.1, seconds: float = 5.0
) -> Task:
    """The accept task of a mask that this person drew on that photo just now."""
    task = next_task(session, assessor, "label", task_id=label_task(session, photo_id).id)
    assert task is not None
    return _submit(session, task, assessor, mask_sha256, share=share, seconds=seconds)


def restored(session: Session, photo_id: int, mark: str) -> Restoration:
    """A restoration of a photo with all three results; `mark` tells its bytes from those of others."""
    return add_restoration(
        session, photo_id, detector="detector v1", inpainter="telea", colorizer=None, threshold=0.5,
        mask_sha256=sha(f"{mark} detected"), warnings=[],
        results={kind: (sha(f"{mark} {kind}"), sha(f"{mark} {kind} view")) for kind in get_args(ResultKind)},
    )  # fmt: skip


def reject(
    session: Session,
    review: Task,
    assessor: Assessor,
    reason: str = "missed defect",
    *,
    comment: str = "",
    now: datetime | None = None,
) -> Verdict:
    """This person rejects the first result of a review task that nobody has judged yet."""
    return give_verdict(
        session, review, assessor, first_open(session, review), accepted=False, reasons=[reason], marks=[],
        comment=comment, now=now,
    )  # fmt: skip


def first_open(session: Session, review: Task) -> int:
    """The id of the first result of a review task that nobody has judged yet."""
    return open_results(session.get_one(Restoration, review.restoration_id))[0].id


def at_once(database: Database, write: Callable[[Session], object]) -> None:
    """Two units of work, the second begun before the first commits."""
    with database.unit_of_work() as session:
        write(session)
        second = start_waiting(database, lambda: _write(database, write))
    second.join()


def start_waiting(database: Database, work: Callable[[], object], *, waiting: int = 1) -> threading.Thread:
    """A thread that does `work`, begun: on PostgreSQL it waits for the caller's unit of work, or needed not to.

    It is one of `waiting` that wait by then.
    """
    begun = threading.Event()
    thread = threading.Thread(target=lambda: (begun.set(), work()))
    thread.start()
    begun.wait()
    if database.engine.dialect.name == "postgresql":
        wait_for(lambda: not thread.is_alive() or _waits(database) >= waiting, "a second unit of work that waits", 240)
    return thread


def _waits(database: Database) -> int:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.engine.connect() as connection:
        return connection.scalar(text(waiting)) or 0


def _submit(
    session: Session, label: Task, assessor: Assessor, mask_sha256: str, *,
    share: float = 0.1, seconds: float = 5.0, now: datetime | None = None,
) -> Task:  # fmt: skip
    draft = open_draft(session, label, assessor, proposal=None, now=now)
    return submit(session, draft.id, assessor, draft.version, mask_sha256, share, seconds, now=now)


def _write(database: Database, write: Callable[[Session], object]) -> None:
    with database.unit_of_work() as session:
        write(session)
