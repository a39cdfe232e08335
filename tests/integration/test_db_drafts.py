"""Drafts: nothing is merged, nothing is lost, and each starts from the right mask."""

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.annotations import accept, add_annotation, give_back
from db.drafts import EventIn, append_events, draft_events, get_draft, open_draft, submit
from db.engine import Database
from db.errors import InvalidState, NotAllowed, NotFound, Stale
from db.label_tasks import VERDICT_PRIORITY, put_on_top
from db.leases import LEASE
from db.models import Annotation, Assessor, DraftEvent, Task, Verdict
from db.proposals import add_proposal, latest_proposal
from db.queue import next_task, renew
from db.reviews import add_restoration
from tests.support.databases import NOON, label_and_submit, reject, sha, take_label, two_people_and_a_photo

STROKE = EventIn("stroke", {"tool": "brush", "size": 12, "points": [[8, 8], [80, 8]], "rect": [0, 0, 12, 4], "ms": 40})


def begin(session: Session, assessor: Assessor) -> tuple[Task, Annotation]:
    task = take_label(session, assessor)
    return task, open_draft(session, task, assessor, proposal=latest_proposal(session, task.photo_id), now=NOON)


def test_a_draft_starts_from_the_newest_proposal(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
        proposal = add_proposal(
            session, photo.id, model="detector v1", probability_sha256=sha("p"), threshold=0.4, uncertainty=0.2
        )
        task, draft = begin(session, ada)
        assert (draft.base_proposal_id, draft.base_annotation_id, draft.base_threshold) == (proposal.id, None, 0.4)
        again = open_draft(session, task, ada, proposal=None)
        assert again.id == draft.id, "a draft that is there is opened again, whatever is offered"


def test_a_draft_without_anything_starts_empty(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        assert (draft.base_proposal_id, draft.base_annotation_id, draft.base_threshold) == (None, None, None)
        assert (draft.version, draft.seconds, draft.status) == (0, 0.0, "draft")


def test_a_returned_mask_is_where_the_next_draft_starts(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        waiting = submit(session, draft.id, ada, 0, sha("mask"), 0.1, 5.0, now=NOON)
        label = give_back(session, waiting, ada, "the crease is missing", now=NOON)
        assert (label.reason, label.annotation_id) == ("returned", draft.id)
        _, second = begin(session, ada)
        assert (second.task_id, second.base_annotation_id) == (label.id, draft.id)


def test_a_mask_returned_while_somebody_draws_on_its_photo_comes_back(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        _, first = begin(session, ada)
        waiting = submit(session, first.id, ada, 0, sha("mask"), 0.1, 5.0, now=NOON)
        put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY, now=NOON)
        _, second = begin(session, ben)
        label = give_back(session, waiting, ada, "the crease is missing", now=NOON)
        submit(session, second.id, ben, 0, sha("another mask"), 0.1, 5.0, now=NOON)
        task, draft = begin(session, ada)
        assert (task.id, draft.base_annotation_id) == (label.id, first.id)


def test_after_a_verdict_the_accepted_mask_is_where_the_next_draft_starts(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        waiting = label_and_submit(session, ben)
        add_annotation(session, photo, sha("other"), 0.1, origin="imported", now=NOON + timedelta(hours=1))
        known = accept(session, waiting, ada, NOON + timedelta(hours=2))
        add_restoration(
            session, photo.id, detector="d", inpainter="i", colorizer=None, threshold=0.5, mask_sha256=sha("m"),
            warnings=[], results={"restored": (sha("r"), sha("v"))},
        )  # fmt: skip
        review = next_task(session, ben, "review", now=NOON)
        assert review is not None
        reject(session, review, ben)
        add_proposal(session, photo.id, model="d", probability_sha256=sha("p"), threshold=0.4, uncertainty=0.2)
        task, draft = begin(session, ada)
        assert task.priority == VERDICT_PRIORITY
        assert (draft.base_annotation_id, draft.base_proposal_id) == (known.id, None)


def test_events_are_numbered_and_kept(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        assert append_events(session, draft.id, ada, 0, [STROKE, EventIn("undo")], 3.0) == 2
        assert append_events(session, draft.id, ada, 2, [EventIn("threshold", {"value": 0.25})], 5.5) == 3
        assert append_events(session, draft.id, ada, 3, [], 4.0) == 3
    with either_database.reading() as session:
        assert [(e.version, e.kind, e.payload) for e in draft_events(session, draft.id)] == [
            (1, "stroke", STROKE.payload),
            (2, "undo", {}),
            (3, "threshold", {"value": 0.25}),
        ]
        stored = session.get(Annotation, draft.id)
        assert stored is not None
        assert (stored.version, stored.seconds) == (3, 5.5), "the time never falls"


def test_a_stale_write_is_refused_with_the_current_version(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        append_events(session, draft.id, ada, 0, [STROKE, STROKE], 3.0)
    for expected, events in [(0, [EventIn("undo")]), (1, [EventIn("undo")]), (3, [STROKE]), (0, [STROKE]), (0, [])]:
        with pytest.raises(Stale, match="version 2") as caught, either_database.unit_of_work() as session:
            append_events(session, draft.id, ada, expected, events, 9.0)
        assert caught.value.current == 2
    with either_database.reading() as session:
        assert len(draft_events(session, draft.id)) == 2
        stored = session.get(Annotation, draft.id)
        assert stored is not None
        assert stored.seconds == 3.0


def test_sending_the_same_again_changes_nothing(either_database: Database) -> None:
    """The answer to a save was lost: the editor sends it once more and goes on."""
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        append_events(session, draft.id, ada, 0, [EventIn("undo")], 1.0)
        assert append_events(session, draft.id, ada, 1, [STROKE, EventIn("undo")], 3.0) == 3
        assert append_events(session, draft.id, ada, 1, [STROKE, EventIn("undo")], 3.0) == 3
        assert append_events(session, draft.id, ada, 3, [EventIn("redo")], 3.0) == 4
        with pytest.raises(Stale):
            append_events(session, draft.id, ada, 1, [STROKE, EventIn("undo")], 3.0)
        assert [e.kind for e in draft_events(session, draft.id)] == ["undo", "stroke", "undo", "redo"]


def test_of_two_writers_at_once_one_is_stale(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
    writers = 6
    barrier = threading.Barrier(writers)
    outcomes: list[object] = []

    def write(number: int) -> None:
        stroke = EventIn("stroke", {"size": number})
        barrier.wait()
        try:
            with either_database.unit_of_work() as session:
                outcomes.append(append_events(session, draft.id, ada, 0, [stroke], 1.0))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome for outcome in outcomes if not isinstance(outcome, Stale)] == [1]
    with either_database.reading() as session:
        assert len(draft_events(session, draft.id)) == 1


def test_a_draft_with_missing_events_says_so(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        append_events(session, draft.id, ada, 0, [STROKE, STROKE], 1.0)
        session.execute(delete(DraftEvent).where(DraftEvent.version == 1))
        with pytest.raises(InvalidState, match="corrupt"):
            draft_events(session, draft.id)


def test_a_draft_is_its_owners(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ada)
        with pytest.raises(NotAllowed, match="somebody else"):
            append_events(session, draft.id, ben, 0, [STROKE], 1.0)
        with pytest.raises(NotFound):
            get_draft(session, 99, ada)


def test_a_save_renews_the_lease_but_never_steals_one(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        task, draft = begin(session, ada)
        soon = NOON + timedelta(minutes=19)
        append_events(session, draft.id, ada, 0, [STROKE], 1.0, now=soon)
        session.refresh(task)
        assert task.leased_until == soon + LEASE
        late = soon + LEASE + timedelta(seconds=1)
        assert next_task(session, ben, "label", now=late) is not None
        assert append_events(session, draft.id, ada, 1, [STROKE], 2.0, now=late) == 2, "the stroke is kept"
        session.refresh(task)
        assert task.leased_to_id == ben.id
        with pytest.raises(InvalidState, match="Ben is working"):
            submit(session, draft.id, ada, 2, sha("mask"), 0.1, 3.0, now=late)


@pytest.mark.parametrize("way", ["next", "task", "renew", "open", "submit"])
def test_a_photo_that_somebody_took_since_is_not_drawn_on_again(either_database: Database, way: str) -> None:
    """What was said of it waits in a second label task, which somebody took when the lease of the first ran out."""
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        first, draft = begin(session, ben)
        second = put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY, now=NOON)
        late = NOON + LEASE + timedelta(seconds=1)
        assert next_task(session, ada, "label", now=late) is second
        assert append_events(session, draft.id, ben, 0, [STROKE], 1.0, now=late) == 1, "the stroke is kept"
        if way == "next":
            assert next_task(session, ben, "label", now=late) is None
        else:
            with pytest.raises(InvalidState, match="Ada is working on this photo"):
                come_back(session, draft, ben, way, late)
        session.refresh(first)
        assert first.leased_until == NOON + LEASE


def come_back(session: Session, draft: Annotation, assessor: Assessor, way: str, now: datetime) -> None:
    task = session.get_one(Task, draft.task_id)
    if way == "task":
        next_task(session, assessor, "label", task_id=task.id, now=now)
    elif way == "renew":
        renew(session, task.id, assessor, now=now)
    elif way == "open":
        open_draft(session, task, assessor, proposal=None, now=now)
    else:
        submit(session, draft.id, assessor, 1, sha("mask"), 0.1, 3.0, now=now)


@pytest.mark.parametrize("said", ["nothing", "marks", "returned", "verdict"])
def test_a_mask_withdraws_the_task_left_behind_that_says_nothing(either_database: Database, said: str) -> None:
    late = NOON + LEASE + timedelta(seconds=1)
    with either_database.unit_of_work() as session:
        ada, ben, photo = two_people_and_a_photo(session)
        left, draft = begin(session, ben)
        append_events(session, draft.id, ben, 0, [STROKE], 1.0, now=NOON)
        put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY, now=late)
        say(session, left, draft, said)
        task = next_task(session, ada, "label", now=late)
        assert task is not None
        newer = open_draft(session, task, ada, proposal=None, now=late)
        submit(session, newer.id, ada, 0, sha("mask"), 0.1, 3.0, now=late)
        if said != "nothing":
            assert next_task(session, ada, "label", now=late) is left
            return
        assert next_task(session, ada, "label", now=late) is None
        assert append_events(session, draft.id, ben, 1, [STROKE], 2.0, now=late) == 2, "the stroke is kept"
        with pytest.raises(InvalidState, match="withdrawn already"):
            submit(session, draft.id, ben, 2, sha("older"), 0.1, 3.0, now=late)


def say(session: Session, task: Task, annotation: Annotation, what: str) -> None:
    """Have the label task say something of its photo."""
    if what == "marks":
        task.marks = [{"kind": "x"}]
    elif what == "returned":
        task.annotation_id = annotation.id
    elif what == "verdict":
        made = add_restoration(
            session, task.photo_id, detector="d", inpainter="i", colorizer=None, threshold=0.5, mask_sha256=sha("m"),
            warnings=[], results={"restored": (sha("r"), sha("v"))},
        )  # fmt: skip
        by = annotation.assessor_id
        session.add(Verdict(result=made.results[0], assessor_id=by, accepted=False, label_task_id=task.id))


def test_a_mask_does_not_end_what_was_said_while_it_was_drawn(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        _, ben, photo = two_people_and_a_photo(session)
        _, draft = begin(session, ben)
        said = put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY, now=NOON)
        submit(session, draft.id, ben, 0, sha("mask"), 0.1, 3.0, now=NOON)
        assert said.status == "open"


def test_submit_ends_the_label_task_and_makes_the_accept_task(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
        task, draft = begin(session, ada)
        append_events(session, draft.id, ada, 0, [STROKE], 1.0)
        with pytest.raises(Stale) as caught:
            submit(session, draft.id, ada, 0, sha("mask"), 0.1, 5.0)
        assert caught.value.current == 1
        accept_task = submit(session, draft.id, ada, 1, sha("mask"), 0.125, 7.5, now=NOON)
        assert (accept_task.kind, accept_task.photo_id, accept_task.annotation_id) == ("accept", photo.id, draft.id)
        session.refresh(task)
        assert (task.status, task.done_by_id, task.leased_to_id) == ("done", ada.id, None)
        assert (draft.status, draft.mask_sha256, draft.marked_share) == ("submitted", sha("mask"), 0.125)
        assert (draft.seconds, draft.submitted_at) == (7.5, NOON)
        with pytest.raises(InvalidState, match="submitted already"):
            append_events(session, draft.id, ada, 1, [STROKE], 8.0)


def test_only_leads_decide_once_and_say_why(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben, _ = two_people_and_a_photo(session)
        _, draft = begin(session, ben)
        waiting = submit(session, draft.id, ben, 0, sha("mask"), 0.1, 5.0, now=NOON)
        with pytest.raises(NotAllowed):
            accept(session, waiting, ben)
        with pytest.raises(InvalidState, match="needs a comment"):
            give_back(session, waiting, ada, "  ")
        assert accept(session, waiting, ada, now=NOON).decided_by_id == ada.id
        assert (draft.status, draft.decided_at) == ("accepted", NOON)
        with pytest.raises(InvalidState, match="done already"):
            give_back(session, waiting, ada, "too late")
        label = session.scalars(select(Task).where(Task.kind == "label")).one()
        with pytest.raises(InvalidState, match="only submitted masks"):
            accept(session, label, ada)
        with pytest.raises(InvalidState, match="only label tasks"):
            open_draft(session, waiting, ada, proposal=None)


numbers = st.integers(0, 2**21)
strokes = st.builds(
    EventIn,
    st.just("stroke"),
    st.fixed_dictionaries(
        {
            "tool": st.sampled_from(["brush", "eraser"]),
            "size": st.integers(1, 500),
            "points": st.lists(st.tuples(numbers, numbers).map(list), min_size=1, max_size=20),
            "rect": st.lists(numbers, min_size=4, max_size=4),
            "ms": st.integers(0, 10**9),
        }
    ),
)
events = st.one_of(
    strokes, st.just(EventIn("undo")), st.just(EventIn("redo")),
    st.floats(0, 1).map(lambda value: EventIn("threshold", {"value": value})),
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(events, max_size=4), max_size=5))
def test_what_was_drawn_is_what_is_read(either_database: Database, batches: list[list[EventIn]]) -> None:
    """Domain → database → domain, bit for bit, floats included."""
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
        task = session.scalars(select(Task).where(Task.photo_id == photo.id)).one()
        draft = open_draft(session, task, ada, proposal=None)
        version = 0
        for batch in batches:
            version = append_events(session, draft.id, ada, version, batch, 1.0)
        session.expire_all()
        read = [EventIn(event.kind, event.payload) for event in draft_events(session, draft.id)]
        session.rollback()
    assert read == [event for batch in batches for event in batch]
