"""One photo all the way round, through the real app, worker and MLflow, started the way `make up` starts them.

Each step does with mouse and keyboard what a person does, and then looks into the database for what must have come
of it. With HEIRLOOM_PICTURES=FOLDER it makes the pictures of the README on its way (`make pictures`).
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from annotator.views.defects import KINDS
from db.blobs import open_blobs
from db.drafts import draft_events
from db.models import (
    Annotation,
    Assessor,
    Job,
    Photo,
    Promotion,
    Proposal,
    Restoration,
    Result,
    Snapshot,
    Task,
    Verdict,
)
from db.settings import Settings
from inference.decoding import decode
from inference.masks import decode_mask
from tests.browser import loop_steps as steps
from tests.browser.loop_steps import Pictures, Visit
from tests.support.editor_page import saved
from tests.support.home import RunningHome, heirloom_up
from trainer.tracking import registry

WATCH = Path(__file__).parents[1] / "support" / "watch_network"
PHOTO = "grandfather's motorcycle.png"
EPOCHS = 12
"""Enough that a page which looks every two seconds shows the first picture long before the end."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    """The platform with its sample photos. Any connection to another machine is refused and fails the test."""
    folder = tmp_path_factory.mktemp("loop")
    record = folder / "connections.txt"
    path = os.pathsep.join(filter(None, [str(WATCH), os.environ.get("PYTHONPATH")]))
    watched = {"PYTHONPATH": path, "HEIRLOOM_TEST_CONNECTIONS": str(record), "OMP_NUM_THREADS": "1"}
    with heirloom_up(folder / "home", "--sample-photos", extra_environment=watched, log=folder / "up.log") as home:
        yield home
    assert not record.exists(), f"something asked other machines:\n{record.read_text()}"


@pytest.fixture
def visit(running: RunningHome, page: Page) -> Visit:
    return Visit(page, running)


@pytest.fixture
def pictures() -> Pictures:
    folder = os.environ.get("HEIRLOOM_PICTURES")
    return Pictures(Path(folder) if folder else None)


@pytest.mark.timeout(2400)
def test_one_photo_all_the_way_round(visit: Visit, pictures: Pictures) -> None:
    say_a_name(visit)
    photo_id = import_a_photo(visit, pictures)
    annotation_id = label_it(visit, photo_id, pictures)
    accept_it(visit, annotation_id)
    train(visit, pictures)
    compare_and_promote(visit, pictures)
    restore_it(visit, photo_id, pictures)
    label_task = review_it(visit, pictures)
    find_the_place_marked(visit, label_task)
    look_at_home(visit, pictures)
    turn_a_slider_on_a_phone(visit)
    leave(visit)


def say_a_name(visit: Visit) -> None:
    steps.come_in(visit, "Ann")
    ann = visit.ask(lambda session: session.scalars(select(Assessor)).one())
    assert (ann.name, ann.is_lead, ann.is_engineer) == ("Ann", True, True), "the first person is lead and engineer"


def import_a_photo(visit: Visit, pictures: Pictures) -> int:
    """A good photo comes in, the same bytes are recognised, a broken one is named."""
    data = steps.old_photo().data
    visit.go("photos")
    steps.drop_files(visit, {PHOTO: data, "again.png": data, "broken.png": data[:200]})
    said = visit.page.locator(".drop .said")
    expect(said).to_contain_text("broken.png")
    expect(said).to_contain_text(f"again.png is here already, as {PHOTO}")
    photo = visit.until(lambda session: session.scalar(select(Photo).where(Photo.filename == PHOTO)))
    assert visit.ask(lambda session: session.scalar(select(func.count()).select_from(Photo))) == 9
    assert photo.origin == "imported"
    assert open_blobs(visit.home.settings).get(photo.sha256) == data
    expect(visit.page.locator(".wall .tile")).to_have_count(9)
    visit.until(lambda session: session.scalar(select(Proposal).where(Proposal.photo_id == photo.id)))
    pictures.take(visit.page, "photos")
    keep_what_was_chosen(visit)
    look_at_a_photo_and_go_back(visit)
    return photo.id


def keep_what_was_chosen(visit: Visit) -> None:
    """A question that is answered with no leaves the choice of photos as it was."""
    page = visit.page
    page.get_by_role("checkbox", name=f"Choose {PHOTO}").check(force=True)
    page.get_by_role("button", name="Add to collection…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("1 chosen")).to_be_visible()


def look_at_a_photo_and_go_back(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name=f"{PHOTO}, waits for a mask").click()
    page.wait_for_url("**/photo?photo=*")
    visit.settle()
    page.go_back()
    page.wait_for_url("**/photos")
    expect(page.locator(".wall .tile")).to_have_count(9)


def label_it(visit: Visit, photo_id: int, pictures: Pictures) -> int:
    """Strokes are saved as they are drawn; the mask on the server is the one that the log of strokes makes."""
    task = visit.ask(lambda session: session.scalars(select(Task).where(Task.photo_id == photo_id)).one())
    assert (task.kind, task.status) == ("label", "open")
    visit.go(f"label?task={task.id}")
    page = visit.page
    expect(page.locator(".desk h1")).to_contain_text(PHOTO)
    before = saved(page)
    canvas = page.locator(".desk canvas").first
    line = [steps.on_canvas(canvas, steps.old_photo(), point) for point in steps.old_photo().line]
    steps.drag(page, canvas, *line)
    steps.drag(page, canvas, (0.4, 0.6), (0.45, 0.61))
    page.keyboard.press("e")
    steps.drag(page, canvas, (0.43, 0.57), (0.43, 0.65))
    page.keyboard.press("b")
    steps.drag(page, canvas, (0.3, 0.8), (0.32, 0.85))
    page.keyboard.press("u")
    saved(page, after=before + 4)
    pictures.take(page, "label")
    page.keyboard.press("Enter")
    submitted = visit.until(
        lambda session: session.scalar(
            select(Annotation).where(Annotation.photo_id == photo_id, Annotation.status == "submitted")
        )
    )
    check_mask(visit, submitted.id)
    return submitted.id


def check_mask(visit: Visit, annotation_id: int) -> None:
    blobs = open_blobs(visit.home.settings)
    with visit.home.database.reading() as session:
        annotation = session.get_one(Annotation, annotation_id)
        photo = annotation.photo
        kinds = [event.kind for event in draft_events(session, annotation_id)]
        assert kinds.count("stroke") >= 4
        assert kinds[-1] == "undo"
        assert annotation.mask_sha256 is not None
        mask = decode_mask(blobs.get(annotation.mask_sha256), (photo.height, photo.width), photo.filename)
        assert annotation.marked_share == pytest.approx(mask.mean())
        assert mask.any()
        assert (
            session.scalars(select(Task).where(Task.photo_id == photo.id, Task.kind == "accept")).one().status == "open"
        )


def accept_it(visit: Visit, annotation_id: int) -> None:
    visit.go("accept")
    expect(visit.page.locator(".viewer h1")).to_contain_text(PHOTO)
    visit.page.keyboard.press("Enter")
    visit.until(lambda session: session.get_one(Annotation, annotation_id).status == "accepted")
    accepted = visit.ask(lambda session: session.get_one(Annotation, annotation_id))
    assert accepted.origin == "drawn"
    assert accepted.decided_by_id is not None


def train(visit: Visit, pictures: Pictures) -> None:
    """Freeze a snapshot, launch a tiny training, watch it, and find its model registered with the snapshot's hash."""
    page = visit.page
    visit.go("train")
    page.get_by_role("button", name="Freeze what is accepted now").click()
    snapshot = visit.until(lambda session: session.scalar(select(Snapshot)))
    visit.settle()
    page.get_by_text("More settings").click()
    steps.choose(page, "Encoder", "plain")
    steps.choose(page, "Size, px", "64")
    for label, value in {"Epochs": EPOCHS, "Batch": 2, "Steps per epoch": 4, "Processes that make pictures": 0}.items():
        steps.fill_number(page, label, value)
        visit.settle()
    page.get_by_text("More settings").click()
    page.get_by_role("button", name="Start training").click()
    job = visit.until(lambda session: session.scalar(select(Job).where(Job.kind == "train")))
    assert job.params["snapshot"] == snapshot.id
    assert job.params["recipe"]["epochs"] == EPOCHS
    expect(page.get_by_text(re.compile(r"Training a detector · \d+ %")).first).to_be_visible(timeout=300_000)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.locator("img.hl-sample").first).to_be_visible(timeout=600_000)
    assert visit.ask(lambda session: session.get_one(Job, job.id)).status == "running", "the pictures came live"
    page.get_by_role("heading", name="Train a detector").scroll_into_view_if_needed()
    pictures.take(page, "train")
    done = visit.finished(job.id)
    trained, shipped = registry.list_models(visit.home.settings, "detector")
    assert (trained.version, shipped.version) == ("2", "1")
    assert done.run_id == trained.run_id
    assert trained.tags["snapshot"] == snapshot.sha256
    assert "production" in shipped.aliases


