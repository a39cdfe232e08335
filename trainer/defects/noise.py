"""Noise from a seed: fields for whole photos, and tiles to look single places up in."""

from functools import cache

import cv2
import numpy as np

from inference.arrays import Field

_TILE = 1024
"""Side of a tile in pixels; it goes on at the other side where it ends."""


def smooth_noise(seed: int, height: int, width: int, cell: float) -> Field:
    """Noise in [0, 1], `float32 height×width`, whose blotches are about `cell` pixels large."""
    rows, columns = max(2, round(height / cell) + 1), max(2, round(width / cell) + 1)
    grid = np.random.default_rng(seed).random((rows, columns), dtype=np.float32)
    field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(field, 0.0, 1.0).astype(np.float32)


def noise_at(seed: int, rows: Field, columns: Field, cell: float, *, turn: float = 0.0, stretch: float = 1.0) -> Field:
    """Rough noise in [0, 1] at these places only: blotches of about `cell` pixels with finer ones on top.

    `stretch` draws the blotches out along `turn` (radians). Rows and columns are in pixels, of any shape.
    """
    octave = max(0, round(float(np.log2(max(cell, 1.0) * np.sqrt(stretch)))))
    scale = 2.0**octave / max(cell, 1.0)
    down, right = (int(offset) for offset in np.random.default_rng(seed).integers(_TILE, size=2))
    along, across = columns, rows
    if turn or stretch != 1:
        along = (np.cos(turn) * columns + np.sin(turn) * rows) / stretch
        across = np.cos(turn) * rows - np.sin(turn) * columns
    places = (across * scale + down).astype(np.int32) % _TILE * _TILE + (along * scale + right).astype(np.int32) % _TILE
    return np.asarray(_tile(min(octave, 7)).ravel()[places], dtype=np.float32)


@cache
def _tile(octave: int) -> Field:
    """Noise spread evenly over [0, 1] with blotches of 2**octave pixels, without seams."""
    coarse = _octave(2 * octave, 2.0**octave)
    fine = _octave(2 * octave + 1, max(1.0, 2.0**octave / 3))
    field = 0.6 * coarse + 0.4 * fine
    steps = np.quantile(field[::4, ::4], np.linspace(0, 1, 65))
    return np.asarray(np.interp(field, steps, np.linspace(0, 1, 65)), dtype=np.float32)


def _octave(seed: int, cell: float) -> Field:
    count = 2 ** round(np.log2(_TILE / cell))
    grid = np.pad(np.random.default_rng(seed).random((count, count), dtype=np.float32), 1, mode="wrap")
    step = _TILE // count
    wide = cv2.resize(grid, (_TILE + 2 * step, _TILE + 2 * step), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide[step : step + _TILE, step : step + _TILE], dtype=np.float32)
