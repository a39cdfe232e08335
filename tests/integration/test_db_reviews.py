"""Restorations and verdicts: each result gets one, and a missed defect sends the photo back with its marks."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.deletion import delete
from db.drafts import open_draft, submit
from db.engine import Database
from db.errors import InvalidState, NotFound
from db.label_tasks import VERDICT_PRIORITY
from db.marks import MarkError
from db.models import Assessor, Restoration, ResultKind, Task, Verdict, utc_now
from db.photos import archive, unarchive
from db.proposals import add_proposal
from db.queue import next_task, upcoming, waiting
from db.reviews import accept_rest, add_restoration, give_verdict, latest_restoration, open_results, recolour
from db.stories import photo_story
from tests.support.databases import (
    at_once,
    first_open,
    label_task,
    new_photo,
    sha,
    start_waiting,
    two_people,
    two_people_and_a_photo,
)

RECTANGLE = {"kind": "rectangle", "x": 3, "y": 4, "width": 10, "height": 2}
SCRIBBLE = {"kind": "scribble", "points": [[1, 2], [3, 4]]}


KINDS: tuple[ResultKind, ...] = ("restored", "restored_color", "color")
ACCEPTED: dict[str, Any] = {"accepted": True, "reasons": [], "marks": [], "comment": ""}


def restore(
    session: Session, photo_id: int, mark: str = "", kinds: tuple[ResultKind, ...] = ("restored",)
) -> Restoration:
    return add_restoration(
        session,
        photo_id,
        detector="detector v1",
        inpainter="inpainter v1",
        colorizer="colorizer v1" if len(kinds) > 1 else None,
        threshold=0.5,
        mask_sha256=sha(f"mask {mark}"),
        warnings=["large hole"],
        results={kind: (sha(f"{kind} {mark}"), sha(f"view {kind} {mark}")) for kind in kinds},
    )


def review(session: Session, assessor: Assessor) -> Task:
    task = next_task(session, assessor, "review")
    assert task is not None
    return task


def judge(session: Session, task: Task, assessor: Assessor, **said: Any) -> Verdict:
    """A verdict on the first result that has none."""
    return give_verdict(session, task, assessor, first_open(session, task), **{**ACCEPTED, **said})


def rejected(*reasons: str) -> dict[str, Any]:
    return {"accepted": False, "reasons": list(reasons)}


def test_one_review_waits_for_all_results_of_a_restoration(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        made = restore(session, photo.id, kinds=KINDS)
        (task,) = session.scalars(select(Task).where(Task.kind == "review")).all()
        assert task.restoration_id == made.id
        assert waiting(session, ada).review == 1
        assert [result.kind for result in open_results(made)] == list(KINDS)
        assert review(session, ada).id == task.id
        assert next_task(session, ben, "review") is None, "who holds the review holds all three results"
        newest = latest_restoration(session, photo.id)
        assert newest is not None
        assert (newest.id, newest.warnings) == (made.id, ["large hole"])
        with pytest.raises(NotFound):
            restore(session, 99)


def test_the_review_ends_with_the_last_verdict(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        restored, in_colour, coloured = restore(session, new_photo(session, "a").id, kinds=KINDS).results
        task = review(session, ben)
        give_verdict(session, task, ben, coloured.id, **{**ACCEPTED, **rejected("bad colour")})
        assert (task.status, task.leased_to_id) == ("open", ben.id)
        assert open_results(restored.restoration) == [restored, in_colour]
        give_verdict(session, task, ben, restored.id, **ACCEPTED)
        with pytest.raises(InvalidState, match="The restored result has its verdict already"):
            give_verdict(session, task, ben, restored.id, **ACCEPTED)
        give_verdict(session, task, ben, in_colour.id, **{**ACCEPTED, **rejected("bad fill", "bad colour")})
        assert (task.status, task.done_by_id, task.leased_to_id) == ("done", ben.id, None)
        assert waiting(session, ben).review == 0
        said = session.execute(select(Verdict.result_id, Verdict.accepted, Verdict.reasons).order_by(Verdict.id)).all()
        assert [tuple(row) for row in said] == [
            (coloured.id, False, ["bad colour"]),
            (restored.id, True, []),
            (in_colour.id, False, ["bad fill", "bad colour"]),
        ]


def test_somebody_else_goes_on_where_a_review_was_left(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        made = restore(session, new_photo(session, "a").id, kinds=KINDS)
        task = review(session, ben)
        judge(session, task, ben)
        task.leased_until = utc_now() - timedelta(seconds=1)
        assert review(session, ada).id == task.id
        assert [verdict.result.kind for verdict in accept_rest(session, task, ada)] == ["restored_color", "color"]
        assert (task.status, task.done_by_id) == ("done", ada.id)
        assert open_results(made) == []


def test_accepting_the_rest_spares_what_was_judged(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        restore(session, new_photo(session, "a").id, kinds=KINDS)
        task = review(session, ben)
        judge(session, task, ben, **rejected("bad fill"))
        verdicts = accept_rest(session, task, ben)
        assert [(verdict.result.kind, verdict.accepted) for verdict in verdicts] == [
            ("restored_color", True),
            ("color", True),
        ]
        rejections = session.scalars(select(Verdict).where(Verdict.accepted.is_(False))).all()
        assert [verdict.reasons for verdict in rejections] == [["bad fill"]]
        with pytest.raises(InvalidState, match="done already"):
            accept_rest(session, task, ben)


def test_a_result_of_another_review_is_refused(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        restore(session, new_photo(session, "a").id, "a")
        other = restore(session, new_photo(session, "b").id, "b")
        with pytest.raises(NotFound, match="about other results"):
            give_verdict(session, review(session, ben), ben, other.results[0].id, **ACCEPTED)


@pytest.mark.parametrize(("kind", "reason"), [("restored", "bad colour"), ("color", "missed defect")])
def test_a_result_is_not_rejected_for_what_it_does_not_have(database: Database, kind: ResultKind, reason: str) -> None:
    with database.unit_of_work() as session:
        _, ben = two_people(session)
        restore(session, new_photo(session, "a").id, kinds=(kind,))
        with pytest.raises(InvalidState, match=f"'{reason}' is no reason to reject a {kind} result"):
            judge(session, review(session, ben), ben, **rejected(reason))


def test_a_result_of_an_archived_photo_waits_aside_and_replaces_the_older_one(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
        restore(session, photo.id, "old")
        archive(session, [photo.id])
        session.refresh(photo)
        made = restore(session, photo.id)
        states = session.scalars(select(Task.status).where(Task.kind == "review").order_by(Task.id)).all()
        assert states == ["withdrawn", "parked"]
        unarchive(session, [photo.id])
        session.expire_all()
        assert review(session, ada).restoration_id == made.id


def test_a_photo_brought_back_while_its_results_come_in_is_to_be_reviewed(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
        archive(session, [photo.id])

    def bring_back() -> None:
        with either_database.unit_of_work() as session:
            unarchive(session, [photo.id])

    with either_database.unit_of_work() as session:
        made = restore(session, photo.id)
        back = start_waiting(either_database, bring_back)
    back.join()
    with either_database.unit_of_work() as session:
        assert review(session, ada).restoration_id == made.id


def test_of_two_restorations_at_once_one_is_to_be_reviewed(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo_id = new_photo(session, "a").id
    at_once(either_database, lambda session: restore(session, photo_id))
    with either_database.reading() as session:
        states = session.scalars(select(Task.status).where(Task.kind == "review").order_by(Task.id)).all()
        assert states == ["withdrawn", "open"]


def test_a_verdict_and_a_restoration_at_once_do_not_wait_for_each_other(either_database: Database) -> None:
    """A rejection holds the review and adds a label task; a restoration withdraws the review."""
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        photo_id = new_photo(session, "a").id
        restore(session, photo_id)
    with either_database.unit_of_work() as session:
        task = review(session, ben)
        restoring = start_waiting(either_database, lambda: _restore_anew(either_database, photo_id))
        judge(session, task, ben, **rejected("missed defect"))
    restoring.join()
    with either_database.reading() as session:
        states = session.scalars(select(Task.status).where(Task.kind == "review").order_by(Task.id)).all()
        assert states == ["done", "open"]


def _restore_anew(database: Database, photo_id: int) -> None:
    with database.unit_of_work() as session:
        restore(session, photo_id)


def test_a_new_restoration_withdraws_what_is_not_judged_yet(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        photo, other = new_photo(session, "a"), new_photo(session, "b")
        restore(session, other.id, "other")
        restore(session, photo.id)
        judged = next(task for task in upcoming(session, ada, "review") if task.photo_id == photo.id)
        judge(session, judged, ada)
        restore(session, photo.id, "half judged", kinds=KINDS)
        judge(session, next(task for task in upcoming(session, ada, "review") if task.photo_id == photo.id), ada)
        restore(session, photo.id, "again")
        states = session.scalars(
            select(Task.status).where(Task.kind == "review", Task.photo_id == photo.id).order_by(Task.id)
        ).all()
        assert states == ["done", "withdrawn", "open"]
        assert waiting(session, ada).review == 2, "the other photo's review is untouched"


@pytest.mark.parametrize("reason", ["missed defect", "false defect"])
def test_a_wrong_mask_makes_a_label_task_on_top_with_its_marks(either_database: Database, reason: str) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        photo, waiting_photo = new_photo(session, "a", queue=False), new_photo(session, "b")
        restore(session, photo.id)
        task = review(session, ben)
        verdict = judge(session, task, ben, **rejected(reason, "bad fill"), marks=[RECTANGLE, SCRIBBLE], comment=" x ")
        assert (task.status, task.done_by_id, verdict.comment) == ("done", ben.id, "x")
        label = next_task(session, ada, "label")
        assert label is not None
        assert (label.id, label.photo_id) == (verdict.label_task_id, photo.id)
        assert (label.priority, label.reason, label.marks) == (VERDICT_PRIORITY, reason, [RECTANGLE, SCRIBBLE])
        assert waiting_photo.id != label.photo_id


def test_two_verdicts_add_up_in_one_label_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben, photo = two_people_and_a_photo(session)
        restore(session, photo.id, kinds=KINDS)
        made = [
            judge(session, review(session, ben), ben, **rejected(reason), marks=[mark])
            for reason, mark in (("missed defect", RECTANGLE), ("false defect", SCRIBBLE))
        ]
        (label,) = session.scalars(select(Task).where(Task.kind == "label")).all()
        assert [verdict.label_task_id for verdict in made] == [label.id, label.id]
        assert label.marks == [RECTANGLE, SCRIBBLE]


def test_a_place_marked_while_somebody_draws_outlives_their_mask(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        restore(session, photo.id)
        held = next_task(session, ben, "label")
        assert held is not None
        draft = open_draft(session, held, ben, proposal=None)
        verdict = judge(session, review(session, ada), ada, **rejected("missed defect"), marks=[RECTANGLE])
        submit(session, draft.id, ben, 0, sha("mask"), 0.1, 5.0)
        back = next_task(session, ada, "label")
        assert back is not None
        assert (back.id, back.photo_id, back.marks) == (verdict.label_task_id, photo.id, [RECTANGLE])
        assert open_draft(session, back, ada, proposal=None).base_annotation_id == draft.id


@pytest.mark.parametrize("reasons", [["bad fill"], ["bad colour"], ["bad fill", "other"]])
def test_a_bad_fill_or_colour_makes_no_label_task(either_database: Database, reasons: list[str]) -> None:
    with either_database.unit_of_work() as session:
        _, ben = two_people(session)
        photo = new_photo(session, "a", queue=False)
        restore(session, photo.id, kinds=("restored_color",))
        verdict = judge(session, review(session, ben), ben, **rejected(*reasons))
        assert verdict.label_task_id is None
        assert session.scalars(select(Task).where(Task.kind == "label")).all() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reasons": []}, "at least one reason"),
        ({"reasons": ["ugly"]}, "'ugly' is no reason"),
        ({"accepted": True}, "accepted result has no reasons"),
        ({"marks": [{"kind": "circle"}]}, "neither a rectangle nor a scribble"),
        ({"marks": [{"kind": "rectangle", "x": 1}]}, "whole pixels, not None"),
        ({"marks": [{**RECTANGLE, "width": 0}]}, "without an area"),
        ({"marks": [{**RECTANGLE, "x": float("nan")}]}, "whole pixels, not nan"),
        ({"marks": [{"kind": "scribble", "points": []}]}, "a scribble of 2 to"),
        ({"marks": [{"kind": "scribble", "points": [[1, 2], [1, "2"]]}]}, "whole pixels, not '2'"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused(database: Database, wrong: dict[str, Any], message: str) -> None:
    with database.unit_of_work() as session:
        _, ben = two_people(session)
        restore(session, new_photo(session, "a").id)
        task = review(session, ben)
        with pytest.raises((InvalidState, MarkError), match=message):
            judge(session, task, ben, **{**rejected("missed defect"), **wrong})
        assert task.status == "open"


def test_a_result_is_judged_once_per_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        restore(session, new_photo(session, "a").id)
        task = review(session, ben)
        with pytest.raises(InvalidState, match="Ben is working"):
            judge(session, task, ada)
        only = first_open(session, task)
        judge(session, task, ben)
        with pytest.raises(InvalidState, match="done already"):
            give_verdict(session, task, ben, only, **ACCEPTED)
        label = session.scalars(select(Task).where(Task.kind == "label")).one()
        with pytest.raises(InvalidState, match="only results get verdicts"):
            give_verdict(session, label, ben, only, **ACCEPTED)


def test_colours_made_anew_keep_what_was_filled_and_what_was_said_of_it(either_database: Database) -> None:
    colouring = {"saturation": 1.3, "hints": [{"row": 3, "column": 4, "rgb": [200, 10, 20]}]}
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        first = restore(session, photo.id, kinds=KINDS)
        verdict = judge(session, review(session, ben), ben, **rejected("missed defect"), marks=[RECTANGLE])
        results: dict[ResultKind, tuple[str, str]] = {
            kind: (sha(f"{kind} anew"), sha(f"view {kind} anew")) for kind in KINDS[1:]
        }
        made = recolour(session, first.id, colorizer="colorizer v2", colouring=colouring, results=results)
        assert (made.inpainter, made.colorizer, made.mask_sha256) == (
            first.inpainter,
            "colorizer v2",
            first.mask_sha256,
        )
        assert [result.kind for result in made.results] == list(KINDS)
        assert made.results[0].sha256 == first.results[0].sha256
        assert [result.kind for result in open_results(made)] == ["restored_color", "color"]
        [carried] = made.results[0].verdicts
        assert (carried.assessor_id, carried.reasons, carried.marks) == (ben.id, ["missed defect"], [RECTANGLE])
        assert carried.label_task_id == verdict.label_task_id == label_task(session, photo.id).id
        accept_rest(session, review(session, ada), ada)
        assert waiting(session, ada).review == 0
        told = [entry.what for entry in photo_story(session, photo.id)]
        assert told.count("rejected the restored photo: missed defect") == 1, "it was said once"
        assert "coloured anew as a person wished: strength 130 %, 1 colour given" in told
        with pytest.raises(NotFound):
            recolour(session, 99, colorizer="colorizer v2", colouring=colouring, results=results)
        newer = restore(session, photo.id, "newer", KINDS)
        with pytest.raises(InvalidState, match="restored anew meanwhile"):
            recolour(session, made.id, colorizer="colorizer v2", colouring=colouring, results=results)
        assert latest_restoration(session, photo.id) is newer


def test_nothing_is_added_to_a_photo_whose_deletion_is_about_to_end(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo, (ada, _) = new_photo(session, "a"), two_people(session)
    adding: tuple[Callable[[Session], object], ...] = (
        lambda session: restore(session, photo.id),
        lambda session: add_proposal(
            session, photo.id, model="detector v1", probability_sha256=sha("p"), threshold=0.5, uncertainty=0.1
        ),
    )
    errors: list[Exception] = []

    def add(write: Callable[[Session], object]) -> None:
        try:
            with either_database.unit_of_work() as session:
                write(session)
        except Exception as error:
            errors.append(error)

    with either_database.unit_of_work() as session:
        delete(session, [photo.id], ada)
        waiting_now = [start_waiting(either_database, partial(add, write)) for write in adding]
    for thread in waiting_now:
        thread.join()
    assert [type(error) for error in errors] == [NotFound, NotFound]
