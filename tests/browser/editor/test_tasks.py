"""Which photo is in front, and the ways on from it."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import select

from db.models import Skip, Task
from tests.support.editor_app import EditorHome
from tests.support.editor_page import enter, open_label, photo


def test_a_page_loaded_again_shows_the_photo_in_front_not_the_one_asked_for(
    page: Page, editor: EditorHome, server: str
) -> None:
    for number in (1, 2):
        editor.add_photo(photo(number), f"{number}.png")
    with editor.database.reading() as rows:
        first, second = rows.scalars(select(Task.id).order_by(Task.id))
    open_label(page, editor, server, task=first)
    enter(page)
    expect(page.locator("h1 a")).to_have_text("2.png")
    assert page.url == f"{server}/label"
    page.reload()
    expect(page.locator("h1 a")).to_have_text("2.png")
    page.goto(f"{server}/label?task={first}")
    page.get_by_role("button", name="Open the next photo").click()
    expect(page.locator("h1 a")).to_have_text("2.png")
    page.goto(f"{server}/label?task={second}")
    expect(page.locator("h1 a")).to_have_text("2.png")
    assert page.url == f"{server}/label?task={second}"


def test_skip_needs_a_reason_and_the_last_photo_leaves_a_way_on(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, server)
    page.keyboard.press("Shift+S")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Shift+S")
    page.get_by_role("dialog").get_by_role("button", name="Skip", exact=True).click()
    expect(page.get_by_label("Reason in your own words")).to_be_focused()
    page.get_by_role("button", name="too hard").focus()
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Nothing waits to be labelled")).to_be_visible()
    expect(page.get_by_role("link", name="Add photos")).to_be_visible()
    for width in (1440, 420):
        page.set_viewport_size({"width": width, "height": 860})
        said = page.locator(".desk .notice").bounding_box()
        assert said is not None
        assert (said["x"], said["width"]) == (0, width), "in the middle of the window"


def test_the_keys_answer_at_once_after_a_dialog(page: Page, editor: EditorHome, server: str) -> None:
    """Between the button and the browser's own event "close" a key was lost."""
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, server)
    page.keyboard.press("Shift+S")
    page.get_by_role("button", name="Cancel").evaluate(
        """async (cancel) => {
            cancel.click();
            await new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
            window.dispatchEvent(new KeyboardEvent("keydown", { key: "S", code: "KeyS", shiftKey: true }));
        }"""
    )
    expect(page.get_by_role("dialog", name="Skip this photo")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_photo_that_does_not_open_is_passed_on(page: Page, editor: EditorHome, server: str) -> None:
    broken, sound = editor.add_photo(photo(1), "broken.png"), editor.add_photo(photo(2), "sound.png")
    editor.blobs.delete(broken.view_sha256)
    page.context.add_cookies([editor.cookie(editor.add_person(), server)])
    page.goto(f"{server}/label")
    expect(page.get_by_role("heading", name="This photo did not open")).to_be_visible()
    page.get_by_role("button", name="Skip it and open the next photo").click()
    expect(page.locator("h1 a")).to_have_text(re.compile(sound.filename))
    with editor.database.reading() as rows:
        skipped = rows.scalars(select(Skip)).one()
    assert "This photo did not open" in skipped.reason


def test_a_person_without_a_name_is_told_where_to_go(page: Page, server: str) -> None:
    page.goto(f"{server}/label")
    expect(page.get_by_text("Nobody is signed in here")).to_be_visible()
    expect(page.get_by_role("link", name="Go to the start page")).to_have_attribute("href", "/")
