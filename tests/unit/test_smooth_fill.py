"""What an inpainter starts from: a smooth fill, and what is known at the ends of rays."""

from itertools import product

import pytest
import torch

from inference.networks.rays import DIRECTIONS, rays
from inference.networks.smooth import smooth_fill


def scattered(height: int, width: int, share: float = 0.7) -> torch.Tensor:
    """A mask with about this share of holes, 1 = known."""
    return (torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(0)) > share).float()


def test_what_is_known_stays_and_holes_get_what_is_around() -> None:
    valid = torch.ones(1, 1, 24, 37)
    valid[..., 5:20, 8:30] = 0
    ramp = torch.linspace(0, 1, 37).expand(1, 3, 24, 37)
    filled = smooth_fill(ramp, valid)
    known = valid.expand_as(ramp) > 0
    assert torch.equal(filled[known], ramp[known])
    assert (filled - ramp).abs().max() < 0.08
    assert torch.equal(smooth_fill(torch.full_like(ramp, 0.25), valid), torch.full_like(ramp, 0.25))


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_values_in_holes_never_matter(poison: float) -> None:
    valid = scattered(21, 18)
    photos = torch.rand(1, 3, 21, 18)
    poisoned = torch.where(valid > 0, photos, poison)
    assert torch.equal(smooth_fill(poisoned, valid), smooth_fill(photos, valid))
    for one, other in zip(rays(poisoned, valid), rays(photos, valid), strict=True):
        assert torch.equal(one, other)


def test_nothing_known_gives_zeros() -> None:
    nothing = torch.zeros(1, 1, 9, 12)
    assert not smooth_fill(torch.rand(1, 3, 9, 12), nothing).any()
    assert not any(each.any() for each in rays(torch.rand(1, 3, 9, 12), nothing))


def test_rays_find_the_first_known_pixel() -> None:
    """Held to walking along each ray, pixel by pixel."""
    height, width = 20, 23
    valid, photos = scattered(height, width, 0.85), torch.rand(1, 3, height, width)
    values, closeness = rays(photos, valid)
    for (number, (down, right)), i, j in product(enumerate(DIRECTIONS), range(height), range(width)):
        steps = 0
        while (
            0 <= i + steps * down < height
            and 0 <= j + steps * right < width
            and not valid[0, 0, i + steps * down, j + steps * right]
        ):
            steps += 1
        row, column = i + steps * down, j + steps * right
        inside = 0 <= row < height and 0 <= column < width
        wanted = photos[0, :, row, column] if inside else torch.zeros(3)
        near = 1 / max(1.0, steps * (down**2 + right**2) ** 0.5) if inside else 0.0
        assert torch.equal(values[0, number, :, i, j], wanted)
        assert float(closeness[0, number, i, j]) == pytest.approx(near)


def test_rays_end() -> None:
    valid = torch.zeros(1, 1, 1, 100)
    valid[..., 99] = 1
    _, closeness = rays(torch.rand(1, 1, 1, 100), valid)
    assert torch.equal(closeness[0, 0, 0] > 0, torch.arange(100) >= 99 - 63)
