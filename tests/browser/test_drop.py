"""What the drop zone says of files that came in, or did not."""

from playwright.sync_api import Page, Route, expect

from tests.support.mounted import mount

HERE = "http://127.0.0.1/"


def test_a_long_name_stays_within_the_page(page: Page) -> None:
    name = f"{'w' * 180}.png"

    def answer(route: Route) -> None:
        failure = {"name": name, "reason": "This is no picture."}
        route.fulfill(json={"outcomes": [], "failures": [failure]})

    page.route(HERE, lambda route: route.fulfill(body="", content_type="text/html"))
    page.route("**/api/photos?*", answer)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(HERE)
    mount(page, "drop", {"call": "Drop photos here"})
    page.locator("input").set_input_files([{"name": name, "mimeType": "image/png", "buffer": b"x"}])
    expect(page.locator(".said li")).to_have_text(f"{name}: This is no picture.")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
