"""Validation inside a training: it stops in the middle of a large photo."""

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
    assert network.asked == 2  # one tile and its mirror image
