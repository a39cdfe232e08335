"""Our few styles of the pages, for what people bring."""

import pytest
from playwright.sync_api import Page, expect

from annotator.theme import DARK, STYLE, styles
from annotator.views.pictures import strip
from db.models import Photo


def test_a_long_name_stays_in_the_story(page: Page) -> None:
    streamlits = "<style>.streamlit ol { padding-left: 30px; }</style>"
    story = f'<ol class="hl-story"><li><span>{"w" * 180}.png</span></li></ol>'
    body = f'<main class="streamlit" style="width: 300px">{story}</main>'
    page.set_content(f"{streamlits}<style>{STYLE.read_text()}</style>{body}")
    assert page.locator("main").evaluate("main => main.scrollWidth") == 300
    line, entry = page.locator("ol").bounding_box(), page.locator("li").bounding_box()
    assert line is not None
    assert entry is not None
    assert entry["x"] == line["x"] + 1, "the dots sit on the line"


SIZES = {"aunt.jpg": (400, 300), "school.jpg": (1600, 400), "door.jpg": (20, 320), "uncle.jpg": (300, 400)}


def test_photos_of_a_strip_are_whole_and_of_one_height(page: Page) -> None:
    photos = [Photo(id=1, filename=name, width=w, height=h, thumbnail_sha256="") for name, (w, h) in SIZES.items()]
    for window, shown in ((1440, 4), (600, 3)):
        page.set_viewport_size({"width": window, "height": 900})
        page.set_content(f"<style>{STYLE.read_text()}</style>{strip(photos)}")
        boxes = [box for name in SIZES if (box := page.get_by_title(name).bounding_box())]
        assert len(boxes) == shown
        assert max(box["height"] for box in boxes) - min(box["height"] for box in boxes) < 1
        assert boxes[0]["width"] / boxes[0]["height"] == pytest.approx(4 / 3, rel=0.02)
        assert all(30 < box["width"] < window for box in boxes)
        fits = [page.get_by_title(name).evaluate("photo => getComputedStyle(photo).objectFit") for name in SIZES]
        assert set(fits) == {"contain"}


def test_a_link_that_has_the_focus_is_told_from_the_page_in_front(page: Page) -> None:
    """Streamlit gives both the same ground."""
    streamlits = ".streamlits:focus-visible { outline: none; }"
    link = "<div data-testid='stApp'><a class='streamlits' href='/'>Home</a></div>"
    page.set_content(f"<style>:root {{ --hl-accent: #80530a; }}{STYLE.read_text()}{streamlits}</style>{link}")
    page.keyboard.press("Tab")
    assert page.locator("a").evaluate("link => getComputedStyle(link).outline") == "rgb(128, 83, 10) solid 2px"


def test_a_main_button_can_be_read_as_soon_as_another_theme_is_chosen(page: Page) -> None:
    """Streamlit marks its app, and no dialog, by `color-scheme`, and runs no page again."""
    button = "<button data-testid='stBaseButton-primary'>{}</button>"
    app = f"<div data-testid='stApp'>{button.format('Review')}</div>{button.format('Delete')}"
    page.set_content(f"<style>{styles(DARK)}</style>{app}")
    expect(page.get_by_role("button", name="Delete")).to_have_css("color", "rgb(27, 26, 25)")
    seen = page.get_by_role("button", name="Review").evaluate(
        """button => ["dark", "light"].map((scheme) => {
             button.parentElement.style.colorScheme = scheme;
             return getComputedStyle(button).color;
           })"""
    )
    assert seen == ["rgb(27, 26, 25)", "rgb(246, 244, 241)"]


def test_no_filter_of_the_wall_is_out_of_sight_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    pills = "".join(f"<button style='flex: none; width: 120px'>{number}</button>" for number in range(7))
    row = f"<div class='st-key-state'><div style='display: flex; overflow-x: auto'>{pills}</div></div>"
    page.set_content(f"<style>{STYLE.read_text()}</style>{row}")
    for pill in page.get_by_role("button").all():
        expect(pill).to_be_in_viewport(ratio=1)


def test_nothing_beside_a_job_stops_the_page_in_place_of_the_job(page: Page) -> None:
    status = "<div data-testid='stStatusWidget'><i role='img' aria-label='Running...'></i><button>Stop</button></div>"
    page.set_content(f"<style>{STYLE.read_text()}</style>{status}<button>Stop</button>")
    assert page.get_by_role("button", name="Stop").count() == 1


def test_a_training_is_seen_by_whoever_starts_it_below_all_settings(page: Page) -> None:
    settings = "<div data-testid='stColumn'><button style='margin-top: 1500px'>Start training</button></div>"
    trainings = "<div data-testid='stColumn'><div class='st-key-trainings'>Training a detector</div></div>"
    page.set_content(f"<style>{STYLE.read_text()}</style><main style='display: flex'>{settings}{trainings}</main>")
    page.get_by_role("button").focus()
    expect(page.get_by_text("Training a detector")).to_be_in_viewport()


def test_what_is_said_of_a_training_that_was_started_covers_none_of_its_buttons(page: Page) -> None:
    streamlits = ".streamlits { position: fixed; top: 64px; right: 15px; width: 315px; height: 72px; }"
    settings = "<div data-testid='stColumn' style='flex: 1'></div>"
    stop = "<div class='st-key-trainings' style='text-align: right; padding-top: 64px'><button>Stop</button></div>"
    columns = f"<main style='display: flex'>{settings}<div data-testid='stColumn' style='flex: 1.5'>{stop}</div></main>"
    toast = "<div data-testid='stToastContainer' class='streamlits'>It begins as soon as a worker is free.</div>"
    page.set_content(f"<style>{streamlits}{STYLE.read_text()}</style>{columns}{toast}")
    page.get_by_role("button", name="Stop").click(timeout=10_000)
    expect(page.get_by_text("It begins")).to_be_in_viewport(ratio=1)
