"""The viewer in Chromium: wipe, zoom, mask, verdicts and decisions, and what the database holds afterwards."""

import base64
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import select

from annotator.context import platform
from db.engine import Database
from db.models import Annotation, Assessor, ResultKind, Task, Verdict
from db.queue import next_task
from tests.support.reviewable import DAMAGED, HEIGHT, HOLE, MENDED, WIDTH, Reviewable, make_reviewable
from tests.support.viewer_app import served, viewer_app

HOLE_MIDDLE = ((HOLE[1].start + HOLE[1].stop) / 2, (HOLE[0].start + HOLE[0].stop) / 2)
READ_PIXEL = '(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data]'
READ_CANVAS = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let text = "";
  for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
  return [width, height, btoa(text)];
}"""


class Viewer:
    """The viewer on a page, with places named in photo pixels. The photo lies fitted in the window."""

    def __init__(self, page: Page) -> None:
        page.set_viewport_size({"width": 1000, "height": 700})
        self.page = page
        self.canvas: Locator = page.locator("canvas.photo")

    def shows(self, filename: str) -> None:
        """Wait until that photo is the one in front and drawn."""
        expect(self.page.get_by_role("heading", name=filename)).to_be_visible()
        self.settle()

    def settle(self) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def pixels(self) -> NDArray[np.uint8]:
        """What is painted: H×W×3 uint8 of the canvas."""

        self.settle()
        width, height, text = self.canvas.evaluate(READ_CANVAS)
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 3)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Canvas pixels of a photo pixel."""
        box = self._box()
        scale = min((box["width"] - 48) / WIDTH, (box["height"] - 48) / HEIGHT, 4)
        return (box["width"] - WIDTH * scale) / 2 + x * scale, (box["height"] - HEIGHT * scale) / 2 + y * scale

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        left, top = self.at(x, y)
        box = self._box()
        return box["x"] + left, box["y"] + top

    def colour(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour painted at a photo pixel."""
        left, top = self.at(x, y)
        self.settle()
        red, green, blue, _ = self.canvas.evaluate(READ_PIXEL, [round(left), round(top)])
        return red, green, blue

    def point(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.on_page(x, y))

    def drag(self, *places: tuple[float, float]) -> None:
        self.point(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.on_page(*place), steps=5)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def _box(self) -> Any:
        return self.canvas.bounding_box()


@pytest.fixture
def kinds() -> tuple[ResultKind, ...]:
    return ("restored",)


@pytest.fixture
def reviewable(database: Database, kinds: tuple[ResultKind, ...]) -> Reviewable:
    return make_reviewable(platform(), kinds=kinds)


@pytest.fixture
def address(reviewable: Reviewable) -> Iterator[str]:
    with served(viewer_app()) as running:
        yield running


def sign_in(context: BrowserContext, reviewable: Reviewable, person: Assessor, address: str) -> None:
    [(name, value)] = reviewable.cookie(person).items()
    context.add_cookies([{"name": name, "value": value, "url": address}])


@pytest.fixture
def review(context: BrowserContext, page: Page, reviewable: Reviewable, address: str) -> Viewer:
    """The Review page of somebody who is no lead, on the first photo."""
    sign_in(context, reviewable, reviewable.member, address)
    page.goto(f"{address}/review")
    viewer = Viewer(page)
    viewer.shows("family-0.png")
    return viewer


@pytest.fixture
def accept(context: BrowserContext, page: Page, reviewable: Reviewable, address: str) -> Viewer:
    """The Accept page of the lead, on the first photo."""
    sign_in(context, reviewable, reviewable.lead, address)
    page.goto(f"{address}/accept")
    viewer = Viewer(page)
    viewer.shows("family-0.png")
    return viewer


def the_verdict(reviewable: Reviewable) -> Verdict:
    with reviewable.platform.database.unit_of_work() as session:
        return session.scalars(select(Verdict)).one()


def test_the_wipe_line_follows_the_pointer_and_the_arrow_keys(review: Viewer) -> None:
    review.point(120, 20)
    assert review.colour(115, 20) == (DAMAGED,) * 3
    assert review.colour(125, 20) == (MENDED,) * 3
    review.point(40, 20)
    assert review.colour(30, 20) == (DAMAGED,) * 3
    assert review.colour(115, 20) == (MENDED,) * 3
    review.press(*["ArrowRight"] * 15)
    assert review.colour(60, 20) == (DAMAGED,) * 3
    review.press(*["Shift+ArrowLeft"] * 3)
    assert review.colour(60, 20) == (MENDED,) * 3


def test_space_blinks_between_whole_pictures(review: Viewer) -> None:
    review.point(120, 20)
    review.press("Space")
    assert review.colour(20, 20) == review.colour(220, 20) == (DAMAGED,) * 3
    review.press("Space")
    assert review.colour(20, 20) == review.colour(220, 20) == (MENDED,) * 3
    review.point(121, 20)
    assert review.colour(20, 20) == (DAMAGED,) * 3


def test_zoom_and_pan_keep_both_pictures_on_top_of_each_other(review: Viewer) -> None:
    review.point(WIDTH - 20, HEIGHT - 20)
    review.page.mouse.wheel(0, -800)
    review.drag((200, 150), (150, 100))
    review.press("Space")
    before = review.pixels()
    review.press("Space")
    after = review.pixels()
    digit_before, digit_after = (np.all(np.abs(picture - 128.0) < 4, axis=2) for picture in (before, after))
    assert digit_before.sum() > 2000, "the number on the photo is in view, enlarged"
    agreement = (digit_before & digit_after).sum() / (digit_before | digit_after).sum()
    assert agreement > 0.9


def test_m_shows_the_mask_and_c_its_contour(review: Viewer) -> None:
    review.point(200, 20)
    grey = (DAMAGED,) * 3
    assert review.colour(*HOLE_MIDDLE) == grey
    review.press("m")
    red, _, blue = review.colour(*HOLE_MIDDLE)
    assert blue - red > 60, "a model's mask is cyan"
    assert review.colour(HOLE_MIDDLE[0], HOLE[0].start - 5) == grey
    review.press("c")
    assert review.colour(*HOLE_MIDDLE) == grey, "a contour leaves the inside in sight"
    review.press("c", "m")
    assert review.colour(*HOLE_MIDDLE) == grey


@pytest.mark.parametrize("kinds", [("restored", "restored_color", "color")])
@pytest.mark.parametrize("width", [1440, 1024, 720, 420])
def test_no_control_covers_another_or_leaves_the_window(review: Viewer, width: int) -> None:
    review.page.set_viewport_size({"width": width, "height": 760})
    review.settle()
    places = [control.bounding_box() for control in review.page.locator(".bar button:visible").all()]
    edges = sorted((box["y"], box["x"], box["x"] + box["width"]) for box in places if box is not None)
    assert len(edges) == 8
    assert all(left >= 0 and right <= width for _, left, right in edges)
    for (row, _, right), (next_row, left, _) in itertools.pairwise(edges):
        assert row != next_row or right <= left


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


def test_marks_are_a_dashed_white_line_on_black(review: Viewer) -> None:
    review.press("Space", "x")
    review.settle()
    review.drag((60, 40), (180, 140))
    row = round(review.at(0, 40)[1])
    left, right = (round(review.at(x, 0)[0]) for x in (70, 170))
    edge = review.pixels()[row, left:right, 0]
    assert (edge > 230).sum() > 20
    assert (edge < 30).sum() > 20


def test_a_place_can_be_marked_without_a_mouse(review: Viewer, reviewable: Reviewable) -> None:
    review.press("x", "r", *["ArrowRight"] * 5, *["Shift+ArrowDown"] * 5, "2")
    review.shows("family-1.png")
    verdict = the_verdict(reviewable)
    [mark] = verdict.marks
    assert verdict.reasons == ["false defect"]
    assert mark["x"] + mark["width"] / 2 > WIDTH / 2 + 4, "moved to the right"
    assert mark["height"] > mark["width"] + 4, "made taller"


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


def test_the_filmstrip_shows_what_is_next_and_opens_it(review: Viewer) -> None:
    strip = review.page.get_by_role("list", name="Next in the queue")
    expect(strip.get_by_role("button")).to_have_count(2)
    strip.get_by_role("button", name="family-2.png").click()
    review.shows("family-2.png")
    expect(strip.get_by_role("button", name="family-0.png")).to_have_count(1)


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
    review.page.goto(f"{review.page.url}?task={reviewable.reviews[0]}")
    review.shows("family-1.png")
    expect(review.page.get_by_role("status")).to_contain_text("This review task is done already")


def test_a_server_that_is_away_loses_no_verdict(review: Viewer, reviewable: Reviewable) -> None:
    review.page.route("**/verdict", lambda route: route.abort())
    review.press("x", "r", "1")
    expect(review.page.get_by_text("The server does not answer.")).to_be_visible()
    expect(review.page.get_by_text("1 place marked")).to_be_visible()
    review.page.unroute("**/verdict")
    review.press("1")
    review.shows("family-1.png")
    assert len(the_verdict(reviewable).marks) == 1


def test_the_question_mark_lists_the_keys(review: Viewer) -> None:
    review.press("?")
    panel = review.page.get_by_role("dialog", name="Keys")
    expect(panel.get_by_text("accept this result")).to_be_visible()
    review.press("Escape")
    expect(panel).to_be_hidden()


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


def test_who_is_no_lead_is_told_so(context: BrowserContext, page: Page, reviewable: Reviewable, address: str) -> None:
    sign_in(context, reviewable, reviewable.member, address)
    page.goto(f"{address}/accept")
    expect(page.get_by_text("Max is not a lead; ask a lead to do this.")).to_be_visible()


def test_the_viewer_leaves_nothing_behind(review: Viewer, reviewable: Reviewable) -> None:
    review.page.evaluate("window.unmount()")
    review.press("Enter")
    review.page.wait_for_timeout(200)
    expect(review.canvas).to_have_count(0)
    with reviewable.platform.database.unit_of_work() as session:
        assert session.scalars(select(Verdict)).all() == []
