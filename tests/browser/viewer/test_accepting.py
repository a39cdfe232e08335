"""A lead accepts and returns masks in the viewer."""

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from db.models import Annotation, Assessor, Task
from tests.support.reviewable import DAMAGED, Reviewable
from tests.support.viewer import HOLE_MIDDLE, Viewer, sign_in


def test_a_lead_sees_who_how_long_and_how_much(accept: Viewer) -> None:
    for fact in ("by Max", "4 min 3 s at work", "5.6 % marked"):
        expect(accept.page.get_by_text(fact)).to_be_visible()
    red, _, blue = accept.colour(*HOLE_MIDDLE)
    assert red - blue > 60, "a drawn mask is vermilion"
    accept.press("Space")
    assert accept.colour(*HOLE_MIDDLE) == (DAMAGED,) * 3
    accept.press("Space", "Shift+O")
    fainter = accept.colour(*HOLE_MIDDLE)
    assert DAMAGED < fainter[0] < red


def test_a_long_name_of_a_person_leaves_the_photo_its_own(accept: Viewer, reviewable: Reviewable) -> None:
    with reviewable.platform.database.unit_of_work() as session:
        session.get_one(Assessor, reviewable.member.id).name = "x" * 80
    accept.page.set_viewport_size({"width": 1024, "height": 768})
    accept.page.reload()
    accept.shows("family-0.png")
    assert accept.page.get_by_role("link", name="family-0.png").evaluate(
        "link => link.scrollWidth <= link.parentElement.clientWidth"
    )


def test_a_lead_accepts_and_returns(accept: Viewer, reviewable: Reviewable) -> None:
    accept.press("Enter")
    accept.shows("family-1.png")
    accept.press("x", "Enter")
    expect(accept.page.get_by_text("Write what should be different")).to_be_visible()
    accept.page.keyboard.type("The crease is missing.")
    accept.press("Enter")
    accept.shows("family-2.png")
    with reviewable.platform.database.unit_of_work() as session:
        first, second, third = session.scalars(select(Annotation).order_by(Annotation.id)).all()
        assert (first.status, first.decided_by_id) == ("accepted", reviewable.lead.id)
        assert (second.status, second.comment) == ("rejected", "The crease is missing.")
        assert third.status == "submitted"
        label = session.scalars(select(Task).where(Task.annotation_id == second.id, Task.kind == "label")).one()
        assert label.reason == "returned"


def test_a_lead_is_told_who_gets_a_returned_mask(accept: Viewer, reviewable: Reviewable) -> None:
    accept.press("x")
    expect(accept.page.get_by_text("Max gets it back, with what you write.")).to_be_visible()
    with reviewable.platform.database.unit_of_work() as session:
        session.get_one(Assessor, reviewable.member.id).active = False
    accept.page.reload()
    accept.shows("family-0.png")
    accept.press("x")
    expect(accept.page.get_by_text("Max has left. Whoever comes next gets it, with what you write.")).to_be_visible()


def test_who_is_no_lead_is_told_so(context: BrowserContext, page: Page, reviewable: Reviewable, address: str) -> None:
    sign_in(context, reviewable, reviewable.member, address)
    page.goto(f"{address}/accept")
    expect(page.get_by_text("Max is not a lead; ask a lead to do this.")).to_be_visible()
