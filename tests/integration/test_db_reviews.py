"""Restorations and verdicts: a missed defect sends the photo back with its marks."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import Database
from db.errors import InvalidState, NotFound
from db.models import Assessor, Restoration, Task
from db.photos import archive, unarchive
from db.queue import VERDICT_PRIORITY, next_task, upcoming, waiting
from db.reviews import add_restoration, give_verdict, latest_restoration
from tests.support.databases import new_photo, sha, two_people

RECTANGLE = {"kind": "rectangle", "x": 3, "y": 4.5, "width": 10, "height": 2}
SCRIBBLE = {"kind": "scribble", "points": [[1, 2], [3.5, 4]]}


def restore(session: Session, photo_id: int, mark: str = "") -> Restoration:
    return add_restoration(
        session,
        photo_id,
        detector="detector v1",
        inpainter="telea",
        colorizer=None,
        threshold=0.5,
        mask_sha256=sha(f"mask {mark}"),
        warnings=["large hole"],
        results={"restored": (sha(f"r {mark}"), sha(f"rv {mark}")), "color": (sha(f"c {mark}"), sha(f"cv {mark}"))},
    )


def review(session: Session, assessor: Assessor) -> Task:
    task = next_task(session, assessor, "review")
    assert task is not None
    return task


def test_every_result_waits_for_a_review(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo = new_photo(session, "a")
        made = restore(session, photo.id)
        tasks = session.scalars(select(Task).where(Task.kind == "review")).all()
        assert {task.result_id for task in tasks} == {result.id for result in made.results}
        assert waiting(session, ada).review == 2
        newest = latest_restoration(session, photo.id)
        assert newest is not None
        assert (newest.id, newest.warnings) == (made.id, ["large hole"])
        with pytest.raises(NotFound):
            restore(session, 99)


def test_a_result_of_an_archived_photo_waits_aside_and_replaces_the_older_one(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo = new_photo(session, "a")
        restore(session, photo.id, "old")
        archive(session, [photo.id])
        session.refresh(photo)
        made = restore(session, photo.id)
        states = session.scalars(select(Task.status).where(Task.kind == "review").order_by(Task.id)).all()
        assert states == ["withdrawn", "withdrawn", "parked", "parked"]
        unarchive(session, [photo.id])
        session.expire_all()
        assert review(session, ada).result_id in {result.id for result in made.results}


def test_a_new_restoration_withdraws_what_is_not_judged_yet(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo, other = new_photo(session, "a"), new_photo(session, "b")
        restore(session, other.id, "other")
        restore(session, photo.id)
        judged = next(task for task in upcoming(session, ada, "review") if task.photo_id == photo.id)
        give_verdict(session, judged, ada, accepted=True, reasons=[], marks=[], comment="")
        restore(session, photo.id, "again")
        states = session.scalars(
            select(Task.status).where(Task.kind == "review", Task.photo_id == photo.id).order_by(Task.id)
        ).all()
        assert states == ["done", "withdrawn", "open", "open"]
        assert waiting(session, ada).review == 4, "the other photo's reviews are untouched"


@pytest.mark.parametrize("reason", ["missed defect", "false defect"])
def test_a_wrong_mask_makes_a_label_task_on_top_with_its_marks(either_database: Database, reason: str) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo, waiting_photo = new_photo(session, "a", queue=False), new_photo(session, "b")
        restore(session, photo.id)
        task = review(session, ben)
        verdict = give_verdict(
            session, task, ben, accepted=False, reasons=[reason, "bad fill"], marks=[RECTANGLE, SCRIBBLE], comment=" x "
        )
        assert (task.status, task.done_by_id, verdict.comment) == ("done", ben.id, "x")
        label = next_task(session, ada, "label")
        assert label is not None
        assert (label.id, label.photo_id) == (verdict.label_task_id, photo.id)
        assert (label.priority, label.reason, label.marks) == (VERDICT_PRIORITY, reason, [RECTANGLE, SCRIBBLE])
        assert waiting_photo.id != label.photo_id


def test_two_verdicts_add_up_in_one_label_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        photo = new_photo(session, "a")
        restore(session, photo.id)
        made = [
            give_verdict(session, review(session, ben), ben, accepted=False, reasons=[r], marks=[m], comment="")
            for r, m in (("missed defect", RECTANGLE), ("false defect", SCRIBBLE))
        ]
        (label,) = session.scalars(select(Task).where(Task.kind == "label")).all()
        assert [verdict.label_task_id for verdict in made] == [label.id, label.id]
        assert label.marks == [RECTANGLE, SCRIBBLE]


@pytest.mark.parametrize("reasons", [["bad fill"], ["other"], ["bad fill", "other"]])
def test_a_bad_fill_makes_no_label_task(either_database: Database, reasons: list[str]) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        photo = new_photo(session, "a", queue=False)
        restore(session, photo.id)
        task = review(session, ben)
        verdict = give_verdict(session, task, ben, accepted=False, reasons=reasons, marks=[], comment="")
        assert verdict.label_task_id is None
        assert session.scalars(select(Task).where(Task.kind == "label")).all() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reasons": []}, "at least one reason"),
        ({"reasons": ["ugly"]}, "'ugly' is no reason"),
        ({"accepted": True}, "accepted result has no reasons"),
        ({"marks": [{"kind": "circle"}]}, "a mark is"),
        ({"marks": [{"kind": "rectangle", "x": 1}]}, "a mark is"),
        ({"marks": [{**RECTANGLE, "width": 0}]}, "empty or has no numbers"),
        ({"marks": [{**RECTANGLE, "x": float("nan")}]}, "empty or has no numbers"),
        ({"marks": [{"kind": "scribble", "points": []}]}, "empty or has no numbers"),
        ({"marks": [{"kind": "scribble", "points": [[1, "2"]]}]}, "empty or has no numbers"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused(database: Database, wrong: dict[str, Any], message: str) -> None:
    with database.unit_of_work() as session:
        _, ben = two_people(session)
        restore(session, new_photo(session, "a").id)
        task = review(session, ben)
        said: dict[str, Any] = {"accepted": False, "reasons": ["missed defect"], "marks": [], "comment": ""}
        with pytest.raises(InvalidState, match=message):
            give_verdict(session, task, ben, **{**said, **wrong})
        assert task.status == "open"


def test_a_result_is_judged_once_per_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        restore(session, new_photo(session, "a").id)
        task = review(session, ben)
        with pytest.raises(InvalidState, match="Ben is working"):
            give_verdict(session, task, ada, accepted=True, reasons=[], marks=[], comment="")
        give_verdict(session, task, ben, accepted=True, reasons=[], marks=[], comment="")
        with pytest.raises(InvalidState, match="done already"):
            give_verdict(session, task, ben, accepted=True, reasons=[], marks=[], comment="")
        label = session.scalars(select(Task).where(Task.kind == "label")).one()
        with pytest.raises(InvalidState, match="only results get verdicts"):
            give_verdict(session, label, ben, accepted=True, reasons=[], marks=[], comment="")
