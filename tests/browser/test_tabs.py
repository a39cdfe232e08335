"""Several tabs of one browser: who comes in or leaves does so in all of them."""

import pytest
from playwright.sync_api import BrowserContext, Page

from annotator.routes.shell import TABS_SCRIPT
from tests.support.mounted import mount

HERE = "http://127.0.0.1/"


@pytest.mark.parametrize(
    ("part", "data", "press"),
    [("leave", {"name": "Ann", "signed_in": False}, "Not you? Leave"), ("welcome", {"token": None}, "Come in")],
)
def test_other_tabs_are_loaded_again(
    context: BrowserContext, page: Page, part: str, data: dict[str, object], press: str
) -> None:
    context.route(HERE, lambda route: route.fulfill(body=TABS_SCRIPT, content_type="text/html"))
    context.route("**/api/session", lambda route: route.fulfill(status=200, json={}))
    other = context.new_page()
    other.goto(HERE)
    page.goto(HERE)
    mount(page, part, data)
    if part == "welcome":
        page.get_by_label("What is your name?").fill("Ann")
    with other.expect_event("load"):
        page.get_by_role("button", name=press).click()
