"""The mask editor in Chromium, what it shows, and what the server has of it."""

import hashlib
import re

import numpy as np
from playwright.sync_api import Page, expect
from sqlalchemy import select

from annotator.routes.drafts import read_draft, rebuild_draft
from annotator.strokes import Event, fold
from db.models import Annotation, DraftEvent
from tests.support.editor_app import EditorHome
from tests.support.waiting import wait_for

WIDTH, HEIGHT = 640, 480
PATIENCE_S = 90.0
MASK_HASH = """async () => {
    const bytes = document.querySelector('#root').editor.sheet.mask.toBytes();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}"""
LOOKED_AT = "() => performance.now() - document.querySelector('#root').editor.openedAt > 500"
"""The editor takes no Enter that is struck while a photo has only just opened (LOOK_MS in editor.ts)."""
SAVED = re.compile(r"saved · v(\d+)")


def photo(seed: int = 0) -> np.ndarray:
    """Noise, another one for each seed."""
    return np.random.default_rng(seed).integers(60, 200, (HEIGHT, WIDTH, 3), np.uint8)


def probability() -> np.ndarray:
    """Rises from left to right, so that every threshold gives another mask."""
    return np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))


def open_label(page: Page, editor: EditorHome, address: str, task: int | None = None) -> None:
    """Sign somebody in and open Label, at a task if one is named; waits until the draft is there."""
    page.context.add_cookies([editor.cookie(editor.add_person(), address)])
    page.goto(f"{address}/label{f'?task={task}' if task else ''}")
    expect(page.locator(".saved")).to_have_text(SAVED)


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


def saved(page: Page, after: int = -1) -> int:
    """
    Waits until all is saved, in a version newer than `after`; that version.

    A slow machine cuts strokes into more pieces, so it is not foretold. What the page says is read once: by a second
    look it may have changed.
    """
    said: list[int] = []

    def newer() -> bool:
        match = SAVED.fullmatch(page.locator(".saved").text_content() or "")
        said.append(int(match[1]) if match else -1)
        return said[-1] > after

    wait_for(newer, f"a saved version after {after}", PATIENCE_S)
    return said[-1]


def enter(page: Page) -> None:
    """Hand the photo in by key, once it was there for long enough to be looked at."""
    page.wait_for_function(LOOKED_AT)
    page.keyboard.press("Enter")


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
