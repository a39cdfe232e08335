"""One picture seen in several ways by one network."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from inference.tiles import GRID
from inference.views import IN_MIRROR, IN_THREE_SIZES, ONCE, View, seen


class Probe(nn.Module):
    """Logits of the brightness of the pixel to the left; remembers the pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[torch.Tensor] = []

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        self.pictures.append(pictures)
        brightness = pictures.mean(1, keepdim=True)
        return 8 * nn.functional.pad(brightness, (1, 0, 0, 0))[..., :-1] - 4


def smooth(height: int, width: int) -> torch.Tensor:
    """A picture that changes slowly, so that no size loses any of it: float32 1×3×h×w in [0, 1]."""
    rows, columns = np.mgrid[:height, :width]
    values = 0.5 + 0.4 * np.sin(rows / 20) * np.cos(columns / 25)
    return torch.from_numpy(np.repeat(values[None, None], 3, axis=1).astype(np.float32))


@pytest.mark.parametrize("view", IN_THREE_SIZES)
def test_what_is_seen_lies_over_the_picture(view: View) -> None:
    picture, network = smooth(128, 192), Probe()
    found = seen(network, picture, view)
    assert found.shape == (1, 128, 192)
    assert found.dtype == torch.float32
    inside = np.s_[:, 4:-4, 4:-4]
    difference = (found - torch.sigmoid(8 * picture.mean(1) - 4))[inside]
    assert difference.abs().max() < 0.08  # one pixel of a slope; half a size off would be far more


@pytest.mark.parametrize("times", [1.0, math.sqrt(2), math.sqrt(0.5), 2.0])
def test_the_network_sees_the_picture_in_the_size_of_the_view_continued_to_its_grid(times: float) -> None:
    picture, network = smooth(128, 192), Probe()
    seen(network, picture, View(times, False))
    (given,) = network.pictures
    height, width = round(128 * times), round(192 * times)
    assert given.shape[2:] == (math.ceil(height / GRID) * GRID, math.ceil(width / GRID) * GRID)
    assert (given[:, :, height:, :width] == given[:, :, height - 1 : height, :width]).all()
    assert (given[:, :, :, width:] == given[:, :, :, width - 1 : width]).all()


def test_in_the_mirror_left_and_right_are_exchanged_for_the_network_alone() -> None:
    picture, network = smooth(64, 64), Probe()
    straight, mirrored = (seen(network, picture, view) for view in IN_MIRROR)
    assert (network.pictures[1] == network.pictures[0].flip(3)).all()
    expected = torch.sigmoid(8 * picture.mean(1) - 4)
    torch.testing.assert_close(straight[:, :, 1:], expected[:, :, :-1])
    torch.testing.assert_close(mirrored[:, :, :-1], expected[:, :, 1:])


def test_a_view_in_the_own_size_changes_no_value() -> None:
    picture, network = smooth(64, 128), Probe()
    seen(network, picture, *ONCE)
    assert (network.pictures[0] == picture).all()


def test_enlarging_stays_in_the_range_of_pictures() -> None:
    picture, network = torch.zeros(1, 3, 64, 64), Probe()
    picture[..., 32:] = 1
    seen(network, picture, View(math.sqrt(2), False))
    assert network.pictures[0].min() >= 0
    assert network.pictures[0].max() <= 1
