"""The editor's counting of marked pixels by blocks, four at a time, against numpy."""

import base64
from pathlib import Path

import numpy as np

from tests.support.editor_bundle import bundle, run_node

COUNT = """
const { countBlocks } = await import(input.module);
const bytes = (text) => new Uint8Array(Uint8Array.from(Buffer.from(text, "base64")));
answer(input.cases.map(({ hand, base, cut, width, height, part, level }) => {
  const { drawn, proposed } = countBlocks({ hand: bytes(hand), base: bytes(base), cut, width, height }, ...part, level);
  return [[...drawn], [...proposed]];
}));
"""


def by_blocks(marked: np.ndarray, part: tuple[int, int, int, int], level: int) -> list[int]:
    left, top, width, height = part
    side = 1 << level
    counts = []
    for row in range(top, top + height):
        for column in range(left, left + width):
            rows = slice(max(0, row * side), max(0, (row + 1) * side))
            counts.append(int(marked[rows, max(0, column * side) : max(0, (column + 1) * side)].sum()))
    return counts


def test_counts_are_those_of_numpy_at_every_level_and_threshold(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    cases, expected = [], []
    for width, height in ((64, 40), (61, 37)):
        hand = chance.choice([0, 0, 0, 1, 2], (height, width)).astype(np.uint8)
        hand[: height // 2] = 0
        base = chance.integers(0, 256, (height, width), np.uint8)
        for cut in (1, 2, 127, 128, 129, 200, 255):
            for level in (1, 2, 3):
                part = (-1, -1, 20, 14) if cut % 2 else (2, 1, 6, 5)
                data = {"hand": base64.b64encode(hand).decode(), "base": base64.b64encode(base).decode()}
                cases.append({**data, "cut": cut, "width": width, "height": height, "part": part, "level": level})
                proposed = (hand == 0) & (base >= cut)
                expected.append([by_blocks(hand == 1, part, level), by_blocks(proposed, part, level)])
    module = bundle("headless.ts", tmp_path / "headless.mjs").as_uri()
    assert run_node(COUNT, {"module": module, "cases": cases}) == expected
