"""The table of runs on Compare."""

import pytest
from playwright.sync_api import Page

from annotator.theme import DARK, LIGHT
from tests.support.mounted import mount, run_again

ROW = {
    "id": "a", "name": "detector@2", "production": True, "spark": "M0 0L9 9", "state": "", "when": "just now",
    "figures": [{"said": "0.71", "span": 1, "quiet": False}],
}  # fmt: skip


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_the_table_of_runs_wears_the_theme(page: Page, palette: dict[str, str]) -> None:
    mount(page, "runs", {"headings": [{"said": "Dice", "span": 1}], "rows": [ROW], "chosen": []})
    ground, text = palette["backgroundColor"], palette["textColor"]
    page.add_style_tag(content=f":root {{ --st-text-color: {text}; --st-background-color: {ground}; }}")
    red, green, blue = bytes.fromhex(text[1:])
    assert page.locator(".name").evaluate("name => getComputedStyle(name).color") == f"rgb({red}, {green}, {blue})"
    grounds = page.locator(".sheet, td").evaluate_all("all => all.map(each => getComputedStyle(each).backgroundColor)")
    assert set(grounds) == {"rgba(0, 0, 0, 0)"}, "the page's own ground is seen"


def test_runs_are_chosen_one_after_the_other_by_keyboard(page: Page) -> None:
    rows = [ROW | {"id": each, "name": each} for each in "abc"]
    mount(page, "runs", {"headings": [], "rows": rows, "chosen": []})
    for key in ("Tab", "Space"):
        page.keyboard.press(key)
    run_again(page, "runs", {"headings": [], "rows": [ROW | {"id": "new", "name": "new"}, *rows], "chosen": ["a"]})
    for key in ("Tab", "Space"):
        page.keyboard.press(key)
    assert page.locator(":checked").evaluate_all("boxes => boxes.map(box => box.ariaLabel)") == ["Choose a", "Choose b"]
