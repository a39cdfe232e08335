"""Looking in the viewer: wipe, blink, zoom, mask, marks, filmstrip, keys."""

import itertools

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.support.reviewable import DAMAGED, HEIGHT, HOLE, MENDED, WIDTH
from tests.support.viewer import HOLE_MIDDLE, Viewer


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
    scale = review.page.locator(".zoom")
    fitted = str(scale.text_content())
    review.page.mouse.wheel(0, -800)
    expect(scale).not_to_have_text(fitted)
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


@pytest.mark.parametrize("kinds", [("restored", "restored_color", "color")])
def test_a_rejection_can_be_sent_in_every_window(review: Viewer) -> None:
    review.press("2", "x")
    panel = review.page.locator(".panel")
    for width in (1440, 1024, 950, 844, 720, 390):
        review.page.set_viewport_size({"width": width, "height": 390 if width == 844 else 760})
        review.settle()
        around = panel.bounding_box()
        assert around is not None
        places = [control.bounding_box() for control in panel.locator("button, input").all()]
        assert len(places) == 8
        for box in places:
            assert box is not None
            assert 0 <= box["x"] < box["x"] + box["width"] <= width
            assert around["y"] <= box["y"] < box["y"] + box["height"] <= around["y"] + around["height"]


def as_a_phone(review: Viewer) -> None:
    session = review.page.context.new_cdp_session(review.page)
    whole = {"width": 844, "height": 390, "deviceScaleFactor": 1, "mobile": True}
    session.send("Emulation.setDeviceMetricsOverride", whole)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    assert review.page.evaluate("matchMedia('(hover: none)').matches")


def test_where_fingers_press_controls_say_what_they_do(review: Viewer) -> None:
    as_a_phone(review)
    for name in ("blink", "mask", "contour", "fit", "1:1"):
        expect(review.page.locator(".look").get_by_text(name, exact=True)).to_be_visible()
    expect(review.page.locator(".bar kbd").filter(visible=True)).to_have_count(0)


def test_where_fingers_press_a_rejection_names_no_keys(review: Viewer) -> None:
    panel = review.page.locator(".panel")
    review.press("x")
    expect(panel.get_by_role("status")).to_contain_text("⇧ drag")
    expect(panel.get_by_role("textbox")).to_have_attribute("placeholder", "In your words (W)")
    review.press("Escape")
    as_a_phone(review)
    review.press("x")
    expect(panel.get_by_role("status")).to_have_text("Drag over a place; then say why.")
    expect(panel.get_by_role("textbox")).to_have_attribute("placeholder", "In your words")
    panel.get_by_role("button", name="Reject").click()
    expect(panel.get_by_role("status")).to_have_text("Say why: choose what is wrong.")


def test_marks_are_a_dashed_white_line_on_black(review: Viewer) -> None:
    review.press("Space", "x")
    review.settle()
    review.drag((60, 40), (180, 140))
    row = round(review.at(0, 40)[1])
    left, right = (round(review.at(x, 0)[0]) for x in (70, 170))
    edge = review.pixels()[row, left:right, 0]
    assert (edge > 230).sum() > 20
    assert (edge < 30).sum() > 20


def test_the_filmstrip_shows_what_is_next_and_opens_it(review: Viewer) -> None:
    strip = review.page.get_by_role("list", name="Next in the queue")
    expect(strip.get_by_role("button")).to_have_count(2)
    strip.get_by_role("button", name="family-2.png").click()
    review.shows("family-2.png")
    expect(strip.get_by_role("button", name="family-0.png")).to_have_count(1)


def test_the_question_mark_lists_the_keys(review: Viewer) -> None:
    review.press("?")
    panel = review.page.get_by_role("dialog", name="Keys")
    expect(panel.get_by_text("accept this result")).to_be_visible()
    expect(panel.get_by_role("button", name="Close (key Esc)")).to_be_focused()
    review.press("Escape")
    expect(panel).to_be_hidden()
    review.page.set_viewport_size({"width": 844, "height": 390})
    review.press("?")
    expect(panel.get_by_role("heading", name="Keys")).to_be_in_viewport()
