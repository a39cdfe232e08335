"""What a person does at each step of the loop, through Chromium; what came of it is read from the database."""

import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sqlalchemy.orm import Session

from db.models import Job
from db.splits import split_by_hash
from inference.png import encode_png
from tests.support.home import RunningHome
from trainer.defects import AgeingSettings, DefectSettings, age_and_damage

T = TypeVar("T")
WEAR = DefectSettings(scratch=4, crease=1, hole=0.5, intact=0, ageing=AgeingSettings(grey=1.0, cast=0.5))
WORN = 0.03, 0.1
"""Least and most of the photo that goes round is marked: enough to be seen, on the README's pictures too."""


@dataclass(frozen=True)
class Visit:
    """A person at a browser, and the platform behind it."""

    page: Page
    home: RunningHome

    def go(self, path: str) -> None:
        """Open a page of the app by its address and wait until it stands."""
        self.page.goto(f"{self.home.app}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the page's script has run."""
        expect(self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible()

    def ask(self, question: Callable[[Session], T]) -> T:
        """Read the database as it is now."""
        with self.home.database.reading() as session:
            return question(session)

    def until(self, question: Callable[[Session], T | None], seconds: float = 300.0) -> T:
        """Ask the database again and again until the answer is something true."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.ask(question)
            if answer:
                return answer
            assert time.monotonic() < deadline, f"nothing came within {seconds:.0f} s"
            time.sleep(0.2)

    def finished(self, job_id: str, seconds: float = 900.0) -> Job:
        """Wait for a job to end well."""

        def ended(session: Session) -> Job | None:
            job = session.get(Job, job_id)
            return job if job is not None and job.status not in ("queued", "running") else None

        job = self.until(ended, seconds)
        assert job.status == "done", f"{job.kind} ended as {job.status}: {job.error}"
        return job


@dataclass(frozen=True)
class OldPhoto:
    """A PNG that the platform does not know, and a line along its largest defect, in photo pixels."""

    data: bytes
    width: int
    height: int
    line: list[tuple[float, float]]


@cache
def old_photo() -> OldPhoto:
    """scikit-image's motorcycle, damaged visibly, and so that its bytes put it on the validation side."""
    import skimage.data

    left, _, _ = skimage.data.stereo_motorcycle()
    for seed in count():
        pixels, mask, _ = age_and_damage(np.asarray(left, dtype=np.uint8), seed, WEAR)
        data = encode_png(pixels)
        if WORN[0] < mask.mean() < WORN[1] and split_by_hash(sha256(data).hexdigest()) == "validation":
            return OldPhoto(data, mask.shape[1], mask.shape[0], along_largest(mask))
    raise AssertionError("count() never ends")


def along_largest(mask: NDArray[np.bool_], pieces: int = 8) -> list[tuple[float, float]]:
    """Points along the longer axis of the largest connected defect."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    rows, columns = np.nonzero(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))
    along = columns if np.ptp(columns) >= np.ptp(rows) else rows
    parts = np.array_split(np.argsort(along, kind="stable"), pieces)
    return [(float(columns[part].mean()), float(rows[part].mean())) for part in parts]


def come_in(visit: Visit, name: str) -> None:
    visit.go("")
    visit.page.get_by_label("What is your name?").fill(name)
    visit.page.get_by_role("button", name="Come in").click()
    expect(visit.page.get_by_label("What is your name?")).to_have_count(0)
    visit.settle()


def drop_files(visit: Visit, files: dict[str, bytes]) -> None:
    """Give files to the drop zone of the Photos page."""
    payload = [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in files.items()]
    visit.page.locator(".drop input[type=file]").set_input_files(payload)


def drag(page: Page, canvas: Locator, *points: tuple[float, float]) -> None:
    """Press, move and let go on a canvas; the points are shares of its width and height."""
    box = canvas.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def on_canvas(canvas: Locator, photo: OldPhoto, point: tuple[float, float]) -> tuple[float, float]:
    """Where a place of the photo lies on the editor's canvas, as shares of it, while the photo is fitted."""
    box = canvas.bounding_box()
    assert box is not None
    scale = min((box["width"] - 48) / photo.width, (box["height"] - 48) / photo.height)
    x = 0.5 + (point[0] - photo.width / 2) * scale / box["width"]
    y = 0.5 + (point[1] - photo.height / 2) * scale / box["height"]
    return x, y


def fill_number(page: Page, label: str, value: int) -> None:
    """Type into one of Streamlit's number fields."""
    field = page.get_by_label(label, exact=True)
    field.fill(str(value))
    field.press("Tab")


def choose(page: Page, label: str, option: str) -> None:
    """Choose from one of Streamlit's lists; one that opens while the page still moves closes again by itself."""
    field = page.get_by_role("combobox", name=re.compile(label))
    wanted = page.get_by_role("option", name=option, exact=True)
    field.click()
    try:
        wanted.wait_for(timeout=5_000)
    except PlaywrightTimeout:
        field.press("ArrowDown")
    wanted.click()


class Pictures:
    """Screenshots for the README, small enough to live in the repository; made only when a folder is given."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def take(self, page: Page, name: str) -> None:
        if self.folder is None:
            return
        from PIL import Image

        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        shot.save(self.folder / f"{name}.webp", quality=82, method=6)
