"""The mask editor on a 4096×4096 photo: `python -m tests.benchmarks.bench_editor` prints a table.

'Script per frame' is wall time inside animation frames and pointer handlers. 'To painted frame' runs from the
oldest pointer event that a frame answers to the first task after that frame was handed to the compositor.
"""

import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from tests.browser.conftest import ARGUMENTS
from tests.support import tools
from tests.support.editor_app import EditorHome, serving

SIDE = 4096
BIG_TIP = 300
MOVES = 240
STROKES = 80

WATCH = """
(() => {
  const watch = { frames: [], latencies: [], pending: undefined, work: 0, opened: undefined };
  window.watch = watch;
  const request = window.requestAnimationFrame.bind(window);
  const channel = new MessageChannel();
  const queue = [];
  channel.port1.onmessage = () => {
    const first = queue.shift();
    if (first !== undefined) watch.latencies.push(performance.now() - first);
  };
  window.requestAnimationFrame = (callback) => request((time) => {
    const start = performance.now();
    const first = watch.pending;
    watch.pending = undefined;
    callback(time);
    watch.frames.push(performance.now() - start + watch.work);
    watch.work = 0;
    if (first !== undefined) { queue.push(first); channel.port2.postMessage(0); }
  });
  const add = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (kind, listener, options) {
    if (kind !== "pointermove" || typeof listener !== "function") return add.call(this, kind, listener, options);
    return add.call(this, kind, (event) => {
      watch.pending ??= event.timeStamp;
      const start = performance.now();
      listener.call(this, event);
      watch.work += performance.now() - start;
    }, options);
  };
})();
"""
OPENED = """() => new Promise((done) => {
  const look = () => {
    const ready = document.querySelector('#root').editor?.sheet;
    if (ready) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
    else setTimeout(look, 4);
  };
  look();
})"""
SAVES = """() => performance.getEntriesByType('resource')
  .filter((entry) => entry.name.endsWith('/events')).map((entry) => entry.duration)"""


@dataclass(frozen=True)
class Figure:
    """What was measured, in milliseconds."""

    what: str
    values: list[float]


def old_photo() -> tuple[np.ndarray, np.ndarray]:
    """A grey photo with grain, and a probability map with scratches and noise; both 4096×4096."""
    chance = np.random.default_rng(0)
    small = chance.integers(40, 220, (64, 64), np.uint8)
    grey = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    grey = cv2.add(grey, chance.integers(0, 25, (SIDE, SIDE), np.uint8))
    probability = chance.integers(0, 110, (SIDE, SIDE), np.uint8)
    for _ in range(120):
        start, end = (tuple(int(value) for value in chance.integers(0, SIDE, 2)) for _ in range(2))
        cv2.line(probability, start, end, int(chance.integers(120, 256)), int(chance.integers(2, 14)))
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), probability


def measure() -> list[Figure]:
    """All figures, in a fresh home and a fresh browser."""
    executable = tools.chromium()
    assert executable is not None, tools.missing()
    with tempfile.TemporaryDirectory() as folder:
        editor = EditorHome(Path(folder) / "home")
        pixels, probability = old_photo()
        editor.add_photo(pixels, "old.png", probability)
        with serving(editor.settings.home) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
            page = _open(browser, editor, server.address)
            figures = [Figure("open: address to photo and mask painted", [float(page.evaluate(OPENED))])]
            figures += _drawing(page, "fitted")
            page.evaluate("() => document.querySelector('#root').editor.stage.viewport.actual({ x: 500, y: 300 })")
            figures += _drawing(page, "1:1")
            figures += _panning(page, "1:1")
            page.keyboard.press("f")
            figures += _panning(page, "fitted")
            figures.append(_threshold(page))
            figures.append(_saving(page))
            browser.close()
    return figures


def _open(browser: Browser, editor: EditorHome, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([editor.cookie(editor.add_person(), address)])  # type: ignore[list-item]
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(WATCH)
    page.goto(f"{address}/label")
    return page


def _drawing(page: Page, view: str) -> list[Figure]:
    page.evaluate(f"() => document.querySelector('#root').editor.setSize({BIG_TIP})")
    return _moving(page, f"drawing, {BIG_TIP} px tip, {view}", lambda: None, lambda: None)


def _panning(page: Page, view: str) -> list[Figure]:
    return _moving(page, f"panning, {view}", lambda: page.keyboard.down(" "), lambda: page.keyboard.up(" "))


def _moving(page: Page, what: str, before: Callable[[], None], after: Callable[[], None]) -> list[Figure]:
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(500)
    before()
    page.mouse.down()
    page.evaluate("() => Object.assign(watch, { frames: [], latencies: [], work: 0 })")
    for step in range(MOVES):
        angle = step / 12
        x, y = np.cos(angle) * (0.1 + step / MOVES / 4), np.sin(angle) * (0.1 + step / MOVES / 4)
        page.mouse.move(box["x"] + box["width"] * (0.5 + x), box["y"] + box["height"] * (0.5 + y))
    frames, latencies = page.evaluate("() => [watch.frames, watch.latencies]")
    page.mouse.up()
    after()
    page.wait_for_timeout(300)
    return [
        Figure(f"{what}: script per frame", frames),
        Figure(f"{what}: pointer to painted frame", latencies),
    ]


def _threshold(page: Page) -> Figure:
    values: list[Any] = []
    for step in range(20):
        page.evaluate("() => (watch.frames = [])")
        page.evaluate(f"""() => new Promise((done) => {{
            document.querySelector('#root').editor.sheet.mask.previewThreshold({0.3 + step / 50});
            requestAnimationFrame(() => setTimeout(done));
        }})""")
        values.append(sum(page.evaluate("() => watch.frames")))
    page.evaluate("() => document.querySelector('#root').editor.sheet.mask.previewThreshold(undefined)")
    return Figure("threshold slider, fitted: script per frame", values)


def _saving(page: Page) -> Figure:
    page.evaluate("() => { document.querySelector('#root').editor.setSize(20); performance.clearResourceTimings(); }")
    box = page.locator(".stage").bounding_box()
    assert box is not None
    for stroke in range(STROKES):
        page.mouse.move(box["x"] + 200 + 5 * stroke, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(box["x"] + 210 + 5 * stroke, box["y"] + 400, steps=3)
        page.mouse.up()
        page.wait_for_timeout(60)
    page.wait_for_timeout(1500)
    return Figure("autosave: stroke sent to version known", page.evaluate(SAVES))


def report(figures: list[Figure]) -> Table:
    table = Table(title=f"Mask editor, {SIDE}×{SIDE} photo (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
    for column in ("measured", "n", "p50 ms", "p95 ms", "worst ms"):
        table.add_column(column, justify="left" if column == "measured" else "right", no_wrap=True)
    for figure in figures:
        values = sorted(figure.values)
        last = values[min(len(values) - 1, round(0.95 * (len(values) - 1)))]
        row = (statistics.median(values), last, values[-1])
        table.add_row(figure.what, str(len(values)), *(f"{value:.1f}" for value in row))
    return table


if __name__ == "__main__":
    Console(width=120).print(report(measure()))
