"""Three results of a photo in the viewer, each with a verdict of its own."""

import re

import pytest
from playwright.sync_api import Locator, Route, expect
from sqlalchemy import select

from db.models import Task, Verdict
from tests.support.reviewable import MENDED, WIDTH, Reviewable
from tests.support.viewer import Viewer, the_verdict

THREE = pytest.mark.parametrize("kinds", [("restored", "restored_color", "color")])


def state_of(review: Viewer, name: str) -> Locator:
    """The frame of one result, by what it says."""
    return review.page.get_by_role("button", name=name)


@THREE
def test_a_number_chooses_the_result_that_is_looked_at_and_judged(review: Viewer, reviewable: Reviewable) -> None:
    review.press("ArrowUp")
    assert review.colour(20, 20) == (MENDED,) * 3
    review.press("3")
    frame = state_of(review, "only coloured, no verdict yet (key 3)")
    expect(frame).to_have_attribute("aria-pressed", "true")
    assert review.colour(20, 20) == (MENDED - 40,) * 3, "the view stays: the result whole"
    review.press("Enter")
    expect(review.page.get_by_role("status")).to_contain_text("Accepted: family-0.png, only coloured.")
    expect(state_of(review, "only coloured, accepted (key 3)")).to_be_visible()
    review.shows("family-0.png")
    assert review.colour(20, 20) == (MENDED,) * 3, "the first result without a verdict is next, the view stays"
    verdict = the_verdict(reviewable)
    assert verdict.result_id == reviewable.results[reviewable.reviews[0]][2]


def _held_back(review: Viewer, result: int) -> list[Route]:
    """The requests of a result's picture, which wait after a reload until they are let go on."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    review.page.route(f"**/api/results/{result}/view*", hold)
    with review.page.expect_request(f"**/api/results/{result}/view*"):
        review.page.reload()
    review.shows("family-0.png")
    return held


@THREE
def test_the_result_in_front_stays_when_it_is_chosen_again(review: Viewer, reviewable: Reviewable) -> None:
    first, second, _ = reviewable.results[reviewable.reviews[0]]
    held = _held_back(review, second)
    review.press("2", "1")
    with review.page.expect_response(f"**/api/results/{second}/view*"):
        for route in held:
            route.continue_()
    review.settle()
    review.press("Enter")
    expect(review.page.get_by_role("status")).to_contain_text("Accepted: family-0.png, ")
    assert the_verdict(reviewable).result_id == first


@THREE
def test_a_result_that_was_chosen_is_judged_once_it_is_seen(review: Viewer, reviewable: Reviewable) -> None:
    second = reviewable.results[reviewable.reviews[0]][1]
    held = _held_back(review, second)
    review.press("2", "Enter")
    review.settle()
    for route in held:
        route.continue_()
    expect(review.page.get_by_role("status")).to_contain_text("Accepted: family-0.png, ")
    assert the_verdict(reviewable).result_id == second


@THREE
def test_the_next_photo_opens_when_all_three_have_their_verdict(review: Viewer, reviewable: Reviewable) -> None:
    review.press("Enter")
    expect(state_of(review, "restored, accepted (key 1)")).to_be_visible()
    expect(state_of(review, "restored in colour, no verdict yet (key 2)")).to_have_attribute("aria-pressed", "true")
    review.press("x")
    expect(review.page.get_by_role("button", name="bad colour (key 4)")).to_be_visible()
    review.press("4")
    expect(state_of(review, "restored in colour, rejected: bad colour (key 2)")).to_be_visible()
    by_hand = review.page.get_by_role("link", name="Correct its colours")
    expect(by_hand).to_have_attribute("href", re.compile(r"^/photo\?photo=\d+&colours=1$"))
    review.press("x")
    expect(review.page.get_by_role("button", name="missed defect")).to_be_hidden()
    review.press("Escape", "Enter")
    review.shows("family-1.png")
    expect(state_of(review, "restored, no verdict yet (key 1)")).to_be_visible()
    with reviewable.platform.database.reading() as session:
        said = session.execute(select(Verdict.result_id, Verdict.accepted, Verdict.reasons)).all()
        first, second, third = reviewable.results[reviewable.reviews[0]]
        assert [tuple(row) for row in said] == [(first, True, []), (second, False, ["bad colour"]), (third, True, [])]
        assert session.get_one(Task, reviewable.reviews[0]).status == "done"


@THREE
def test_one_key_accepts_all_that_is_still_open(review: Viewer, reviewable: Reviewable) -> None:
    expect(review.page.get_by_role("button", name="Accept all (key A)")).to_be_visible()
    review.press("x", "3")
    expect(state_of(review, "restored, rejected: bad fill (key 1)")).to_be_visible()
    expect(review.page.get_by_role("button", name="Accept the rest (key A)")).to_be_visible()
    review.press("a")
    review.shows("family-1.png")
    expect(review.page.get_by_role("status")).to_contain_text("restored in colour and only coloured")
    with reviewable.platform.database.reading() as session:
        assert list(session.scalars(select(Verdict.accepted).order_by(Verdict.result_id))) == [False, True, True]


@THREE
def test_what_is_wrong_with_the_mask_need_not_be_said_twice(review: Viewer, reviewable: Reviewable) -> None:
    review.press("x", "r", "1")
    expect(state_of(review, "restored, rejected: missed defect (key 1)")).to_be_visible()
    review.press("x")
    expect(review.page.get_by_text("1 place marked")).to_be_visible()
    review.press("Enter")
    expect(state_of(review, "restored in colour, rejected: missed defect (key 2)")).to_be_visible()
    with reviewable.platform.database.reading() as session:
        first, second = session.scalars(select(Verdict).order_by(Verdict.id)).all()
        assert first.marks == second.marks
        label = session.get_one(Task, second.label_task_id)
        assert label.marks == first.marks, "one place is marked once"


@THREE
def test_a_judged_result_can_be_looked_at_but_not_judged_again(review: Viewer, reviewable: Reviewable) -> None:
    review.press("ArrowUp", "Enter")
    expect(state_of(review, "restored, accepted (key 1)")).to_be_visible()
    review.press("1")
    expect(state_of(review, "restored, accepted (key 1)")).to_have_attribute("aria-pressed", "true")
    review.press("x")
    expect(review.page.get_by_role("status")).to_contain_text("“restored” has its verdict: accepted.")
    assert the_verdict(reviewable).accepted


@THREE
def test_each_result_shows_itself_small(review: Viewer, reviewable: Reviewable) -> None:
    pictures = review.page.get_by_role("list", name="Results").locator("img")
    addresses = [f"/api/results/{result}/thumbnail" for result in reviewable.results[reviewable.reviews[0]]]
    for place, address in enumerate(addresses):
        expect(pictures.nth(place)).to_have_attribute("src", re.compile(re.escape(address)))
        expect(pictures.nth(place)).to_have_js_property("naturalWidth", WIDTH)
