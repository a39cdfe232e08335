"""Correcting the colours by keyboard: the part is mounted by itself, as Streamlit would."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import annotator

STATIC = Path(annotator.__file__).with_name("static")
DATA: dict[str, Any] = {
    "src": "", "name": "aunt.png", "width": 400, "height": 200, "most": 2, "saturation": 1.0, "hints": [],
    "swatches": [{"name": "sky", "colour": "#9dbfdc"}, {"name": "khaki", "colour": "#a58f63"}],
}  # fmt: skip
MOUNT = """async ([code, data]) => {
    const { default: mount } = await import("data:text/javascript;base64," + code);
    mount({ data, parentElement: document, setTriggerValue: (name, value) => { window.sent = [name, value]; } });
}"""


def test_colours_are_given_and_taken_away_by_keyboard(page: Page) -> None:
    part = {ending: (STATIC / f"colours.{ending}").read_text() for ending in ("html", "css", "js")}
    page.set_content(f"<style>{part['css']}</style><main>{part['html']}</main>")
    page.evaluate(MOUNT, [b64encode(part["js"].encode()).decode(), DATA])
    page.keyboard.press("Tab")
    for key in (
        "Shift+ArrowRight",
        "ArrowRight",
        "ArrowUp",
        "Enter",
        "Shift+ArrowUp",
        "Shift+ArrowUp",
        "Shift+ArrowUp",
        " ",
        "Enter",
    ):
        page.keyboard.press(key)
    first, second = page.locator(".points button").all()
    second.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "FIGURE", "the keys still work where they did"
    page.get_by_role("button", name="Colour anew").press("Enter")
    assert first.is_visible()
    rgb = [157, 191, 220]
    assert page.evaluate("window.sent") == [
        "asked",
        {"saturation": 1, "hints": [{"row": 96, "column": 244, "rgb": rgb}]},
    ]
