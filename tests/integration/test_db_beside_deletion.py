"""Work on a photo that is deleted at that moment: it finds no photo, and neither waits for the other in a ring."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotations import accept, give_back
from db.deletion import delete
from db.drafts import EventIn, append_events, open_draft, submit
from db.engine import Database
from db.errors import NotFound
from db.label_tasks import queue_photos
from db.models import Annotation, Assessor, Photo, Restoration, Task
from db.queue import next_task
from db.reviews import accept_rest, add_restoration, recolour
from tests.support.databases import TEMPLATE, new_photo, reject, sha, start_waiting, two_people
from tests.support.postgres import Cluster

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PICTURE = (sha("picture"), sha("view"))


@pytest.fixture
def database(migrated_cluster: Cluster) -> Iterator[Database]:
    """On PostgreSQL: SQLite has one writer, who waits for no row."""
    with migrated_cluster.fresh_database(template=TEMPLATE) as url:
        opened = Database(url)
        yield opened
        opened.dispose()


def task_of(session: Session, kind: str) -> Task:
    return session.scalars(select(Task).where(Task.kind == kind).order_by(Task.id.desc())).one()


def opened(session: Session, who: Assessor) -> Annotation:
    task = next_task(session, who, "label", now=NOON)
    assert task is not None
    return open_draft(session, task, who, proposal=None, now=NOON)


def opens(session: Session, who: Assessor) -> object:
    return opened(session, who)


def opens_this(session: Session, who: Assessor) -> object:
    task = next_task(session, who, "label", task_id=task_of(session, "label").id, now=NOON)
    assert task is not None
    return open_draft(session, task, who, proposal=None, now=NOON)


def draws(session: Session, who: Assessor) -> object:
    draft = session.scalars(select(Annotation).where(Annotation.status == "draft")).one()
    return append_events(session, draft.id, who, draft.version, [EventIn("undo")], 1.0, now=NOON)


def chooses(session: Session, _: Assessor) -> object:
    return queue_photos(session, list(session.scalars(select(Photo.id))))


def accepts(session: Session, who: Assessor) -> object:
    return accept(session, task_of(session, "accept"), who, NOON)


def returns(session: Session, who: Assessor) -> object:
    return give_back(session, task_of(session, "accept"), who, "the sky, too", NOON)


def rejects(session: Session, who: Assessor) -> object:
    return reject(session, task_of(session, "review"), who, now=NOON)


def accepts_all(session: Session, who: Assessor) -> object:
    return accept_rest(session, task_of(session, "review"), who, NOON)


def corrects_colours(session: Session, _: Assessor) -> object:
    before = session.scalars(select(Restoration)).one()
    return recolour(session, before.id, colorizer="other", colouring={}, results={"color": PICTURE}, now=NOON)


def draft(session: Session, _: int, who: Assessor) -> None:
    opened(session, who)


def submitted(session: Session, _: int, who: Assessor) -> None:
    submit(session, opened(session, who).id, who, 0, sha("mask"), 0.1, 5.0, now=NOON)


def restored(session: Session, photo_id: int, _: Assessor) -> None:
    add_restoration(
        session,
        photo_id,
        detector="d",
        inpainter="i",
        colorizer="c",
        threshold=0.5,
        mask_sha256=sha("mask"),
        warnings=[],
        results={"restored": PICTURE, "color": PICTURE},
        now=NOON,
    )


@pytest.mark.parametrize(
    ("before", "works"),
    [
        (None, opens_this),
        (None, chooses),
        (draft, draws),
        (submitted, accepts),
        (submitted, returns),
        (restored, rejects),
        (restored, accepts_all),
        (restored, corrects_colours),
    ],
)
def test_work_on_a_photo_that_is_deleted_at_that_moment_finds_no_photo(
    database: Database,
    before: Callable[[Session, int, Assessor], None] | None,
    works: Callable[[Session, Assessor], object],
) -> None:
    failed = beside_a_deletion(database, before, works)
    assert [type(error) for error in failed] == [NotFound], failed


def test_who_asks_for_a_photo_is_offered_none_that_is_deleted_at_that_moment(database: Database) -> None:
    got: list[object] = []

    def asks(session: Session, who: Assessor) -> None:
        task = next_task(session, who, "label", now=NOON)
        got.append(task if task is None else open_draft(session, task, who, proposal=None, now=NOON))

    assert beside_a_deletion(database, None, asks) == []
    assert got == [None]


def test_who_goes_on_with_a_photo_is_offered_none_that_is_deleted_at_that_moment(database: Database) -> None:
    got: list[object] = []
    asks = lambda session, who: got.append(next_task(session, who, "label", now=NOON))  # noqa: E731
    assert beside_a_deletion(database, draft, asks) == []
    assert got == [None]


def beside_a_deletion(
    database: Database,
    before: Callable[[Session, int, Assessor], None] | None,
    works: Callable[[Session, Assessor], object],
) -> list[Exception]:
    """What the work that begins within a deletion raised; the deletion itself goes through.

    Held until the work waits: a photo and its masks, with which a deletion begins before it comes to tasks.
    """
    with database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo_id = new_photo(session, "a").id
        if before is not None:
            before(session, photo_id, ada)
    failed: list[Exception] = []

    def work() -> None:
        try:
            with database.unit_of_work() as session:
                works(session, ada)
        except Exception as error:
            failed.append(error)

    with database.unit_of_work() as session:
        session.get(Photo, photo_id, with_for_update=True)
        session.scalars(select(Annotation).where(Annotation.photo_id == photo_id).with_for_update()).all()
        second = start_waiting(database, work)
        delete(session, [photo_id], ada)
    second.join()
    with database.reading() as session:
        assert session.get(Photo, photo_id) is None
    return failed
