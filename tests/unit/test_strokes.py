"""The rasteriser of strokes, the fold of event logs, and that browser and server agree bit for bit."""

import base64
import hashlib
import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.strokes import Event, Stroke, StrokeError, cover, cut, fold, paint, rebuild_mask
from tests.support.editor_bundle import bundle, run_node


def covered_slowly(points: list[list[int]], size: int, width: int, height: int) -> np.ndarray:
    """The definition, pixel by pixel, in exact integers."""
    radius = 4 * size
    segments = list(itertools.pairwise(points)) or [(points[0], points[0])]
    mask = np.zeros((height, width), bool)
    for row in range(height):
        for column in range(width):
            mask[row, column] = any(_near(8 * column + 4, 8 * row + 4, a, b, radius) for a, b in segments)
    return mask


def _near(cx: int, cy: int, a: list[int], b: list[int], radius: int) -> bool:
    dx, dy, px, py = b[0] - a[0], b[1] - a[1], cx - a[0], cy - a[1]
    l2, d = dx * dx + dy * dy, px * dx + py * dy
    if d <= 0 or l2 == 0:
        return px * px + py * py <= radius * radius
    if d >= l2:
        return (cx - b[0]) ** 2 + (cy - b[1]) ** 2 <= radius * radius
    c = px * dy - py * dx
    return c * c <= radius * radius * l2


def stroke(points: list[list[int]], size: int, tool: str = "brush", group: str | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = {"tool": tool, "size": size, "points": points, "rect": [0, 0, 1, 1], "ms": 0}
    return payload if group is None else {**payload, "group": group}


coordinates = st.integers(-120, 400)
chains = st.lists(st.tuples(coordinates, coordinates).map(list), min_size=1, max_size=6)


@given(chains, st.integers(1, 14))
@settings(max_examples=150)
def test_covers_exactly_the_pixels_of_the_definition(points: list[list[int]], size: int) -> None:
    (x0, y0, x1, y1), covered = cover(Stroke.from_payload(stroke(points, size)), 37, 23)
    painted = np.zeros((23, 37), bool)
    painted[y0:y1, x0:x1] = covered
    assert np.array_equal(painted, covered_slowly(points, size, 37, 23))


def test_a_dot_of_one_pixel_paints_one_pixel() -> None:
    mask = np.zeros((5, 5), bool)
    paint(mask, Stroke.from_payload(stroke([[8 * 2 + 4, 8 * 3 + 4]], 1)))
    assert np.argwhere(mask).tolist() == [[3, 2]]


def test_a_stroke_outside_the_photo_changes_nothing() -> None:
    mask = np.zeros((5, 5), bool)
    paint(mask, Stroke.from_payload(stroke([[-900, -900], [-700, -950]], 3)))
    assert not mask.any()


def test_undo_takes_all_pieces_of_a_stroke_and_a_new_stroke_drops_what_was_undone() -> None:
    pieces = [Event("stroke", stroke([[0, 0]], 1, group="a")), Event("stroke", stroke([[8, 8]], 1, group="a"))]
    undone = fold([*pieces, Event("undo", {})])
    assert (undone.strokes, len(undone.actions)) == ([], 1)
    state = fold([*pieces, Event("undo", {}), Event("stroke", stroke([[0, 0]], 2)), Event("redo", {})])
    assert [kept.size for kept in state.strokes] == [2]


def test_undo_of_a_threshold_brings_back_the_one_before() -> None:
    base = np.array([[100, 200]], np.uint8)
    events = [Event("threshold", {"value": 0.9}), Event("undo", {})]
    assert rebuild_mask(base, events[:1], 0.3).tolist() == [[False, False]]
    assert rebuild_mask(base, events, 0.3).tolist() == [[True, True]]


def test_an_eraser_clears_what_the_base_has() -> None:
    base = np.ones((1, 3), bool)
    assert rebuild_mask(base, [Event("stroke", stroke([[12, 4]], 1, "eraser"))]).tolist() == [[True, False, True]]
    assert base.all(), "the base itself must stay as it was"


@pytest.mark.parametrize(("threshold", "least"), [(0.0, 1), (0.2, 51), (0.5, 128), (1.0, 255)])
def test_cut_is_the_least_value_that_counts(threshold: float, least: int) -> None:
    assert cut(threshold) == least


@pytest.mark.parametrize(
    "payload",
    [
        stroke([], 3),
        stroke([[0, 0]], 0),
        stroke([[0, 0.5]], 3),  # type: ignore[list-item]
        stroke([[0, 10**30]], 3),
        stroke([[0, 0]], 3, "pencil"),
        {**stroke([[0, 0]], 3), "size": True},
    ],
)
def test_a_stroke_that_cannot_be_drawn_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(StrokeError):
        Stroke.from_payload(payload)


def random_log(chance: random.Random, width: int, height: int, count: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for _ in range(count):
        kind = chance.choices(["stroke", "undo", "redo", "threshold"], [6, 2, 2, 1])[0]
        if kind == "threshold":
            events.append({"kind": kind, "payload": {"value": chance.randrange(101) / 100}})
        elif kind == "stroke":
            events.extend(_random_stroke(chance, width, height))
        else:
            events.append({"kind": kind, "payload": {}})
    return events


def _random_stroke(chance: random.Random, width: int, height: int) -> list[dict[str, Any]]:
    tool, size = chance.choice(["brush", "eraser"]), chance.choice([1, 2, 3, 7, 16, 40, 150])
    group = chance.choice([None, f"g{chance.randrange(4)}"])
    at = [chance.randrange(-80, 8 * width + 80), chance.randrange(-80, 8 * height + 80)]
    pieces = []
    for _ in range(chance.randrange(1, 4)):
        points = [list(at)]
        for _ in range(chance.randrange(8)):
            step = chance.choice([1, 9, 200, 1500])
            at = [value + chance.randrange(-step, step + 1) for value in at]
            points.append(list(at))
        pieces.append({"kind": "stroke", "payload": stroke(points, size, tool, group)})
    return pieces if group else pieces[:1]


REPLAY = """
import { createHash } from "node:crypto";
const { replay } = await import(input.module);
answer(input.cases.map(({ width, height, base, kind, threshold, events }) => {
  const bytes = base ? Uint8Array.from(Buffer.from(base, "base64")) : undefined;
  return createHash("sha256").update(replay(width, height, bytes, kind, threshold, events)).digest("hex");
}));
"""


def test_browser_and_server_rebuild_the_same_mask_bit_for_bit(tmp_path: Path) -> None:

    module = bundle("headless.ts", tmp_path / "replay.mjs")
    cases, expected = [], []
    for seed in range(60):
        chance = random.Random(seed)
        width, height = chance.randrange(16, 400), chance.randrange(16, 300)
        kind = chance.choice(["proposal", "annotation", "empty"])
        values = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
        base = {"proposal": values, "annotation": (values > 127).astype(np.uint8) * 255, "empty": values * 0}[kind]
        threshold, events = chance.randrange(1, 100) / 100, random_log(chance, width, height, 40)
        case = {"width": width, "height": height, "kind": kind, "threshold": threshold, "events": events}
        cases.append({**case, "base": None if kind == "empty" else base64.b64encode(base.tobytes()).decode()})
        start = base if kind == "proposal" else base > 127
        mask = rebuild_mask(start, [Event(event["kind"], event["payload"]) for event in events], threshold)
        expected.append(hashlib.sha256(mask.astype(np.uint8).tobytes()).hexdigest())
    assert run_node(REPLAY, {"module": module.as_uri(), "cases": cases}) == expected
    assert len(set(expected)) > 50
