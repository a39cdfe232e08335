"""Verdicts on one result in the viewer, and what the database holds afterwards."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from db.models import Task, Verdict
from db.queue import next_task
from tests.support.reviewable import WIDTH, Reviewable
from tests.support.viewer import Viewer, the_verdict


def test_enter_accepts_and_the_next_opens(review: Viewer, reviewable: Reviewable) -> None:
    review.press("Enter")
    review.shows("family-1.png")
    verdict = the_verdict(reviewable)
    assert (verdict.accepted, verdict.reasons, verdict.assessor_id) == (True, [], reviewable.member.id)
    expect(review.page.get_by_role("status")).to_contain_text("Accepted: family-0.png, restored.")


def test_a_rejection_says_where_and_why_and_shows_its_label_task(review: Viewer, reviewable: Reviewable) -> None:
    review.press("x")
    expect(review.page.get_by_text("What is wrong, and where?")).to_be_visible()
    review.settle()
    review.drag((100, 50), (150, 110))
    review.page.keyboard.down("Shift")
    review.drag((20, 20), (40, 60), (60, 20))
    review.page.keyboard.up("Shift")
    expect(review.page.get_by_text("2 places marked")).to_be_visible()
    review.press("1")
    review.shows("family-1.png")
    verdict = the_verdict(reviewable)
    rectangle, scribble = verdict.marks
    assert (verdict.accepted, verdict.reasons) == (False, ["missed defect"])
    sides = [rectangle[side] for side in ("x", "y", "width", "height")]
    assert sides == pytest.approx([100, 50, 50, 60], abs=1)
    assert scribble["points"][0] == pytest.approx([20, 20], abs=1)
    assert scribble["points"][-1] == pytest.approx([60, 20], abs=1)
    with reviewable.platform.database.unit_of_work() as session:
        label = session.get(Task, verdict.label_task_id)
        assert label is not None
        assert (label.kind, label.marks) == ("label", [rectangle, scribble])
    link = review.page.get_by_role("link", name=f"Label it now (task {verdict.label_task_id})")
    expect(link).to_have_attribute("href", f"/label?task={verdict.label_task_id}")


def test_a_place_can_be_marked_without_a_mouse(review: Viewer, reviewable: Reviewable) -> None:
    review.press("x", "r", *["ArrowRight"] * 5, *["Shift+ArrowDown"] * 5, "2")
    review.shows("family-1.png")
    verdict = the_verdict(reviewable)
    [mark] = verdict.marks
    assert verdict.reasons == ["false defect"]
    assert mark["x"] + mark["width"] / 2 > WIDTH / 2 + 4, "moved to the right"
    assert mark["height"] > mark["width"] + 4, "made taller"


def test_the_focus_is_never_behind_the_question_why(review: Viewer) -> None:
    page = review.page
    page.get_by_role("button", name="Reject").focus()
    review.press("Enter")
    expect(page.get_by_role("group", name="What is wrong, and where?")).to_be_focused()
    review.press("Tab")
    expect(page.get_by_role("button", name="missed defect")).to_be_focused()
    review.press("Shift+Tab")
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
    review.press("Escape")
    expect(page.get_by_role("button", name="Reject")).to_be_focused()


def test_other_asks_for_words_and_shift_collects_reasons(review: Viewer, reviewable: Reviewable) -> None:
    review.press("x", "5", "Enter")
    expect(review.page.get_by_text("Say in a few words what else is wrong.")).to_be_visible()
    assert review.page.get_by_role("heading", name="family-0.png").is_visible()
    review.page.keyboard.type("mx1 too soft")
    review.press("Enter")
    review.shows("family-1.png")
    verdict = the_verdict(reviewable)
    assert (verdict.reasons, verdict.comment, verdict.label_task_id) == (["other"], "mx1 too soft", None)
    review.press("x", "Shift+Digit1", "Shift+Digit3", "Enter")
    review.shows("family-2.png")
    with reviewable.platform.database.unit_of_work() as session:
        last = session.scalars(select(Verdict).order_by(Verdict.id.desc())).first()
        assert last is not None
        assert last.reasons == ["missed defect", "bad fill"]


def test_escape_takes_a_rejection_back(review: Viewer, reviewable: Reviewable) -> None:
    review.press("x", "r", "Escape", "Enter")
    review.shows("family-1.png")
    verdict = the_verdict(reviewable)
    assert (verdict.accepted, verdict.marks) == (True, [])


def test_when_nothing_waits_the_page_says_what_to_do(review: Viewer) -> None:
    for following in ("family-1.png", "family-2.png"):
        review.press("Enter")
        review.shows(following)
    review.press("Enter")
    expect(review.page.get_by_role("heading", name="Nothing waits for a verdict")).to_be_visible()
    expect(review.page.get_by_role("link", name="Restore photos")).to_be_focused()
    review.press("x")
    expect(review.page.get_by_text("What is wrong, and where?")).to_be_hidden()


def test_a_task_that_somebody_took_makes_way_for_the_next(review: Viewer, reviewable: Reviewable) -> None:
    with reviewable.platform.database.unit_of_work() as session:
        task = session.get(Task, reviewable.reviews[0])
        assert task is not None
        task.leased_to_id = task.leased_until = None
        session.flush()
        assert next_task(session, reviewable.lead, "review", task_id=reviewable.reviews[0]) is not None
    review.press("Enter")
    review.shows("family-1.png")
    expect(review.page.get_by_role("status")).to_contain_text("Lena is working on this photo now")


def test_an_address_whose_task_is_done_leads_to_the_next(review: Viewer, reviewable: Reviewable) -> None:
    review.press("Enter")
    review.shows("family-1.png")
    address = review.page.url
    review.page.goto(f"{address}?task={reviewable.reviews[0]}")
    review.shows("family-1.png")
    expect(review.page.get_by_role("status")).to_contain_text("This review task is done already")
    assert review.page.url == address


def test_a_server_that_is_away_loses_no_verdict(review: Viewer, reviewable: Reviewable) -> None:
    review.page.route("**/verdict", lambda route: route.abort())
    review.press("x", "r", "1")
    expect(review.page.get_by_text("The server does not answer.")).to_be_visible()
    expect(review.page.get_by_text("1 place marked")).to_be_visible()
    review.page.unroute("**/verdict")
    review.press("1")
    review.shows("family-1.png")
    assert len(the_verdict(reviewable).marks) == 1


def test_the_viewer_leaves_nothing_behind(review: Viewer, reviewable: Reviewable) -> None:
    review.page.evaluate("window.unmount()")
    review.press("Enter")
    review.page.wait_for_timeout(200)
    expect(review.canvas).to_have_count(0)
    with reviewable.platform.database.unit_of_work() as session:
        assert session.scalars(select(Verdict)).all() == []
