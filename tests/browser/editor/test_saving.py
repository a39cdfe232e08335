"""What is drawn is what the server has, whatever dies in between."""

import re

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from db.models import Annotation, Task
from inference.masks import decode_mask
from tests.support.editor_app import EditorHome, Server
from tests.support.editor_page import (
    HEIGHT,
    WIDTH,
    actions,
    draw,
    enter,
    events,
    hashed,
    open_label,
    photo,
    pieces,
    probability,
    rebuilt,
    saved,
    shown,
)
from tests.support.waiting import wait_for

SINCE_OPENED = "() => document.querySelector('#root').editor.sheet.since()"


def test_the_editor_and_the_server_hold_the_same_mask(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(), "one.png", probability())
    open_label(page, editor, server)
    draw(page, (0.3, 0.3), (0.6, 0.5), (0.4, 0.7))
    draw(page, (0.4, 0.4), (0.7, 0.4), button="right")
    page.keyboard.press("t")
    page.keyboard.press("]")
    draw(page, (0.5, 0.2), (0.5, 0.9))
    page.keyboard.press("u")
    page.keyboard.press("u")
    page.keyboard.press("r")
    draw(page, (0.2, 0.5), (0.35, 0.55))
    version = saved(page)
    mask = rebuilt(editor)
    assert shown(page) == hashed(mask)
    assert actions(editor) == (4, 4), "two strokes, a threshold, and a stroke that dropped the undone one"
    page.reload()
    assert saved(page) == version == len(events(editor))
    assert shown(page) == hashed(mask), "a draft opened again is rebuilt bit for bit"
    page.keyboard.press("u")
    assert saved(page) == version + 1
    assert shown(page) == hashed(rebuilt(editor)) != hashed(mask), "undo goes on after a reload"


def test_submit_stores_the_rebuilt_mask_and_opens_the_next_photo(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(1), "one.png", probability())
    editor.add_photo(photo(2), "two.png")
    open_label(page, editor, server)
    first = page.locator("h1 a").inner_text()
    draw(page, (0.3, 0.3), (0.6, 0.5))
    expected = shown(page)
    enter(page)
    expect(page.locator("h1 a")).not_to_have_text(first)
    with editor.database.unit_of_work() as rows:
        done = rows.scalar(select(Annotation).where(Annotation.status == "submitted"))
        assert done is not None
        assert done.mask_sha256 is not None
        assert done.marked_share is not None
        accept = rows.scalar(select(Task).where(Task.kind == "accept"))
        assert accept is not None
        assert accept.annotation_id == done.id
    mask = decode_mask(editor.blobs.get(done.mask_sha256), (HEIGHT, WIDTH), "mask")
    assert hashed(mask) == expected
    assert done.marked_share == pytest.approx(mask.mean())
    assert done.seconds > 0


def test_a_mask_whose_receipt_was_lost_does_not_hold_its_assessor(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(1), "one.png")
    editor.add_photo(photo(2), "two.png")
    open_label(page, editor, server)
    draw(page, (0.3, 0.3), (0.6, 0.5))
    saved(page)
    with editor.database.reading() as rows:
        draft = rows.scalars(select(Annotation)).one()
    address = f"{server}/api/drafts/{draft.id}/submit"
    page.request.post(address, data={"version": draft.version, "seconds": 1.0}, headers={"Origin": server})
    enter(page)
    expect(page.get_by_role("heading", name="one.png can no longer be submitted")).to_be_visible()
    page.get_by_role("button", name="Open the next photo").click()
    expect(page.locator("h1 a")).to_have_text(re.compile("two.png"))


def test_a_killed_server_loses_nothing_that_is_older_than_two_seconds(
    page: Page, editor: EditorHome, killable: Server
) -> None:
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, killable.address)
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    begun_ms = page.evaluate(SINCE_OPENED)
    for step in range(40):
        page.mouse.move(box["x"] + 300 + step * 8, box["y"] + 200 + (step % 7) * 20)
        page.wait_for_timeout(90)
    drawn_ms = page.evaluate(SINCE_OPENED)
    wait_for(lambda: pieces(editor)[-1] > drawn_ms - 2000, "all but the last two seconds, with the pen still down", 60)
    killable.kill()
    assert max(np.diff([begun_ms, *pieces(editor)])) < 2000, "the stroke was cut as it was drawn"
    for step in range(12):
        page.mouse.move(box["x"] + 620 - step * 8, box["y"] + 300 + step * 5)
        page.wait_for_timeout(60)
    page.mouse.up()
    draw(page, (0.3, 0.8), (0.6, 0.8))
    expect(page.locator(".saved")).to_have_text(re.compile(r"offline – \d strokes? kept here"))
    expected = shown(page)
    killable.start()
    saved(page)
    assert hashed(rebuilt(editor)) == expected
    assert actions(editor) == (2, 2), "two strokes, however many pieces they were saved in"


def test_a_closed_tab_leaves_its_unsent_strokes_to_the_next_visit(
    page: Page, context: BrowserContext, editor: EditorHome, killable: Server
) -> None:
    editor.add_photo(photo(), "one.png")
    open_label(page, editor, killable.address)
    draw(page, (0.3, 0.3), (0.5, 0.5))
    saved(page)
    killable.kill()
    draw(page, (0.6, 0.3), (0.5, 0.7))
    expect(page.locator(".saved")).to_have_text("offline – 1 stroke kept here")
    expected = shown(page)
    page.close()
    killable.start()
    again = context.new_page()
    again.goto(f"{killable.address}/label")
    saved(again)
    assert shown(again) == expected == hashed(rebuilt(editor))
    assert actions(editor) == (2, 2)