def compare_and_promote(visit: Visit, pictures: Pictures) -> None:
    """Both models on the same photos, none of which was trained on; the alias moves, and back; both are rows."""
    page, settings = visit.page, visit.home.settings
    visit.go("compare")
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose "))
    expect(boxes).to_have_count(2)
    for place in range(2):
        boxes.nth(place).check()
        visit.settle()
    page.get_by_role("button", name="Compare on the same photos").click()
    job = visit.finished(visit.until(lambda session: session.scalar(select(Job).where(Job.kind == "compare"))).id)
    report = job.result
    shown = {photo["filename"] for photo in report["photos"]}
    assert shown == {PHOTO, "chelsea.png"}, "only photos of the validation side judge"
    assert report["counts"] == {"real": 1, "synthetic": 1}
    assert len(report["left_out"]) == 3
    expect(page.get_by_text("The same photos through each")).to_be_visible(timeout=300_000)
    expect(page.get_by_role("img", name=re.compile(f"{PHOTO} by"))).to_have_count(2)
    page.get_by_text("The same photos through each").evaluate("element => element.scrollIntoView()")
    pictures.take(page, "compare")
    promote(visit)
    assert production_of(settings) == "2"
    (moved,) = visit.ask(lambda session: list(session.scalars(select(Promotion))))
    assert (moved.version, moved.previous_version, moved.assessor_id) == ("2", "1", 1)
    page.get_by_role("button", name="Undo").first.click()
    back = visit.until(lambda session: session.scalar(select(Promotion).where(Promotion.undoes_id == moved.id)))
    assert back.version == "1"
    assert production_of(settings) == "1"


