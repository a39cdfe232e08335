"""One draft in two windows: nothing is merged in silence."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.editor_app import EditorHome
from tests.support.editor_page import actions, draw, enter, hashed, open_label, photo, rebuilt, saved, shown


def drawn_elsewhere(page: Page, editor: EditorHome, server: str) -> Page:
    """Opens a photo in this window and in another, and draws and saves a stroke in the other, which is returned."""
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, server)
    other = page.context.new_page()
    open_label(other, editor, server)
    draw(other, (0.3, 0.3), (0.5, 0.3))
    saved(other)
    return other


@pytest.mark.parametrize("choice", ["drop", "on top"])
def test_two_windows_on_one_draft_never_merge_silently(
    page: Page, editor: EditorHome, server: str, choice: str
) -> None:
    other = drawn_elsewhere(page, editor, server)
    theirs, version = shown(other), saved(other)
    draw(page, (0.3, 0.6), (0.5, 0.6))
    expect(page.get_by_role("dialog", name="This photo was worked on elsewhere")).to_be_visible()
    expect(page.locator(".saved")).to_have_text("changed elsewhere – 1 stroke kept here")
    assert actions(editor) == (1, 1), "nothing is written before somebody chose"
    page.get_by_role("button", name=re.compile(choice)).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    saved(page, after=version if choice == "on top" else version - 1)
    assert actions(editor) == ((1, 1) if choice == "drop" else (2, 2))
    assert shown(page) == hashed(rebuilt(editor))
    assert (shown(page) == theirs) == (choice == "drop")


def test_submitting_an_older_version_shows_the_newer_one_and_says_so(
    page: Page, editor: EditorHome, server: str
) -> None:
    other = drawn_elsewhere(page, editor, server)
    page.bring_to_front()
    enter(page)
    expect(page.locator(".toast")).to_contain_text("Here is the newest version; it is not submitted yet.")
    assert shown(page) == shown(other)


def test_a_newer_version_that_does_not_open_is_not_said_to_be_here(page: Page, editor: EditorHome, server: str) -> None:
    drawn_elsewhere(page, editor, server)
    page.bring_to_front()
    page.route("**/api/tasks/next**", lambda route: route.abort())
    enter(page)
    expect(page.get_by_role("heading", name="This photo did not open")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.locator(".toast").text_content() == ""


def test_what_one_window_keeps_outlives_what_the_other_saves(page: Page, editor: EditorHome, server: str) -> None:
    other = drawn_elsewhere(page, editor, server)
    draw(page, (0.3, 0.6), (0.5, 0.6))
    expect(page.locator(".saved")).to_have_text("changed elsewhere – 1 stroke kept here")
    draw(other, (0.3, 0.8), (0.5, 0.8))
    version = saved(other)
    page.close()
    other.reload()
    expect(other.get_by_role("dialog", name="This photo was worked on elsewhere")).to_be_visible()
    expect(other.locator(".saved")).to_have_text("changed elsewhere – 1 stroke kept here")
    other.get_by_role("button", name=re.compile("on top")).click()
    saved(other, after=version)
    assert actions(editor) == (3, 3)
    assert shown(other) == hashed(rebuilt(editor))
    other.reload()
    saved(other)
    assert actions(editor) == (3, 3), "drawn once"
