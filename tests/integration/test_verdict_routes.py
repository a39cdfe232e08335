"""Verdicts and decisions by route: who may, on what, and what the database holds afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from annotator.context import platform
from annotator.views.photo import next_step, photo_page
from db.engine import Database
from db.label_tasks import VERDICT_PRIORITY, put_on_top
from db.models import Annotation, Assessor, Photo, Task, Verdict, utc_now
from db.photos import add_photo
from db.proposals import add_proposal
from db.queue import next_task
from inference.decoding import decode
from tests.support.databases import photo_facts
from tests.support.reviewable import HEIGHT, MENDED, WIDTH, Reviewable, make_reviewable
from tests.support.viewer_app import viewer_app

RECTANGLE = {"kind": "rectangle", "x": 10, "y": 20, "width": 30, "height": 40}
SCRIBBLE = {"kind": "scribble", "points": [[5, 5], [9, 12], [WIDTH, HEIGHT]]}
LARGEST = 320
"""Pixels of a thumbnail's longer side."""
ACCEPTED: dict[str, Any] = {"accepted": True, "reasons": [], "marks": [], "comment": ""}
REJECTED: dict[str, Any] = {"accepted": False, "reasons": ["missed defect"], "marks": [RECTANGLE], "comment": ""}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(viewer_app(), base_url="http://localhost", headers={"origin": "http://localhost"}) as opened:
        yield opened


def as_person(client: TestClient, reviewable: Reviewable, person: Assessor) -> TestClient:
    client.cookies.update(reviewable.cookie(person))
    return client


def take(client: TestClient, kind: str) -> dict[str, Any]:
    answer = client.post("/api/tasks/next", json={"kind": kind})
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()["task"]
    return task


def judge(client: TestClient, reviewable: Reviewable, task_id: int, said: dict[str, Any]) -> Any:
    """Say that of the first result of a review."""
    return client.post(f"/api/tasks/{task_id}/verdict", json={"result_id": reviewable.results[task_id][0], **said})


