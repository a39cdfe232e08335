"""The versions of a photo on its own page."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.mounted import mount


def version(name: str) -> dict[str, str]:
    return {"key": name, "label": name, "said": f"The {name} one", "src": f"data:,{name}", "thumb": "data:,"}


def test_the_focus_goes_along_with_the_version_that_is_looked_at(page: Page) -> None:
    names = ("original", "proposal", "restored", "coloured")
    mount(page, "versions", {"versions": [version(name) for name in names], "start": 2, "width": 40, "height": 30})
    page.get_by_role("tab", name="restored").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="coloured")).to_be_focused()
    expect(page.get_by_role("tab", name="coloured")).to_have_attribute("aria-selected", "true")
    assert [tab.get_attribute("tabindex") for tab in page.get_by_role("tab").all()] == ["-1", "-1", "-1", "0"]
    page.keyboard.press("ArrowLeft")
    expect(page.locator("figure img")).to_have_attribute("src", "data:,restored")


def test_what_is_looked_at_is_what_is_downloaded(page: Page) -> None:
    shown = [version("original"), version("proposal"), version("restored")]
    for each in shown[::2]:
        each["file"] = f"/api/{each['key']}"
    mount(page, "versions", {"versions": shown, "start": 2, "width": 40, "height": 30})
    expect(page.get_by_role("link", name="Download restored")).to_have_attribute("href", "/api/restored")
    page.get_by_role("tab", name="proposal").click()
    expect(page.get_by_role("link")).to_have_count(0)
    page.get_by_role("tab", name="original").click()
    expect(page.get_by_role("link", name="Download original")).to_have_attribute("href", "/api/original")


def test_a_first_result_is_downloaded_as_it_is_looked_at(page: Page) -> None:
    results = [{"label": name, "src": "data:,", "file": f"/api/{name}"} for name in ("restored", "coloured")]
    mount(page, "wipe", {"before": "data:,", "results": results, "name": "a.png", "width": 40, "height": 30})
    page.get_by_role("button", name="coloured").click()
    expect(page.get_by_role("link", name="Download coloured")).to_have_attribute("href", "/api/coloured")


def test_a_panorama_is_scrolled_and_not_a_line(page: Page) -> None:
    mount(page, "versions", {"versions": [version("original")], "start": 0, "width": 12000, "height": 200})
    figure, stage = page.locator("figure"), page.locator(".stage")
    seen = figure.bounding_box()
    assert seen is not None
    assert (seen["width"], seen["height"]) == (6720, 112)
    assert stage.evaluate("stage => [stage.clientWidth <= innerWidth, stage.scrollWidth]") == [True, 6720]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), [(1200, 800), (800, 1200), (40, 30)])
def test_other_photos_are_seen_whole_in_the_middle(page: Page, width: int, height: int) -> None:
    mount(page, "versions", {"versions": [version("original")], "start": 0, "width": width, "height": height})
    figure, stage = page.locator("figure").bounding_box(), page.locator(".stage").bounding_box()
    assert figure is not None
    assert stage is not None
    assert figure["width"] / figure["height"] == pytest.approx(width / height, rel=0.01)
    assert figure["x"] - stage["x"] == pytest.approx((stage["width"] - figure["width"]) / 2, abs=1)
    assert figure["width"] <= 3 * width
    assert page.locator(".stage").evaluate("stage => stage.scrollWidth === stage.clientWidth")


def test_the_original_goes_when_the_window_is_left_while_it_is_held(page: Page) -> None:
    names = ("original", "restored")
    mount(page, "versions", {"versions": [version(name) for name in names], "start": 1, "width": 40, "height": 30})
    tab, picture = page.get_by_role("tab", name="restored"), page.locator("figure img")
    tab.focus()
    page.keyboard.down(" ")
    expect(picture).to_have_attribute("src", "data:,original")
    tab.evaluate("button => button.dispatchEvent(new FocusEvent('blur'))")  # as switching windows does
    expect(picture).to_have_attribute("src", "data:,restored")
    expect(page.locator(".versions.blink")).to_have_count(0)
