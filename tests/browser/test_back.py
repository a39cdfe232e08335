"""The browser's Back."""

from playwright.sync_api import BrowserContext, Page

from annotator.routes.shell import HISTORY_SCRIPT

HERE = "http://127.0.0.1"
ON_TO_A_PHOTO = """() => {
  history.pushState({}, "", "/photos?photo=7");
  history.pushState({}, "", "/photo?photo=7");
}"""


def test_back_from_a_photo_leads_to_the_wall_as_it_was(context: BrowserContext, page: Page) -> None:
    """Streamlit adds both addresses to the history when a page sends people on with a query."""
    context.route(f"{HERE}/**", lambda route: route.fulfill(body=HISTORY_SCRIPT, content_type="text/html"))
    page.goto(f"{HERE}/photos")
    page.evaluate(ON_TO_A_PHOTO)
    assert page.url == f"{HERE}/photo?photo=7"
    page.evaluate("history.pushState({}, '', '/photo?photo=7&colours=1')")
    page.go_back()
    assert page.url == f"{HERE}/photo?photo=7"
    page.go_back()
    assert page.url == f"{HERE}/photos"
