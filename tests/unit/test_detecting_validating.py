"""Validation inside a training: it stops in the middle of a large photo, and measures as a detector is used."""

import numpy as np
import pytest
import torch
from torch import nn

from trainer.detecting.validating import validate
from trainer.errors import Stopped


class Counting(nn.Module):
    """Finds nothing, and counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        return photos[:, :1] * 0 - 5


def test_a_stop_does_not_wait_for_the_last_tile_of_a_photo() -> None:
    network = Counting()
    large = np.zeros((1024, 4096, 3), np.uint8), np.zeros((1024, 4096), np.bool_)
    with pytest.raises(Stopped):
        validate(network, "cpu", [large], [], should_stop=lambda: network.asked > 0)
    assert network.asked == 6  # one tile and its mirror image, in three sizes


class Bright(nn.Module):
    """Finds what is bright: sure of white, less sure of grey."""

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return 8 * (photos[:, :1] - 0.5)


def test_figures_are_of_what_is_left_of_unsure_regions() -> None:
    pictures = []
    for number in range(20):
        pixels, mask = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.bool_)
        if number % 2:
            mask[10:14, 10:20] = True
            pixels[mask] = 180
            pixels[10:12, 10:20] = 255
        else:
            pixels[20:22, 5:9] = 180
        pictures.append((pixels, mask))
    found = validate(Bright(), "cpu", pictures, [], should_stop=lambda: False)
    assert found.settings["threshold"] < 0.8, "the grey half of defects is found"
    assert found.settings["certainty"] > 0
    assert found.settings["sizes"] == 3
    assert found.figures["synthetic/dice"] == 1.0
