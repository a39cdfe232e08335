"""Our few styles of the pages, for what people bring."""

from playwright.sync_api import Page

from annotator.theme import STYLE

NARROW = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='20' height='320'/>"


def test_a_long_name_stays_in_the_story_and_a_narrow_photo_is_seen_in_the_strip(page: Page) -> None:
    story = f'<ol class="hl-story"><li><span>{"w" * 180}.png</span></li></ol>'
    strip = f'<div class="hl-strip"><img src="{NARROW}"></div>'
    page.set_content(f'<style>{STYLE.read_text()}</style><main style="width: 300px">{story}{strip}</main>')
    assert page.locator("main").evaluate("main => main.scrollWidth") == 300
    photo = page.locator("img").bounding_box()
    assert photo is not None
    assert photo["width"] == 40