def promote(visit: Visit) -> None:
    """Promote the newer model from where the evidence is, and confirm."""
    page = visit.page
    newer = page.get_by_test_id("stColumn").filter(has=page.get_by_text("detector@2", exact=True))
    newer.get_by_role("button", name="Promote…").last.click()
    page.get_by_role("button", name="Promote", exact=True).click()
    visit.until(lambda session: session.scalar(select(Promotion)))
    visit.settle()


def production_of(settings: Settings) -> str:
    return registry.find_model(settings, "detector", "production").version


def restore_it(visit: Visit, photo_id: int, pictures: Pictures) -> None:
    """`restored` differs from the photo under the mask only; the other two are in colour."""
    visit.go(f"photo?photo={photo_id}")
    visit.page.get_by_role("button", name="Restore", exact=False).first.click()
    restoration = visit.until(
        lambda session: session.scalar(select(Restoration).where(Restoration.photo_id == photo_id)), seconds=600
    )
    results = visit.ask(lambda session: {result.kind: result.sha256 for result in session.scalars(select(Result))})
    photo = visit.ask(lambda session: session.get_one(Photo, photo_id))
    blobs = open_blobs(visit.home.settings)
    before, after = decode(blobs.get(photo.sha256), "photo").source, decode(blobs.get(results["restored"]), "it").source
    mask = decode_mask(blobs.get(restoration.mask_sha256), (photo.height, photo.width), "mask")
    assert np.array_equal(before[~mask], after[~mask])
    assert list(results) == ["restored", "restored_color", "color"]
    for kind, model in (("detector", restoration.detector), ("colorizer", restoration.colorizer)):
        assert str(model).startswith(f"{kind} v1")
    visit.go(f"photo?photo={photo_id}")
    expect(visit.page.locator(".versions .film > *")).not_to_have_count(0)
    pictures.take(visit.page, "photo")


