"""Correcting the colours by keyboard."""

from typing import Any

from playwright.sync_api import Page

from tests.support.mounted import mount

DATA: dict[str, Any] = {
    "src": "", "name": "aunt.png", "width": 400, "height": 200, "most": 2, "saturation": 1.0, "hints": [],
    "swatches": [{"name": "sky", "colour": "#9dbfdc"}, {"name": "khaki", "colour": "#a58f63"}],
}  # fmt: skip


def test_colours_are_given_and_taken_away_by_keyboard(page: Page) -> None:
    mount(page, "colours", DATA)
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
