"""A photo looked at in several sizes."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from inference.arrays import Pixels
from inference.detector import Detector
from inference.looks import halved, look_sizes, seen_together
from inference.names import ModelName
from inference.views import ONCE
from tests.support.picture_files import noise

NAME = ModelName("detector", "7", "registry")


@pytest.mark.parametrize(
    ("size", "halves"),
    [
        ((511, 4000), 0),
        ((512, 512), 1),
        ((4000, 513), 1),
        ((1023, 1023), 1),
        ((1024, 1300), 2),
        ((4096, 6000), 4),
        ((1, 1), 0),
    ],
)
def test_a_photo_is_halved_while_its_shorter_side_keeps_what_lines_need(size: tuple[int, int], halves: int) -> None:
    sizes = look_sizes(*size)
    assert len(sizes) == 1 + halves
    assert sizes == [(size[0] >> number, size[1] >> number) for number in range(1 + halves)]


@pytest.mark.parametrize("size", [(6, 8), (7, 9)])
def test_halving_takes_means_and_reads_any_layout(size: tuple[int, int]) -> None:
    pixels = noise(*size, 3)
    half = halved(pixels[::-1, ::-1])
    assert half.shape == (size[0] // 2, size[1] // 2, 3)
    assert abs(half.mean() - pixels.mean()) < 3
    if size == (6, 8):
        means = pixels[::-1, ::-1].reshape(3, 2, 4, 2, 3).mean((1, 3))
        assert np.abs(half - means).max() <= 0.5


def test_a_region_that_only_a_smaller_look_is_sure_of_is_found() -> None:
    own, half = np.full((8, 8), 0.1, np.float32), np.full((4, 4), 0.2, np.float32)
    half[:2] = 0.99
    found = seen_together([own, half], 0.5, 0.8)
    assert (found[:3] > 0.5).all()
    assert found[0] == pytest.approx(0.99)
    np.testing.assert_allclose(found[6:], (2 * 0.1 + 0.2) / 3, rtol=1e-5)
    assert found.dtype == np.float32


@pytest.mark.parametrize(("mean", "is_found"), [(0.85, True), (0.65, False)])
def test_a_smaller_look_is_asked_as_much_as_the_first(mean: float, is_found: bool) -> None:
    damaged = np.full((8, 8), mean, np.float32)
    damaged[:, 4:] = 0
    nothing = np.zeros((8, 8), np.float32)
    once = seen_together([damaged.copy(), nothing[:4, :4].copy()], 0.5, 0.8)
    again = seen_together([nothing, cv2.resize(damaged, (4, 4), interpolation=cv2.INTER_AREA)], 0.5, 0.8)
    for found in (once, again):
        assert (found[:, 0] >= 0.5).all() == is_found
        assert (found[:, 0] > 0.1).all()  # a lower threshold brings it back


def test_a_smaller_look_adds_what_is_new_and_makes_nothing_wider() -> None:
    own, half = np.zeros((16, 16), np.float32), np.zeros((8, 8), np.float32)
    own[2:4, 2:14] = 0.95
    half[1, 0:8] = 0.99  # the same line, longer: three quarters of it are known
    half[6, 2:6] = 0.99
    found = seen_together([own.copy(), half], 0.5, 0.8) >= 0.5
    assert (found[:6] == (own[:6] >= 0.5)).all()
    assert found[12:14, 4:12].all()
    across = np.zeros((8, 8), np.float32)
    across[0:5, 1] = 0.99  # crosses it: a fifth is known
    assert (seen_together([own, across], 0.5, 0.8)[:9, 2:4] >= 0.5).all()


def test_without_a_certainty_every_region_stays_and_one_look_is_left_as_it_is() -> None:
    look = np.random.default_rng(0).random((9, 7), dtype=np.float32)
    assert (seen_together([look.copy()], 0.5, 0) == look).all()
    both = seen_together([np.zeros_like(look), look.copy()], 0.5, 0)
    assert (both[look >= 0.5] == look[look >= 0.5]).all()
    np.testing.assert_allclose(both[look < 0.5], look[look < 0.5] / 3, rtol=1e-5)


class _Wide(nn.Module):
    """Finds lines across that are one or two pixels wide: brighter than both pixels two steps beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(photos.shape[2:]))
        grey = photos.mean(1, keepdim=True)
        beside = nn.functional.pad(grey, (2, 2, 0, 0))
        return 40 * (grey - torch.maximum(beside[..., :-4], beside[..., 4:])) - 20


def test_a_line_too_wide_for_the_network_is_found_on_a_smaller_look() -> None:
    pixels: Pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[:, 200:204] = 255
    network, told = _Wide(), list[float]()
    detector = Detector(network, 0.5, NAME, device="cpu", views=ONCE, certainty=0.8)
    own, half = detector.looks(pixels)
    assert own.shape == (512, 512)
    assert half.shape == (256, 256)
    assert not (own >= 0.5).any()
    found = detector.probability(pixels, told.append) >= 0.5
    assert found[:, 200:204].all()
    assert not found[:, :196].any()
    assert not found[:, 208:].any()
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    assert network.seen == 2 * [(512, 512), (256, 256)]
