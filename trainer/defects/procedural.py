"""Textures of our own, for those who have no folder of them: alpha maps made from a seed."""

import cv2
import numpy as np
import numpy.typing as npt

from inference.arrays import Field
from trainer.defects.noise import smooth_noise

Alpha = npt.NDArray[np.uint8]
_SIDE = 400
MAPS = ("sprinkles", "dirt", "scratches", "smut", "lint", "spots", "blotch")


def make_map(kind: str, seed: int) -> Alpha:
    """The alpha map `uint8 400×400`, 255 = opaque, of a kind in MAPS."""
    chance = np.random.default_rng((MAPS.index(kind), seed))
    makers = {
        "sprinkles": _sprinkles,
        "dirt": _dirt,
        "scratches": _scratches,
        "smut": _smut,
        "lint": _lint,
        "spots": _spots,
        "blotch": _blotch,
    }
    return makers[kind](chance)


def _envelope(chance: np.random.Generator, cell: float) -> Field:
    """A blurred island in the middle, ragged by noise, in [0, 1]."""
    noise = smooth_noise(int(chance.integers(2**31)), _SIDE, _SIDE, cell)
    places = np.linspace(-1, 1, _SIDE, dtype=np.float32)
    turn = float(chance.uniform(0, np.pi))
    along = np.cos(turn) * places[None] + np.sin(turn) * places[:, None]
    across = np.cos(turn) * places[:, None] - np.sin(turn) * places[None]
    far = (along * float(chance.uniform(0.9, 1.4))) ** 2 + (across * float(chance.uniform(1.1, 2.6))) ** 2
    return np.asarray(np.clip(1.25 - far - 0.9 * noise, 0, 1), dtype=np.float32)


def _sprinkles(chance: np.random.Generator) -> Alpha:
    grains = chance.random((_SIDE, _SIDE), dtype=np.float32)
    spread = cv2.GaussianBlur(grains, (0, 0), float(chance.uniform(0.6, 1.1)))
    spread = (spread - spread.mean()) / spread.std()
    density = _envelope(chance, 60)
    return _alpha((spread - 2.6 + 1.7 * density) * 2.2 * (density > 0))


def _dirt(chance: np.random.Generator) -> Alpha:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    middle, spread = chance.uniform(120, 280, 2), chance.uniform(20, 80)
    for _ in range(int(chance.integers(60, 300))):
        place = middle + chance.normal(0, spread, 2) * chance.choice([1.0, 2.5])
        size = float(np.exp(chance.normal(0.1, 0.6)))
        _dot(canvas, place, size, size * float(chance.uniform(0.4, 1)), float(chance.uniform(0, 180)))
    return canvas


def _spots(chance: np.random.Generator) -> Alpha:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    for _ in range(int(chance.integers(4, 16))):
        place = chance.uniform(20, _SIDE - 20, 2)
        size = float(np.exp(chance.normal(0.7, 0.5)))
        _dot(canvas, place, size, size * float(chance.uniform(0.2, 0.8)), float(chance.uniform(0, 180)))
    return canvas


def _dot(canvas: Alpha, place: np.ndarray, length: float, breadth: float, angle: float) -> None:
    x, y = (float(value) for value in place)
    axes = (max(6, round(16 * length)), max(6, round(16 * breadth)))
    cv2.ellipse(canvas, (round(16 * x), round(16 * y)), axes, angle, 0, 360, 255, -1, cv2.LINE_AA, 4)


def _scratches(chance: np.random.Generator) -> Alpha:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    turn, fan = float(chance.uniform(0, np.pi)), float(chance.uniform(0.05, 0.5))
    for _ in range(int(chance.integers(20, 90))):
        heading = turn + float(chance.normal(0, fan))
        middle, length = chance.normal(_SIDE / 2, 60, 2), float(chance.uniform(20, 190))
        reach = 0.5 * length * np.array([np.cos(heading), np.sin(heading)])
        ends = np.rint(16 * np.stack([middle - reach, middle + reach])).astype(np.int32)
        thickness = int(chance.choice([1, 1, 1, 2, 3]))
        cv2.polylines(canvas, [ends], False, int(chance.integers(90, 256)), thickness, cv2.LINE_AA, 4)
    broken = smooth_noise(int(chance.integers(2**31)), _SIDE, _SIDE, 5)
    kept = np.clip((broken - float(chance.uniform(0.2, 0.5))) * 5 + 0.5, 0, 1)
    return _alpha(canvas * kept / np.float32(255))


def _smut(chance: np.random.Generator) -> Alpha:
    clouds = np.zeros((_SIDE, _SIDE), np.float32)
    for octave, cell in enumerate((80, 40, 20, 9, 4)):
        clouds += 0.55**octave * (smooth_noise(int(chance.integers(2**31)), _SIDE, _SIDE, cell) - 0.5)
    return _alpha((clouds + 0.9 * _envelope(chance, 90) - float(chance.uniform(0.55, 0.75))) * 5)


def _blotch(chance: np.random.Generator) -> Alpha:
    clouds = smooth_noise(int(chance.integers(2**31)), _SIDE, _SIDE, 55)
    fine = smooth_noise(int(chance.integers(2**31)), _SIDE, _SIDE, 9)
    level = 1.4 * _envelope(chance, 120) + 0.5 * (clouds - 0.5) + 0.15 * (fine - 0.5) - 0.45
    body = np.clip(level * 14, 0, 1) * (0.35 + 0.4 * clouds)
    tide = np.exp(-(((level - 0.06) / 0.04) ** 2)) * 0.4
    return _alpha(body + tide * (level > 0))


def _lint(chance: np.random.Generator) -> Alpha:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    breadth = int(chance.choice([2, 3, 4, 7]))
    for _ in range(int(chance.integers(1, 5))):
        steps = int(chance.integers(30, 160))
        headings = chance.uniform(0, 2 * np.pi) + np.cumsum(chance.normal(0, 0.16, steps) + chance.normal(0, 0.03))
        path = chance.normal(_SIDE / 2, 35, 2) + 3 * np.cumsum(np.stack([np.cos(headings), np.sin(headings)], 1), 0)
        cv2.polylines(canvas, [np.rint(16 * path).astype(np.int32)], False, 255, breadth, cv2.LINE_AA, 4)
    fibres = smooth_noise(int(chance.integers(2**31)), _SIDE, _SIDE, 3)
    soft = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.8), np.float32) / 255
    return _alpha(soft * (0.55 + 0.6 * fibres))


def _alpha(values: npt.ArrayLike) -> Alpha:
    return np.asarray(np.rint(255 * np.clip(values, 0, 1)), dtype=np.uint8)
