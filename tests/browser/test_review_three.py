"""A newcomer drops a photo and gets three results; each has its verdict, through the real app and a real worker."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from db.models import Assessor, Photo, Restoration, Result, Task, Verdict
from db.settings import Settings
from tests.browser import loop_steps as steps
from tests.browser.loop_steps import Visit
from tests.support import tiny
from tests.support.home import RunningHome, heirloom_up

PHOTO = "grandfather's motorcycle.png"
RESULTS = ("restored", "restored in colour", "only coloured")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    """A platform without photos, with a tiny model of every kind in production."""
    folder = tmp_path_factory.mktemp("three")
    settings = Settings(home=folder / "home", database=None, jobs_database=None, blobs=None, tracking_uri=None)
    with tiny.prepared(settings):
        tiny.all_in_production(settings, folder)
    with heirloom_up(folder / "home", extra_environment={"OMP_NUM_THREADS": "1"}, log=folder / "up.log") as home:
        yield home


@pytest.fixture
def visit(running: RunningHome, page: Page) -> Visit:
    return Visit(page, running)


@pytest.mark.timeout(1200)
def test_three_results_each_have_their_verdict(visit: Visit) -> None:
    steps.come_in(visit, "Ann")
    restoration = drop_a_photo(visit)
    look_at_all_three(visit)
    review_them(visit, restoration)
    read_the_story(visit, restoration)
    correct_the_colours(visit, restoration)
    go_elsewhere_on_a_phone(visit)


def drop_a_photo(visit: Visit) -> Restoration:
    """The newcomer's one thing to do; nothing else is asked before the results are there."""
    expect(visit.page.get_by_role("heading", name="Restore your first photo")).to_be_visible()
    steps.drop_files(visit, {PHOTO: steps.old_photo().data})
    expect(visit.page.get_by_role("heading", name="Here it is")).to_be_visible(timeout=600_000)
    restoration = visit.ask(lambda session: session.scalars(select(Restoration)).one())
    names = (restoration.detector, restoration.inpainter, restoration.colorizer)
    kinds = [str(name).partition(" ")[0] for name in names]
    assert kinds == ["detector", "inpainter", "colorizer"]
    return restoration


def look_at_all_three(visit: Visit) -> None:
    """Under the wipe line of the start page, by button and by key."""
    buttons = visit.page.get_by_role("group", name="Results").get_by_role("button")
    expect(buttons).to_have_count(3)
    after = visit.page.locator("img.after")
    sources = set()
    for place, name in enumerate(RESULTS):
        buttons.nth(place).click()
        expect(buttons.nth(place)).to_have_attribute("aria-pressed", "true")
        expect(after).to_have_attribute("alt", f"{PHOTO}, {name}")
        sources.add(after.get_attribute("src"))
    assert len(sources) == 3
    visit.page.keyboard.press("1")
    expect(after).to_have_attribute("alt", f"{PHOTO}, {RESULTS[0]}")


def review_them(visit: Visit, restoration: Restoration) -> None:
    """Accept, reject with a place, accept: the photo stays in front until the third verdict."""
    page = visit.page
    visit.go("review")
    expect(page.locator(".viewer h1")).to_contain_text(PHOTO)
    frames = page.get_by_role("list", name="Results").get_by_role("button")
    expect(frames).to_have_count(3)
    expect(frames.nth(0)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(frames.nth(0)).to_have_attribute("aria-label", "restored, accepted (key 1)")
    expect(frames.nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("x")
    steps.drag(page, page.locator(".viewer canvas.photo"), (0.42, 0.42), (0.55, 0.58))
    page.keyboard.press("4")
    expect(frames.nth(1)).to_have_attribute("aria-label", "restored in colour, rejected: bad colour (key 2)")
    expect(frames.nth(2)).to_have_attribute("aria-pressed", "true")
    assert visit.ask(lambda session: session.scalars(select(Task).where(Task.kind == "review")).one()).status == "open"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing waits for a verdict")).to_be_visible()
    check_verdicts(visit, restoration)


def check_verdicts(visit: Visit, restoration: Restoration) -> None:
    with visit.home.database.reading() as session:
        task = session.scalars(select(Task).where(Task.restoration_id == restoration.id)).one()
        ann = session.scalars(select(Assessor)).one()
        assert (task.status, task.done_by_id) == ("done", ann.id)
        rows = session.execute(select(Result.kind, Verdict).join(Verdict.result).order_by(Verdict.id)).all()
        said = {kind: (verdict.accepted, verdict.reasons, verdict.label_task_id) for kind, verdict in rows}
        assert said == {
            "restored": (True, [], None),
            "restored_color": (False, ["bad colour"], None),
            "color": (True, [], None),
        }
        (mark,) = next(verdict.marks for kind, verdict in rows if kind == "restored_color")
        assert min(mark["width"], mark["height"]) > 10


def read_the_story(visit: Visit, restoration: Restoration) -> None:
    """The photo's page has all three in its filmstrip and tells who said what."""
    photo = visit.ask(lambda session: session.get_one(Photo, restoration.photo_id))
    visit.go(f"photo?photo={photo.id}")
    film = visit.page.locator(".versions .film button")
    for name in RESULTS:
        expect(film.filter(has_text=name).first).to_be_visible()
    for said in (
        "accepted the restored photo",
        "rejected the restored photo in colour: bad colour",
        "accepted the photo as it came, in colour",
    ):
        expect(visit.page.get_by_text(f"Ann {said}", exact=True)).to_be_visible()


def correct_the_colours(visit: Visit, restoration: Restoration) -> None:
    """A colour given by a press on the photo, all made stronger; what is coloured is made anew and wants a verdict."""
    page = visit.page
    page.get_by_role("button", name="Correct the colours").click()
    send = page.get_by_role("button", name="Colour anew")
    expect(send).to_be_disabled()
    page.get_by_role("radio", name="red ribbon").click()
    picture = page.get_by_role("img", name=f"{PHOTO}, restored in colour")
    box = picture.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    expect(page.get_by_role("button", name="Take colour 1 away")).to_be_visible()
    page.get_by_label("Strength of all colours").fill("150")
    send.click()
    newest = select(Restoration).where(Restoration.id > restoration.id)
    corrected = visit.until(lambda session: session.scalar(newest))
    assert corrected.colouring is not None
    assert corrected.colouring["saturation"] == 1.5
    (hint,) = corrected.colouring["hints"]
    photo = visit.ask(lambda session: session.get_one(Photo, restoration.photo_id))
    assert hint["rgb"] == [0xA0, 0x2C, 0x2C]
    assert hint["column"] == pytest.approx(photo.width / 4, abs=2)
    assert hint["row"] == pytest.approx(3 * photo.height / 4, abs=2)
    visit.go("review")
    expect(page.get_by_role("button", name="restored, accepted (key 1)")).to_be_visible()
    expect(page.get_by_role("button", name="restored in colour, no verdict yet")).to_have_attribute(
        "aria-pressed", "true"
    )


def go_elsewhere_on_a_phone(visit: Visit) -> None:
    """The navigation lies over the page until a page is chosen."""
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 844})
    visit.go("photos")
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="1 person")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
