"""Repeated patterns: cloth on the photo, the weave of its paper."""

import numpy as np
import numpy.typing as npt

from inference.arrays import Field
from trainer.defects.errors import DefectError

PATTERNS = ("weave", "stripes", "knit", "lace", "linen", "honeycomb")


def pattern_at(name: str, period: float, turn: float, rows: Field, columns: Field) -> Field:
    """A pattern in [-0.5, 0.5] at these places (`float32`, of one shape), repeated every `period` pixels along `turn`
    (radians). Raises DefectError for a pattern that nobody knows."""
    step = np.float32(2 * np.pi / period)
    along = step * (np.float32(np.cos(turn)) * columns + np.float32(np.sin(turn)) * rows)
    across = step * (np.float32(np.cos(turn)) * rows - np.float32(np.sin(turn)) * columns)
    if name == "stripes":
        return _half(np.sin(along))
    if name == "weave":
        return _half(np.sin(along) * np.sin(across))
    if name == "linen":
        return _half(0.6 * np.sin(along) + 0.4 * np.sin(1.13 * across))
    if name == "knit":
        return _half(np.sin(along + 1.2 * np.abs(np.sin(0.5 * across))))
    if name == "lace":
        return _half(np.clip(3 * np.cos(along) * np.cos(across) - 0.8, -1, 1))
    if name == "honeycomb":
        lean = np.asarray(np.float32(np.sqrt(3) / 2) * across, dtype=np.float32)
        return _half((np.cos(along) + np.cos(0.5 * along + lean) + np.cos(0.5 * along - lean)) / 3)
    raise DefectError(f"There is no pattern '{name}'; there are {', '.join(PATTERNS)}.")


def _half(values: npt.ArrayLike) -> Field:
    return np.asarray(values, dtype=np.float32) * np.float32(0.5)
