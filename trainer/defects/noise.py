"""Smooth noise from a seed."""

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]


def smooth_noise(seed: int, height: int, width: int, cell: float) -> Field:
    """Noise in [0, 1], `float32 height×width`, whose blotches are about `cell` pixels large."""
    rows, columns = max(2, round(height / cell) + 1), max(2, round(width / cell) + 1)
    grid = np.random.default_rng(seed).random((rows, columns), dtype=np.float32)
    field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(field, 0.0, 1.0).astype(np.float32)


def as_field(values: npt.ArrayLike) -> Field:
    """The same values as float32."""
    return np.asarray(values, dtype=np.float32)


def rough_noise(seed: int, height: int, width: int, cell: float) -> Field:
    """Two octaves of smooth noise in [0, 1]: blotches of `cell` pixels with finer ones on top."""
    coarse = smooth_noise(seed, height, width, cell)
    fine = smooth_noise(seed + 1, height, width, max(1.0, cell / 3))
    return (0.6 * coarse + 0.4 * fine).astype(np.float32)
