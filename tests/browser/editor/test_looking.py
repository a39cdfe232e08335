"""Moving about on the photo, and controls that say their keys."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from db.models import Task
from tests.support.editor_app import EditorHome
from tests.support.editor_page import open_label, photo, probability, saved


def test_rejected_places_are_shown_and_reached_by_key(page: Page, editor: EditorHome, server: str) -> None:
    stored = editor.add_photo(photo(), "one.png")
    with editor.database.unit_of_work() as rows:
        task = rows.scalar(select(Task).where(Task.photo_id == stored.id))
        assert task is not None
        task.reason = "missed defect"
        task.marks = [{"kind": "rectangle", "x": 500, "y": 400, "width": 40, "height": 30}]
    open_label(page, editor, server, task.id)
    expect(page.locator(".why")).to_have_text("why: missed defect")
    assert page.evaluate("() => document.querySelector('#root').editor.stage.viewport.scale") > 1.5
    page.keyboard.press("f")
    page.keyboard.press("j")
    centre = page.evaluate("""() => {
        const { viewport } = document.querySelector('#root').editor.stage;
        return viewport.toPhoto(viewport.width / viewport.ratio / 2, viewport.height / viewport.ratio / 2);
    }""")
    assert (centre["x"], centre["y"]) == (pytest.approx(520, abs=2), pytest.approx(415, abs=2))


def test_zoom_keeps_the_place_under_the_pointer_and_space_pans(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, server)
    box = page.locator(".stage").bounding_box()
    assert box is not None
    at = (400, 250)
    under = f"() => document.querySelector('#root').editor.stage.viewport.toPhoto({at[0]}, {at[1]})"
    page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    before = page.evaluate(under)
    scale = "() => document.querySelector('#root').editor.stage.viewport.scale"
    fitted = page.evaluate(scale)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"fitted => ({scale})() > fitted", arg=fitted)
    after = page.evaluate(under)
    assert (after["x"], after["y"]) == (pytest.approx(before["x"], abs=0.01), pytest.approx(before["y"], abs=0.01))
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(box["x"] + at[0] - 100, box["y"] + at[1])
    page.mouse.up()
    page.keyboard.up(" ")
    assert page.evaluate(under)["x"] > after["x"]
    assert saved(page) == 0, "moving about draws nothing"


def test_every_control_has_a_name_that_says_its_key(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png", probability())
    open_label(page, editor, server)
    for control in page.locator(".desk button:visible, .desk input:visible").all():
        assert re.search(r"\(keys? .+\)", control.get_attribute("aria-label") or ""), control.inner_html()
