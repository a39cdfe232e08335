"""What is known at the edges of a hole, seen from each pixel in it along eight directions."""

import torch

DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))
"""Steps down and to the right."""
_DOUBLINGS = 6
"""Rays end after 2⁶ - 1 steps."""


@torch.no_grad()
def rays(photos: torch.Tensor, valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The first known value on eight rays from every pixel, and how close it is.

    Takes `N×C×H×W` and `N×1×H×W`, above 0 = known. Returns values `N×8×C×H×W` and closeness `N×8×H×W`: 1 over the
    distance in pixels, 1 where the pixel itself is known, and 0, with values of 0, where a ray finds nothing within 63
    steps. Values in the holes never matter, NaN included. Nothing here is learned: it is the reach along lines of
    directional interpolation, found by doubling.
    """
    count, channels, height, width = photos.shape
    known = valid > 0
    own = torch.arange(height * width, device=photos.device, dtype=torch.int32).view(1, 1, height, width)
    start = torch.where(known, own, -1)
    flat = photos.masked_fill(~known, 0).contiguous().flatten(2)
    values, closeness = [], []
    for down, right in DIRECTIONS:
        found = _first(start, down, right)
        missed = found < 0
        places = found.clamp(min=0).flatten(2).long().expand(-1, channels, -1)
        seen = flat.gather(2, places).view(count, channels, height, width)
        steps = (found // width - own // width if down else found - own).abs()
        distance = steps.to(photos.dtype) * (2**0.5 if down and right else 1.0)
        values.append(seen.masked_fill(missed, 0))
        closeness.append((1 / distance.clamp(min=1)).masked_fill(missed, 0))
    return torch.stack(values, dim=1), torch.cat(closeness, dim=1)


def _first(start: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Which pixel, by its number, is the first known one on the rays of one direction; below 0 where there is none."""
    found = start
    height, width = start.shape[-2:]
    for doubling in range(_DOUBLINGS):
        rows, columns = down * 2**doubling, right * 2**doubling
        if abs(rows) >= height or abs(columns) >= width:
            break
        there = found[..., max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
        here = (..., slice(max(-rows, 0), height + min(-rows, 0)), slice(max(-columns, 0), width + min(-columns, 0)))
        further = found.clone()
        further[here] = torch.where(found[here] < 0, there, found[here])
        found = further
    return found