def test_a_rejection_puts_a_label_task_with_the_marks_on_top(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    task = take(member, "review")
    body = {
        **REJECTED,
        "reasons": ["missed defect", "bad fill"],
        "marks": [RECTANGLE, SCRIBBLE],
        "comment": " left edge ",
    }
    answer = judge(member, reviewable, task["id"], body)
    assert answer.status_code == 200, answer.text
    with reviewable.platform.database.unit_of_work() as session:
        verdict = session.get(Verdict, answer.json()["verdict_id"])
        label = session.get(Task, answer.json()["label_task_id"])
        assert verdict is not None
        assert label is not None
        assert (verdict.accepted, verdict.reasons, verdict.comment) == (
            False,
            ["missed defect", "bad fill"],
            "left edge",
        )
        assert verdict.assessor_id == reviewable.member.id
        assert verdict.label_task_id == label.id
        assert (label.kind, label.status, label.marks) == ("label", "open", [RECTANGLE, SCRIBBLE])
        assert label.photo_id == task["photo"]["id"]
        assert label.priority == max(
            session.scalars(session.query(Task.priority).where(Task.kind == "label").statement)
        )
        review = session.get(Task, task["id"])
        assert review is not None
        assert (review.status, review.done_by_id) == ("done", reviewable.member.id)


def test_a_photos_page_offers_a_mask_to_who_is_drawing_it_alone(reviewable: Reviewable) -> None:
    with reviewable.platform.database.unit_of_work() as session:
        photo = add_photo(session, photo_facts("a"))[0]
        held = next_task(session, reviewable.member, "label")
        assert held is not None
        put_on_top(session, photo.id, reason="missed defect", priority=VERDICT_PRIORITY)
        own, others = (next_step(session, photo, person) for person in (reviewable.member, reviewable.lead))
        assert own is not None
        assert others is not None
        assert (own.action, own.task_id) == ("label", held.id)
        assert others.action == "restore", "nobody else may draw now"
        held.leased_until = utc_now() - timedelta(seconds=1)
        free = next_step(session, photo, reviewable.lead)
        assert free is not None
        assert free.action == "label"


def test_a_photos_page_offers_no_review_that_somebody_else_has(reviewable: Reviewable) -> None:
    with reviewable.platform.database.unit_of_work() as session:
        review = next_task(session, reviewable.member, "review")
        assert review is not None
        for person, action in ((reviewable.member, "review"), (reviewable.lead, "accept")):
            step = next_step(session, review.photo, person)
            assert step is not None
            assert step.action == action
        session.execute(update(Task).where(Task.kind == "accept").values(status="done"))
        session.expire_all()
        assert next_step(session, review.photo, reviewable.lead) is None


def test_a_photos_page_offers_a_lead_no_decision_on_their_own_mask_while_another_could_decide(
    reviewable: Reviewable,
) -> None:
    with reviewable.platform.database.unit_of_work() as session:
        accept = session.get_one(Task, reviewable.accepts[0])
        session.get_one(Annotation, accept.annotation_id).assessor_id = reviewable.lead.id
        alone = next_step(session, accept.photo, reviewable.lead)
        session.get_one(Assessor, reviewable.member.id).is_lead = True
        with_another = next_step(session, accept.photo, reviewable.lead)
    assert alone is not None
    assert with_another is not None
    assert (alone.action, with_another.action) == ("accept", "review")


def test_a_bad_fill_makes_no_label_task(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    answer = judge(member, reviewable, reviewable.reviews[0], {**REJECTED, "reasons": ["bad fill"]})
    assert answer.json()["label_task_id"] is None


def test_a_verdict_is_given_once(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    first = judge(member, reviewable, reviewable.reviews[0], ACCEPTED)
    assert first.json()["done"] is True
    again = judge(member, reviewable, reviewable.reviews[0], ACCEPTED)
    assert again.status_code == 409
    assert "already" in again.json()["error"]
    with reviewable.platform.database.unit_of_work() as session:
        assert session.query(Verdict).count() == 1


def test_what_somebody_else_holds_cannot_be_judged(client: TestClient, reviewable: Reviewable) -> None:
    task = take(as_person(client, reviewable, reviewable.lead), "review")
    member = as_person(client, reviewable, reviewable.member)
    answer = judge(member, reviewable, task["id"], ACCEPTED)
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("Lena is working on this photo")
    assert take(member, "review")["id"] != task["id"]


def test_an_expired_lease_lets_the_next_person_judge(client: TestClient, reviewable: Reviewable) -> None:
    task = take(as_person(client, reviewable, reviewable.lead), "review")
    with reviewable.platform.database.unit_of_work() as session:
        row = session.get(Task, task["id"])
        assert row is not None
        row.leased_until = utc_now() - timedelta(seconds=1)
    member = as_person(client, reviewable, reviewable.member)
    assert judge(member, reviewable, task["id"], ACCEPTED).status_code == 200


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ([{**RECTANGLE, "x": WIDTH - 10}], f"Mark 1 leaves the photo, which is {WIDTH}×{HEIGHT} pixels."),
        ([RECTANGLE, {**RECTANGLE, "width": 0}], "Mark 2 is a rectangle without an area: drag a larger one."),
        ([{**RECTANGLE, "y": 1.5}], "Mark 1 needs whole pixels, not 1.5."),
        ([{**RECTANGLE, "x": True}], "Mark 1 needs whole pixels, not True."),
        ([{"kind": "scribble", "points": [[1, 1]]}], "Mark 1 is a scribble of 2 to 4000 points."),
        ([{"kind": "scribble", "points": [[1, 1], [2]]}], "Mark 1 has a point that is not a pair of numbers."),
        ([{"kind": "scribble", "points": [[1, 1], [2, -3]]}], f"Mark 1 leaves the photo, which is {WIDTH}×{HEIGHT}"),
        (["here"], "Mark 1 is neither a rectangle nor a scribble."),
        ([RECTANGLE] * 51, "A verdict marks at most 50 places."),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused_with_a_sentence(
    client: TestClient, reviewable: Reviewable, marks: list[Any], said: str
) -> None:
    member = as_person(client, reviewable, reviewable.member)
    answer = judge(member, reviewable, reviewable.reviews[0], {**REJECTED, "marks": marks})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(said)
    with reviewable.platform.database.unit_of_work() as session:
        assert session.query(Verdict).count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"reasons": []},
        {"reasons": ["ugly"]},
        {"reasons": "missed defect"},
        {"accepted": "no"},
        {"accepted": True},
        {"comment": "x" * 2001},
        {"comment": None},
        {"result_id": "first"},
        {"result_id": None},
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused(
    client: TestClient, reviewable: Reviewable, change: dict[str, Any]
) -> None:
    member = as_person(client, reviewable, reviewable.member)
    answer = judge(member, reviewable, reviewable.reviews[0], {**REJECTED, **change})
    assert answer.status_code in (409, 422)
    assert answer.json()["error"]
    with reviewable.platform.database.unit_of_work() as session:
        assert session.query(Verdict).count() == 0


@pytest.mark.parametrize("kinds", [("restored", "restored_color", "color")])
def test_a_review_comes_with_all_results_and_what_was_said_of_them(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    task = take(member, "review")
    assert [result["kind"] for result in task["results"]] == ["restored", "restored_color", "color"]
    assert task["results"][2]["may_be"] == ["bad colour", "other"]
    assert task["models"] == {
        "detector": "detector shipped-1",
        "inpainter": "inpainter shipped-1",
        "colorizer": "colorizer shipped-1",
    }
    said = {**REJECTED, "result_id": task["results"][2]["id"], "reasons": ["bad colour"]}
    assert member.post(f"/api/tasks/{task['id']}/verdict", json=said).json()["done"] is False
    again = take(member, "review")
    assert again["id"] == task["id"], "the photo stays in front until all results have a verdict"
    verdicts = [result["verdict"] for result in again["results"]]
    assert verdicts == [None, None, {"accepted": False, "reasons": ["bad colour"]}]
    ahead = member.get("/api/tasks/upcoming?kind=review&limit=1").json()["tasks"][0]["pictures"]
    assert [result["view"] in ahead for result in again["results"]] == [True, True, False], (
        "judged ones are not fetched"
    )


@pytest.mark.parametrize("kinds", [("restored", "restored_color", "color")])
def test_the_rest_is_accepted_at_once(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    task_id = reviewable.reviews[0]
    judge(member, reviewable, task_id, {**REJECTED, "reasons": ["bad fill"]})
    assert member.post(f"/api/tasks/{task_id}/accept-rest", json={}).json() == {"accepted": 2}
    assert member.post(f"/api/tasks/{task_id}/accept-rest", json={}).status_code == 409
    with reviewable.platform.database.unit_of_work() as session:
        said = [verdict.accepted for verdict in session.query(Verdict).order_by(Verdict.result_id)]
        assert said == [False, True, True]
    lead = as_person(client, reviewable, reviewable.lead)
    assert take(lead, "review")["id"] == reviewable.reviews[1]


def test_nobody_judges_without_a_name_or_from_another_page(client: TestClient, reviewable: Reviewable) -> None:
    address = f"/api/tasks/{reviewable.reviews[0]}/verdict"
    assert client.post(address, json=ACCEPTED).status_code == 401
    as_person(client, reviewable, reviewable.member)
    assert client.post(address, json=ACCEPTED, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/tasks/99999/verdict", json={**ACCEPTED, "result_id": 1}).status_code == 404


def test_only_a_lead_decides_on_masks(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    task_id = reviewable.accepts[0]
    assert member.post("/api/tasks/next", json={"kind": "accept"}).status_code == 403
    for answer in (
        member.post(f"/api/tasks/{task_id}/accept", json={}),
        member.post(f"/api/tasks/{task_id}/return", json={"comment": "no"}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"].startswith("Max is not a lead")
    with reviewable.platform.database.unit_of_work() as session:
        assert {row.status for row in session.query(Annotation)} == {"submitted"}


def test_a_lead_accepts_a_mask_once(client: TestClient, reviewable: Reviewable) -> None:
    lead = as_person(client, reviewable, reviewable.lead)
    task = take(lead, "accept")
    assert (task["annotation"]["assessor"], task["annotation"]["seconds"]) == ("Max", 243.0)
    answer = lead.post(f"/api/tasks/{task['id']}/accept", json={})
    assert answer.status_code == 200
    with reviewable.platform.database.unit_of_work() as session:
        annotation = session.get(Annotation, answer.json()["annotation_id"])
        assert annotation is not None
        assert (annotation.status, annotation.decided_by_id) == ("accepted", reviewable.lead.id)
    assert lead.post(f"/api/tasks/{task['id']}/accept", json={}).status_code == 409
    assert lead.post(f"/api/tasks/{task['id']}/return", json={"comment": "late"}).status_code == 409


def test_a_returned_mask_goes_back_with_the_comment(client: TestClient, reviewable: Reviewable) -> None:
    lead = as_person(client, reviewable, reviewable.lead)
    task = take(lead, "accept")
    for nothing in ({"comment": "  "}, {}, {"comment": "x" * 2001}):
        assert lead.post(f"/api/tasks/{task['id']}/return", json=nothing).status_code in (409, 422)
    answer = lead.post(f"/api/tasks/{task['id']}/return", json={"comment": "The crease is missing."})
    with reviewable.platform.database.unit_of_work() as session:
        label = session.get(Task, answer.json()["label_task_id"])
        annotation = session.get(Annotation, task["annotation"]["id"])
        assert label is not None
        assert annotation is not None
        assert (annotation.status, annotation.comment) == ("rejected", "The crease is missing.")
        assert (label.kind, label.reason, label.annotation_id) == ("label", "returned", annotation.id)


def test_pictures_of_a_review_come_as_they_are(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    task = take(member, "review")
    for address in (task["photo"]["view"], task["results"][0]["view"], task["mask"]):
        answer = member.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert member.get(address, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    for kind in ("view", "thumbnail"):
        assert member.get(f"/api/results/99999/{kind}").status_code == 404
    with reviewable.platform.database.unit_of_work() as session:
        assert session.query(Photo).count() == 3


def test_numbers_that_no_row_can_have_are_told(client: TestClient, reviewable: Reviewable) -> None:
    member = as_person(client, reviewable, reviewable.member)
    for kind in ("photos", "results"):
        assert member.get(f"/api/{kind}/{2**40}/view").status_code == 404
    large = {"kind": "review", "task_id": 2**40}
    assert member.post("/api/tasks/next", json=large).json() == {"error": "The field 'task_id' is too large a number."}
    assert member.get(f"/api/export?format=png&photos={2**70}").status_code == 422


def test_filmstrips_show_small_results(database: Database, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.reviewable.WIDTH", 2 * LARGEST)
    reviewable = make_reviewable(platform(), photos=1)
    member = as_person(client, reviewable, reviewable.member)
    [result] = take(member, "review")["results"]
    answer = member.get(result["thumbnail"])
    assert answer.headers["content-type"] == "image/jpeg"
    small = decode(answer.content, "thumbnail")
    assert max(small.size) == LARGEST
    assert abs(float(small.pixels.mean()) - MENDED) < 3
    with database.reading() as session:
        shown = photo_page(session, 1, reviewable.member).versions[-1]
    assert (shown.src, shown.thumb) == (result["view"], result["thumbnail"])


def test_filmstrips_show_small_masks(database: Database, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.reviewable.WIDTH", 2 * LARGEST)
    reviewable = make_reviewable(platform(), photos=1)
    member = as_person(client, reviewable, reviewable.member)
    with database.unit_of_work() as session:
        [mask] = session.scalars(select(Annotation.mask_sha256))
        add_proposal(session, 1, model="detector 1", probability_sha256=str(mask), threshold=0.5, uncertainty=0.1)
    with database.reading() as session:
        shown = [version for version in photo_page(session, 1, reviewable.member).versions if version.mask]
    assert [version.label for version in shown] == ["proposal", "mask, waits for a lead"]
    for version in shown:
        small = decode(member.get(str(version.mask_thumb)).content, "thumbnail")
        assert max(small.size) == LARGEST
        assert small.pixels.max() > 250
        assert max(decode(member.get(str(version.mask)).content, "mask").size) == 2 * LARGEST


def test_a_result_is_made_small_once(
    client: TestClient, reviewable: Reviewable, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = as_person(client, reviewable, reviewable.member)
    [result] = take(member, "review")["results"]
    first = member.get(result["thumbnail"])
    assert "immutable" in first.headers["cache-control"]
    assert member.get(result["thumbnail"], headers={"if-none-match": first.headers["etag"]}).status_code == 304
    monkeypatch.setattr("annotator.routes.pictures.decode", None)
    assert member.get(result["thumbnail"]).content == first.content
