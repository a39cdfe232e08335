"""What the drop zone says of files that came in, or did not."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

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


def test_a_folder_brings_in_the_photos_in_it_and_below_it(page: Page, tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "more").mkdir(parents=True)
    for name in ("b.JPG", "notes.txt", ".hidden.png", "more/a.png", "c.jfif", "phone.HEIC"):
        (album / name).write_bytes(b"x")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "notes.txt").write_bytes(b"x")
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append(parse_qs(urlsplit(route.request.url).query)["name"][0])
        outcome = {"photo_id": len(sent), "name": sent[-1], "is_new": True}
        route.fulfill(json={"outcomes": [outcome], "failures": []})

    page.route(HERE, lambda route: route.fulfill(body="", content_type="text/html"))
    page.route("**/api/photos?*", answer)
    page.goto(HERE)
    mount(page, "drop", {"call": "Drop photos here", "unread": [".heic"]})
    drop(page, album)
    left = "Left out: phone.HEIC, of a kind that heirloom does not read. Save as JPEG, PNG or TIFF."
    expect(page.locator(".said li")).to_have_text([left, "3 photos came in."])
    expect(page.locator(".said")).to_have_attribute("aria-live", "polite")
    assert sent == ["b.JPG", "c.jfif", "a.png"]
    drop(page, tmp_path / "letters")
    expect(page.locator(".said li")).to_have_text(["letters holds no photos."])
    assert len(sent) == 3


def test_a_photo_that_is_here_is_told_under_its_other_name_only_where_it_has_one(page: Page) -> None:
    names = iter((("a.png", "a.png"), ("b.png", "a.png")))

    def answer(route: Route) -> None:
        name, known_as = next(names)
        outcome = {"photo_id": 1, "name": name, "known_as": known_as, "is_new": False}
        route.fulfill(json={"outcomes": [outcome], "failures": []})

    page.route(HERE, lambda route: route.fulfill(body="", content_type="text/html"))
    page.route("**/api/photos?*", answer)
    page.goto(HERE)
    mount(page, "drop", {"call": "Drop photos here"})
    files = [{"name": name, "mimeType": "image/png", "buffer": b"x"} for name in ("a.png", "b.png")]
    page.locator("input").set_input_files(files)
    expect(page.locator(".said li")).to_have_text(["a.png is here already.", "b.png is here already, as a.png."])


def drop(page: Page, path: Path) -> None:
    """Drop a file or a folder as a file manager does."""
    box = page.locator(".target").bounding_box()
    assert box is not None
    here = {"x": box["x"] + 9, "y": box["y"] + 9, "data": {"items": [], "files": [str(path)], "dragOperationsMask": 1}}
    devtools = page.context.new_cdp_session(page)
    for happens in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": happens, **here})
