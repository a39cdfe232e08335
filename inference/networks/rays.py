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
    everywhere = torch.arange(count * height * width, device=photos.device)
    values, closeness = read_rays(photos, first_known(valid), everywhere)
    shaped = values.view(count, height, width, len(DIRECTIONS), channels).permute(0, 3, 4, 1, 2)
    return shaped, closeness.view(count, height, width, -1).permute(0, 3, 1, 2)


@torch.no_grad()
def first_known(valid: torch.Tensor) -> torch.Tensor:
    """The first known pixel on every ray by its number in row order, -1 where there is none: `N×1×H×W` to `N×8×H×W`."""
    height, width = valid.shape[-2:]
    own = torch.arange(height * width, device=valid.device, dtype=torch.int32).view(1, 1, height, width)
    start = torch.where(valid > 0, own, -1)
    return torch.cat([_first(start, down, right) for down, right in DIRECTIONS], dim=1)


@torch.no_grad()
def read_rays(
    photos: torch.Tensor, found: torch.Tensor, places: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """What `rays` gives, at P places only, counted over N, H and W: `P×8×C` and `P×8`."""
    _, channels, height, width = photos.shape
    ends = found.permute(0, 2, 3, 1).reshape(-1, len(DIRECTIONS))[places].long()
    missed = ends < 0
    picture, own = places.div(height * width, rounding_mode="floor"), places % (height * width)
    flat = photos.permute(0, 2, 3, 1).reshape(-1, channels)
    values = flat[ends.clamp(min=0) + (picture * height * width)[:, None]].masked_fill(missed[..., None], 0)
    rows = (ends.div(width, rounding_mode="floor") - own.div(width, rounding_mode="floor")[:, None]).abs()
    columns = (ends % width - (own % width)[:, None]).abs()
    distance = torch.hypot(rows.to(photos.dtype), columns.to(photos.dtype))
    return values, (1 / distance.clamp(min=1)).masked_fill(missed, 0)


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
