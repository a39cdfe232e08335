"""One large picture through a network in overlapping tiles, blended without seams."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
# Tiles start at multiples of this, so that every network sees its own downsampling grid wherever the tile lies; the
# deepest halve six times.
GRID = 64


def run_tiled(
    run: Run, pixels: NDArray[np.uint8], tile: int = 1024, overlap: int = 128,
    progress: Callable[[float], None] | None = None, *, at_once: int = 1,
) -> NDArray[np.float32]:  # fmt: skip
    """Apply `run` to tiles of `pixels` (uint8 H×W×3, any size) and blend what it returns into float32 H×W.

    `run` takes uint8 N×h×w×3 with h and w multiples of GRID and at most `tile`, and returns float32 N×h×w; N is
    `at_once` or, at the end of a row, less. Photos are continued beyond their border by repeating it. Beside the result
    there is never more than one row of tiles in memory. Where tiles agree the result is theirs, bit for bit. `progress`
    gets the share done.
    """
    if tile % GRID or overlap % 2 or not 0 <= overlap <= tile // 2 or tile - overlap < GRID:
        raise ValueError(
            f"tile {tile} must be a multiple of {GRID}, and the overlap {overlap} even and at most half of it"
        )
    height, width = pixels.shape[:2]
    rows, columns = tile_starts(height, tile, overlap), tile_starts(width, tile, overlap)
    result = np.empty((height, width), np.float32)
    filled = 0
    for row, top in enumerate(rows):
        strip = np.empty((min(tile, height - top), width), np.float32)
        reached = 0
        for first in range(0, len(columns), at_once):
            lefts = columns[first : first + at_once]
            pieces = run(np.stack([_cut(pixels, top, left, tile) for left in lefts]))
            for left, whole in zip(lefts, pieces, strict=True):
                piece = whole[: len(strip), : width - left]
                _join(strip.T, reached, left, piece.T)
                reached = left + piece.shape[1]
            if progress:
                progress((row * len(columns) + first + len(lefts)) / (len(rows) * len(columns)))
        _join(result, filled, top, strip)
        filled = top + len(strip)
    return result


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along one side: multiples of GRID, spread evenly, neighbours sharing `overlap` or more."""
    padded = -(-length // GRID) * GRID
    if padded <= tile:
        return [0]
    stride = (tile - overlap) // GRID * GRID
    count = 1 + -(-(padded - tile) // stride)
    return [(padded - tile) * number // (count - 1) // GRID * GRID for number in range(count)]


def _cut(pixels: NDArray[np.uint8], top: int, left: int, tile: int) -> NDArray[np.uint8]:
    piece = pixels[top : top + tile, left : left + tile]
    height, width = piece.shape[:2]
    below, right = -height % GRID, -width % GRID
    return np.pad(piece, ((0, below), (0, right), (0, 0)), mode="edge") if below or right else piece


def _join(target: NDArray[np.float32], reached: int, start: int, piece: NDArray[np.float32]) -> None:
    """Lay `piece` over the rows of `target` from `start`; up to `reached`, go over to it gradually.

    The outer quarters of the shared rows, where a network sees least, are taken from the other side.
    """
    shared = max(reached - start, 0)
    if shared:
        quarter = shared // 4
        ramp = (np.arange(shared) - quarter + 0.5) / max(shared - 2 * quarter, 1)
        weight = np.clip(ramp, 0, 1).astype(np.float32)[:, None]
        old = target[start:reached]
        old += weight * (piece[:shared] - old)
    target[start + shared : start + len(piece)] = piece[shared:]
