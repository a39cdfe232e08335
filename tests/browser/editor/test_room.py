"""Room for the photo in narrow and low windows."""

import re

import numpy as np
from playwright.sync_api import Page, expect

from db.annotations import give_back
from db.queue import next_task
from inference.masks import encode_mask
from tests.support.databases import submit_mask
from tests.support.editor_app import EditorHome
from tests.support.editor_page import HEIGHT, WIDTH, open_label, photo, probability


def test_on_a_phone_the_photo_has_the_room_and_submit_is_in_sight(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png", probability())
    page.set_viewport_size({"width": 420, "height": 860})
    open_label(page, editor, server)
    stage, submit = page.locator(".stage").bounding_box(), page.get_by_role("button", name="Submit").bounding_box()
    assert stage is not None
    assert submit is not None
    assert stage["width"] > 300
    assert submit["x"] + submit["width"] <= 420
    page.get_by_role("button", name="This panel").click()
    expect(page.get_by_label("Threshold of the detector's proposal")).to_be_visible()
    assert page.locator(".stage").bounding_box() == stage, "the panel lies over the photo"


def test_what_the_lead_said_covers_nothing_of_the_photo(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png")
    lead, member = editor.add_person("Lena"), editor.add_person("Max")
    with editor.database.unit_of_work() as rows:
        accept = submit_mask(rows, member, 1, editor.blobs.put(encode_mask(np.zeros((HEIGHT, WIDTH), bool))), share=0.0)
        next_task(rows, lead, "accept", task_id=accept.id)
        task = give_back(rows, accept, lead, "The crease at the left edge is missing. " * 12 + "x" * 300)
    page.context.add_cookies([editor.cookie(member, server)])
    page.goto(f"{server}/label?task={task.id}")
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        said, stage = page.locator(".desk .comment"), page.locator(".desk .stage")
        expect(said).to_contain_text("The lead said: The crease")
        assert said.evaluate("said => said.scrollWidth <= said.clientWidth"), "read without moving sideways"
        above, below = said.bounding_box(), stage.bounding_box()
        assert above is not None
        assert below is not None
        assert above["y"] + above["height"] <= below["y"]
        assert below["height"] > height / 2


def test_in_a_low_window_the_list_of_keys_begins_at_its_head(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, server)
    page.set_viewport_size({"width": 844, "height": 390})
    page.keyboard.press("?")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    expect(page.get_by_role("heading", name="Keys")).to_be_in_viewport()


def test_a_tip_chosen_in_a_narrow_window_folds_no_panel_of_a_wide_one(
    page: Page, editor: EditorHome, server: str
) -> None:
    editor.add_photo(photo(), "one.png")
    page.set_viewport_size({"width": 390, "height": 844})
    open_label(page, editor, server)
    panel = page.locator(".looks")
    expect(panel).to_have_class(re.compile("folded"))
    page.keyboard.press("]")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    expect(page.locator("h1 a")).to_have_text("one.png")
    assert "folded" not in (panel.get_attribute("class") or "")
    expect(page.get_by_role("status", name="brush 18 px")).to_be_visible()
