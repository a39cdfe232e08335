"""Holes of a large photo filled tile by tile, blended without seams; tiles without holes are never computed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Array, Field, Mask
from inference.tiles import GRID, tile_starts

Run = Callable[[NDArray[np.float32], Mask], NDArray[np.float32]]
_CONTEXT = 64


def fill_by_tiles(
    run: Run, colours: Array, hole: Mask, tile: int, progress: Callable[[float], None] | None = None
) -> None:
    """Fill `colours` `H×W×C`, C 1 or 3, uint8 or uint16, in place and only where `bool H×W` says.

    `run` takes `float32 h×w×3` in [0, 1] and its holes, and returns a picture of the same shape, all of it. Tiles of
    `tile` pixels, a multiple of 64, share a quarter of their side with their neighbours; there the one goes over into
    the other gradually. Beside the photo there are never more than two rows of tiles in memory. What has no colours
    where it is known gets none. `progress` gets the share done.
    """
    height, width = hole.shape
    overlap = tile // 4
    tops, lefts = tile_starts(height, tile, overlap), tile_starts(width, tile, overlap)
    grey = _is_grey(colours, hole)
    sums, weights = np.zeros((0, width, colours.shape[2]), np.float32), np.zeros((0, width), np.float32)
    reached = 0  # the row at which `sums` begins
    source = colours.copy() if len(tops) > 1 or len(lefts) > 1 else colours
    for number, top in enumerate(tops):
        _write(colours, hole, sums[: top - reached], weights[: top - reached], reached)
        rows = min(tile, height - top)
        sums, weights = (_moved(values, top - reached, rows) for values in (sums, weights))
        reached = top
        for place, left in enumerate(lefts):
            piece = _Piece(top, left, rows, min(tile, width - left), hole.shape, overlap)
            _add(run, source, hole, piece, sums, weights, grey)
            if progress:
                progress((number * len(lefts) + place + 1) / (len(tops) * len(lefts)))
    _write(colours, hole, sums, weights, reached)


@dataclass(frozen=True)
class _Piece:
    """One tile of a photo."""

    top: int
    left: int
    height: int
    width: int
    whole: tuple[int, ...]
    overlap: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def weights(self) -> Field:
        """How much the tile counts at its pixels: falling to nothing towards the tiles beside it, `float32 h×w`."""
        down = _ramp(self.height, self.top > 0, self.top + self.height < self.whole[0], self.overlap)
        across = _ramp(self.width, self.left > 0, self.left + self.width < self.whole[1], self.overlap)
        return np.asarray(down[:, None] * across, np.float32)


def _ramp(length: int, before: bool, after: bool, overlap: int) -> Field:
    """Nothing in the outer quarter of the overlap, where a network sees least, then rising to 1."""
    quarter = overlap // 4
    places = np.arange(length, dtype=np.float32)
    rise = np.clip((places - quarter + 0.5) / (2 * quarter), 0, 1) if before else np.ones(length, np.float32)
    fall = np.clip((length - places - quarter - 0.5) / (2 * quarter), 0, 1) if after else np.ones(length, np.float32)
    return np.asarray(np.minimum(rise, fall), np.float32)


def _add(  # noqa: PLR0917
    run: Run, source: Array, hole: Mask, piece: _Piece, sums: Field, weights: Field, grey: bool
) -> None:
    """Run one tile, no more of it than its holes need, and add what it gives."""
    holes, share = hole[piece.slices], piece.weights()
    wanted = holes & (share > 0)
    if not wanted.any():
        return
    box = _around(wanted)
    samples = source[piece.slices][box]
    pixels = samples.astype(np.float32) / np.float32(np.iinfo(source.dtype).max)
    picture = run(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels, holes[box])
    if grey:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), samples.shape[2], axis=2)
    counted = share[box] * wanted[box]
    columns = slice(piece.left + box[1].start, piece.left + box[1].stop)
    sums[box[0], columns] += counted[..., None] * picture
    weights[box[0], columns] += counted


def _around(wanted: Mask) -> tuple[slice, slice]:
    """The box of what is wanted, with its context, on the grid of the network."""
    boxes = []
    for axis, length in enumerate(wanted.shape):
        places = np.flatnonzero(wanted.any(axis=1 - axis))
        first = max(int(places[0]) - _CONTEXT, 0) // GRID * GRID
        last = -(-(int(places[-1]) + 1 + _CONTEXT) // GRID) * GRID
        boxes.append(slice(first, min(last, length)))
    return boxes[0], boxes[1]


def _moved(values: Field, rows: int, length: int) -> Field:
    """The accumulated rows without the first `rows`, continued by zeros to `length`."""
    kept = values[rows:]
    result = np.zeros((length, *values.shape[1:]), np.float32)
    result[: len(kept)] = kept
    return result


def _write(colours: Array, hole: Mask, sums: Field, weights: Field, top: int) -> None:
    """Finish rows from `top`: the weighted means go where the holes are."""
    rows = slice(top, top + len(sums))
    where = hole[rows]
    if where.any():
        means = sums[where] / weights[where][:, None]
        colours[rows][where] = np.rint(means * np.iinfo(colours.dtype).max).astype(colours.dtype)


def _is_grey(colours: Array, hole: Mask) -> bool:
    """Whether all that is known has equal channels."""
    if colours.shape[2] == 1:
        return True
    for top in range(0, len(hole), 512):
        known = colours[top : top + 512][~hole[top : top + 512]]
        if (known[:, :1] != known[:, 1:]).any():
            return False
    return True