def review_it(visit: Visit, pictures: Pictures) -> int:
    """Accept what is only coloured, reject what is restored for a missed defect, with the place dragged over."""
    page = visit.page
    visit.go("review")
    expect(page.locator(".viewer h1")).to_contain_text(PHOTO)
    canvas = page.locator(".viewer canvas.photo")
    box = canvas.bounding_box()
    assert box is not None
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="only coloured, accepted")).to_be_visible()
    page.keyboard.press("2")
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    pictures.take(page, "review")
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="restored, no verdict yet")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("x")
    expect(page.get_by_text("What is wrong, and where?")).to_be_visible()
    steps.drag(page, canvas, (0.42, 0.42), (0.55, 0.58))
    page.keyboard.press("1")
    rejected = select(Verdict).where(Verdict.accepted.is_(False))
    verdict = visit.until(lambda session: session.scalar(rejected))
    assert visit.ask(lambda session: session.get_one(Result, verdict.result_id)).kind == "restored"
    assert verdict.reasons == ["missed defect"]
    (mark,) = verdict.marks
    assert mark["kind"] == "rectangle"
    assert mark["width"] > 10
    assert mark["height"] > 10
    task = visit.ask(lambda session: session.get_one(Task, verdict.label_task_id))
    assert (task.kind, task.status, task.reason, task.marks) == ("label", "open", "missed defect", verdict.marks)
    highest = visit.ask(lambda session: session.scalar(select(func.max(Task.priority)).where(Task.kind == "label")))
    assert task.priority == highest
    return task.id


def find_the_place_marked(visit: Visit, label_task: int) -> None:
    """The rejection links to the label task it made, which opens at that place, on the accepted mask."""
    page = visit.page
    page.get_by_role("link", name=re.compile(f"task {label_task}")).click()
    expect(page.locator(".desk h1")).to_contain_text(PHOTO)
    expect(page.locator(".desk .why")).to_have_text("why: missed defect")
    expect(page.get_by_role("button", name="Go to the next rejected place")).to_be_visible()
    draft = visit.until(lambda session: session.scalar(select(Annotation).where(Annotation.task_id == label_task)))
    assert draft.status == "draft"
    assert draft.base_annotation_id is not None


def look_at_home(visit: Visit, pictures: Pictures) -> None:
    visit.go("")
    expect(visit.page.get_by_text("wait", exact=False).first).to_be_visible()
    pictures.take(visit.page, "home")


def turn_a_slider_on_a_phone(visit: Visit) -> None:
    """What a slider does to the pictures is seen without scrolling, wherever the slider is."""
    page = visit.page
    whole = page.viewport_size
    page.set_viewport_size({"width": 420, "height": 850})
    visit.go("defects")
    controls, picture = page.locator(".st-key-defects-show"), page.locator(".st-key-defect-row-drawn img").first
    for place in (0, len(KINDS) - 1):
        slider = page.get_by_role("slider").nth(place)
        slider.focus()
        expect(picture).to_be_in_viewport(ratio=0.5)
        above, below = slider.bounding_box(), controls.bounding_box()
        assert above is not None
        assert below is not None
        assert 0 < above["y"] < above["y"] + above["height"] < below["y"], "nothing covers the slider"
    page.set_viewport_size(whole or {"width": 1440, "height": 900})
    visit.go("")


def leave(visit: Visit) -> None:
    """Whoever shares this browser is asked for a name again."""
    expect(visit.page.get_by_text("You are here as Ann.")).to_be_visible()
    visit.page.get_by_role("button", name="Not you? Leave").click()
    expect(visit.page.get_by_label("What is your name?")).to_be_visible()
