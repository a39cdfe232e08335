"""The mask editor in Chromium on our own routes: what is drawn is what the server has, whatever dies in between."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from annotator.routes.drafts import read_draft, rebuild_draft
from annotator.strokes import Event, fold
from db.annotations import give_back
from db.models import Annotation, DraftEvent, Skip, Task
from db.queue import next_task
from inference.files import decode_mask, encode_mask
from tests.support.databases import submit_mask
from tests.support.editor_app import EditorHome, Server, build, serving
from tests.support.serving import serving_here
from tests.support.waiting import wait_for

WIDTH, HEIGHT = 640, 480
SINCE_OPENED = "() => document.querySelector('#root').editor.sheet.since()"
MASK_HASH = """async () => {
    const bytes = document.querySelector('#root').editor.sheet.mask.toBytes();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}"""


@pytest.fixture
def editor(home: Path) -> EditorHome:
    return EditorHome(home)


@pytest.fixture
def server(editor: EditorHome) -> Iterator[str]:
    with serving_here(build()) as address:
        yield address


@pytest.fixture
def killable(editor: EditorHome) -> Iterator[Server]:
    with serving(editor.settings.home) as running:
        yield running


def photo(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 200, (HEIGHT, WIDTH, 3), np.uint8)


def probability() -> np.ndarray:
    """Rises from left to right, so that every threshold gives another mask."""
    return np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))


def open_label(page: Page, editor: EditorHome, address: str, task: int | None = None) -> None:
    page.context.add_cookies([editor.cookie(editor.add_person(), address)])
    page.goto(f"{address}/label{f'?task={task}' if task else ''}")
    expect(page.locator(".saved")).to_have_text(re.compile(r"saved · v\d+"))


def draw(page: Page, *points: tuple[float, float], button: str = "left", steps: int = 8) -> None:
    """A stroke through places given as shares of the stage's width and height."""
    box = page.locator(".stage").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down(button=button)  # type: ignore[arg-type]
    for place in places[1:]:
        page.mouse.move(*place, steps=steps)
    page.mouse.up(button=button)  # type: ignore[arg-type]


def saved(page: Page) -> int:
    """Waits until all is saved; the version. A slow machine cuts strokes into more pieces, so it is not foretold."""
    expect(page.locator(".saved")).to_have_text(re.compile(r"saved · v\d+"))
    return int(page.locator(".saved").inner_text().rpartition("v")[2])


def rebuilt(editor: EditorHome) -> np.ndarray:
    """The newest draft's mask as the server rebuilds it from the log."""
    with editor.database.unit_of_work() as rows:
        row = rows.scalar(select(Annotation).order_by(Annotation.id.desc()).limit(1))
        assert row is not None
        record = read_draft(rows, row)
    return rebuild_draft(record, editor.blobs)


def events(editor: EditorHome) -> list[DraftEvent]:
    with editor.database.unit_of_work() as rows:
        return list(rows.scalars(select(DraftEvent).order_by(DraftEvent.annotation_id, DraftEvent.version)))


def pieces(editor: EditorHome) -> list[int]:
    """When each stroke, or piece of one, that the server has was drawn, in milliseconds since the draft was opened."""
    return [event.payload["ms"] for event in events(editor)] or [0]


def actions(editor: EditorHome) -> tuple[int, int]:
    """Strokes and thresholds in the log, and how many of them are in force."""
    state = fold([Event(event.kind, event.payload) for event in events(editor)])
    return len(state.actions), state.done


def shown(page: Page) -> str:
    """Hash of the mask that the editor holds, as bytes 0 and 1."""
    page.wait_for_function("() => document.querySelector('#root').editor?.sheet")
    return str(page.evaluate(MASK_HASH))


def hashed(mask: np.ndarray) -> str:
    return hashlib.sha256(mask.astype(np.uint8).tobytes()).hexdigest()


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
    page.wait_for_timeout(600)
    page.keyboard.press("Enter")
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


def test_a_page_loaded_again_shows_the_photo_in_front_not_the_one_asked_for(
    page: Page, editor: EditorHome, server: str
) -> None:
    for number in (1, 2):
        editor.add_photo(photo(number), f"{number}.png")
    with editor.database.reading() as rows:
        first, second = rows.scalars(select(Task.id).order_by(Task.id))
    open_label(page, editor, server, task=first)
    page.wait_for_timeout(600)
    page.keyboard.press("Enter")
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
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Nothing waits to be labelled")).to_be_visible()
    expect(page.get_by_role("link", name="Add photos")).to_be_visible()
    for width in (1440, 420):
        page.set_viewport_size({"width": width, "height": 860})
        said = page.locator(".desk .notice").bounding_box()
        assert said is not None
        assert (said["x"], said["width"]) == (0, width), "in the middle of the window"


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


def test_a_mask_whose_receipt_was_lost_does_not_hold_its_assessor(page: Page, editor: EditorHome, server: str) -> None:
    editor.add_photo(photo(1), "one.png")
    editor.add_photo(photo(2), "two.png")
    open_label(page, editor, server)
    draw(page, (0.3, 0.3), (0.6, 0.5))
    saved(page)
    page.wait_for_timeout(600)
    with editor.database.reading() as rows:
        draft = rows.scalars(select(Annotation)).one()
    address = f"{server}/api/drafts/{draft.id}/submit"
    page.request.post(address, data={"version": draft.version, "seconds": 1.0}, headers={"Origin": server})
    page.keyboard.press("Enter")
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
    theirs = shown(other)
    draw(page, (0.3, 0.6), (0.5, 0.6))
    expect(page.get_by_role("dialog", name="This photo was worked on elsewhere")).to_be_visible()
    expect(page.locator(".saved")).to_have_text("changed elsewhere – 1 stroke kept here")
    assert actions(editor) == (1, 1), "nothing is written before somebody chose"
    page.get_by_role("button", name=re.compile(choice)).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    saved(page)
    page.wait_for_function("() => document.querySelector('#root').editor.sheet")
    saved(page)
    assert actions(editor) == ((1, 1) if choice == "drop" else (2, 2))
    assert shown(page) == hashed(rebuilt(editor))
    assert (shown(page) == theirs) == (choice == "drop")


def test_submitting_an_older_version_shows_the_newer_one_and_says_so(
    page: Page, editor: EditorHome, server: str
) -> None:
    other = drawn_elsewhere(page, editor, server)
    page.bring_to_front()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Here is the newest version; it is not submitted yet.")
    assert shown(page) == shown(other)


def test_a_newer_version_that_does_not_open_is_not_said_to_be_here(page: Page, editor: EditorHome, server: str) -> None:
    drawn_elsewhere(page, editor, server)
    page.bring_to_front()
    page.route("**/api/tasks/next**", lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This photo did not open")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.locator(".toast").text_content() == ""


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
        task = give_back(rows, accept, lead, "The crease at the left edge is missing. " * 12)
    page.context.add_cookies([editor.cookie(member, server)])
    page.goto(f"{server}/label?task={task.id}")
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        said, stage = page.locator(".desk .comment"), page.locator(".desk .stage")
        expect(said).to_contain_text("The lead said: The crease")
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


def test_a_person_without_a_name_is_told_where_to_go(page: Page, server: str) -> None:
    page.goto(f"{server}/label")
    expect(page.get_by_text("Nobody is signed in here")).to_be_visible()
    expect(page.get_by_role("link", name="Go to the start page")).to_have_attribute("href", "/")
