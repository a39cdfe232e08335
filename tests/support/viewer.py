"""The viewer of Review and Accept in Chromium, with places named in photo pixels."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import select

from db.models import Assessor, Verdict
from tests.support.reviewable import HEIGHT, HOLE, WIDTH, Reviewable

HOLE_MIDDLE = ((HOLE[1].start + HOLE[1].stop) / 2, (HOLE[0].start + HOLE[0].stop) / 2)
READ_PIXEL = '(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data]'
READ_CANVAS = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let text = "";
  for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
  return [width, height, btoa(text)];
}"""


class Viewer:
    """The viewer on a page, with places named in photo pixels. The photo lies fitted in the window."""

    def __init__(self, page: Page) -> None:
        page.set_viewport_size({"width": 1000, "height": 700})
        self.page = page
        self.canvas: Locator = page.locator("canvas.photo")

    def shows(self, filename: str) -> None:
        """Wait until that photo is the one in front and drawn."""
        expect(self.page.get_by_role("heading", name=filename)).to_be_visible()
        self.settle()

    def settle(self) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def pixels(self) -> NDArray[np.uint8]:
        """What is painted: H×W×3 uint8 of the canvas."""
        self.settle()
        width, height, text = self.canvas.evaluate(READ_CANVAS)
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 3)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Canvas pixels of a photo pixel."""
        box = self._box()
        scale = min((box["width"] - 48) / WIDTH, (box["height"] - 48) / HEIGHT, 4)
        return (box["width"] - WIDTH * scale) / 2 + x * scale, (box["height"] - HEIGHT * scale) / 2 + y * scale

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        left, top = self.at(x, y)
        box = self._box()
        return box["x"] + left, box["y"] + top

    def colour(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour painted at a photo pixel."""
        left, top = self.at(x, y)
        self.settle()
        red, green, blue, _ = self.canvas.evaluate(READ_PIXEL, [round(left), round(top)])
        return red, green, blue

    def point(self, x: float, y: float) -> None:
        self.page.mouse.move(*self.on_page(x, y))

    def drag(self, *places: tuple[float, float]) -> None:
        self.point(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.on_page(*place), steps=5)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def _box(self) -> Any:
        return self.canvas.bounding_box()


def sign_in(context: BrowserContext, reviewable: Reviewable, person: Assessor, address: str) -> None:
    [(name, value)] = reviewable.cookie(person).items()
    context.add_cookies([{"name": name, "value": value, "url": address}])


def the_verdict(reviewable: Reviewable) -> Verdict:
    with reviewable.platform.database.unit_of_work() as session:
        return session.scalars(select(Verdict)).one()
