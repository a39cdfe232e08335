"""Losses of colorizers, held to plain references and to skimage."""

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import nn

from inference.colour import to_luma_and_chroma, to_rgb
from trainer.colouring.difference import ciede2000, lab_of
from trainer.colouring.losses import (
    as_rgb,
    chroma_amount,
    chroma_loss,
    difference_loss,
    held,
    hinge_discriminator,
    hinge_painter,
    perceptual_loss,
    rarity_weights,
    weights_of,
)
from trainer.colouring.surveying import BINS
from trainer.learning.features import Features, FeaturesError, features_of


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_weights_favour_rare_colours_and_are_one_on_average() -> None:
    histogram = np.zeros((BINS, BINS))
    histogram[30:34, 30:34] = 0.99 / 16
    histogram[10, 50] = 0.01
    weights = rarity_weights(histogram, 0.5)
    assert (weights * histogram).sum() == pytest.approx(1, abs=1e-4)
    assert weights[10, 50] > 5 * weights[32, 32]
    assert rarity_weights(histogram, 0.0) == pytest.approx(np.ones((BINS, BINS)), abs=1e-4)


def test_a_pixel_finds_the_weight_of_its_colour() -> None:
    table = torch.arange(BINS * BINS, dtype=torch.float32).view(BINS, BINS)
    chroma = torch.tensor([(10 + 0.5) / BINS - 0.5, (40 + 0.5) / BINS - 0.5]).view(1, 2, 1, 1).expand(2, 2, 3, 5)
    assert weights_of(chroma, table) == pytest.approx(torch.full((2, 1, 3, 5), float(10 * BINS + 40)), abs=0.05)


def test_the_chroma_loss_is_that_of_a_plain_loop_forward_and_backward() -> None:
    torch.manual_seed(0)
    true = torch.rand(2, 2, 3, 4, dtype=torch.float64) - 0.5
    painted = (torch.rand(2, 2, 3, 4, dtype=torch.float64) - 0.5).requires_grad_()
    table = torch.rand(BINS, BINS, dtype=torch.float64) + 0.5
    chroma_loss(painted, true, table).backward()

    again = painted.detach().clone().requires_grad_()
    weights = weights_of(true, table)
    total = again.new_zeros(())
    for picture in range(2):
        for row in range(3):
            for column in range(4):
                off = again[picture, :, row, column] - true[picture, :, row, column]
                total = total + weights[picture, 0, row, column] * (off[0].abs() + off[1].abs())
    (total / 24).backward()
    assert torch.allclose(painted.grad, again.grad, atol=1e-12)
    assert chroma_loss(true, true, table) == 0
    huber = torch.nn.functional.huber_loss(painted.detach(), true, delta=0.2) * 2 / 0.2
    assert torch.allclose(chroma_loss(painted.detach(), true, smooth=0.2), huber)
    plain = chroma_loss(painted.detach(), true)
    assert float(plain) == pytest.approx(float((painted.detach() - true).abs().mean() * 2))


def test_the_colour_difference_is_that_of_skimage() -> None:
    one, other = chance(1).random((3, 40, 40)), chance(2).random((3, 40, 40))
    other[:, :20] = (one[:, :20] + 0.03 * other[:, :20]).clip(0, 1)
    one[:, 0, 0] = other[:, 0, 0] = 0.5
    labs = [rgb2lab(rgb, channel_axis=0) for rgb in (one, other)]
    found = [lab_of(torch.from_numpy(rgb)[None]) for rgb in (one, other)]
    assert np.allclose(found[0][0], labs[0], atol=1e-9)
    expected = deltaE_ciede2000(*labs, channel_axis=0)
    assert np.abs(np.sqrt(np.asarray(ciede2000(*found)[0]) ** 2 - 0.01) - expected).max() < 0.03
    single = ciede2000(*(lab.float() for lab in found))[0].double()
    assert torch.allclose(single, ciede2000(*found)[0], atol=0.01)


def test_the_colour_difference_moves_grey_and_strong_colours_towards_the_true_ones() -> None:
    luma = torch.tensor([0.0, 0.3, 0.6, 1.0]).view(1, 1, 2, 2)
    true = held(luma, torch.rand(1, 2, 2, 2, generator=torch.Generator().manual_seed(4)) - 0.5)
    for start in (0.0, 0.2):
        painted = torch.full((1, 2, 2, 2), start, requires_grad=True)
        before = difference_loss(luma, held(luma, painted), true)
        before.backward()
        assert torch.isfinite(painted.grad).all()
        moved = painted.detach() - 0.01 * painted.grad / painted.grad.abs().max()
        assert difference_loss(luma, held(luma, moved), true) < before


def test_colours_are_held_inside_the_cube_as_in_use() -> None:
    luma, chroma = chance(3).random((6, 7), np.float32), chance(4).random((6, 7, 2), np.float32) - np.float32(0.5)
    luma[0] *= np.float32(0.01)
    chroma[:, 0] *= np.float32(0.01)
    _, kept = to_luma_and_chroma(to_rgb(luma, chroma))
    found = held(torch.from_numpy(luma)[None, None], torch.from_numpy(chroma).permute(2, 0, 1)[None])
    assert np.allclose(found[0].permute(1, 2, 0), kept, atol=1e-5)
    assert float(chroma_amount(found)) == pytest.approx(float(np.abs(kept).sum(axis=2).mean()), abs=1e-5)
    assert not np.allclose(kept, chroma, atol=0.05)


def test_hinge_losses_are_those_of_the_paper() -> None:
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-2.0, 0.0, 1.0])
    assert hinge_discriminator(real, fake) == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1 + 2) / 3)
    assert hinge_painter(fake) == pytest.approx(1 / 3)


def test_luma_and_chroma_become_rgb_for_features() -> None:
    rgb = torch.rand(1, 3, 5, 6, dtype=torch.float64)
    luma, chroma = to_luma_and_chroma(rgb[0].permute(1, 2, 0).numpy().astype(np.float32))
    found = as_rgb(torch.from_numpy(luma)[None, None], torch.from_numpy(chroma).permute(2, 0, 1)[None])
    assert torch.allclose(found.double(), rgb, atol=1e-5)


def test_the_perceptual_loss_is_nothing_for_the_true_colours_and_moves_others_towards_them() -> None:
    features = features_of(str(Path(__file__).parents[2] / "inference/shipped/detector.safetensors"))
    assert not any(weights.requires_grad for weights in features.parameters())
    assert not features.train().training
    torch.manual_seed(0)
    luma, true = torch.rand(1, 1, 32, 32), torch.rand(1, 2, 32, 32) - 0.5
    painted = torch.zeros(1, 2, 32, 32, requires_grad=True)
    assert perceptual_loss(features, luma, true, true) == 0
    before = perceptual_loss(features, luma, painted, true)
    before.backward()
    with torch.no_grad():
        painted -= 0.1 * painted.grad / painted.grad.abs().max()
    assert perceptual_loss(features, luma, painted, true) < before


def test_the_perceptual_loss_weighs_the_same_whatever_the_size_of_features() -> None:
    torch.manual_seed(0)
    luma, true, painted = torch.rand(1, 1, 8, 8), torch.rand(1, 2, 8, 8) - 0.5, torch.zeros(1, 2, 8, 8)
    levels = [nn.Conv2d(before, 4, 3, bias=False) for before in (3, 4, 4)]
    quiet = perceptual_loss(Features("quiet", levels), luma, painted, true)
    with torch.no_grad():
        levels[0].weight.mul_(30)
    torch.testing.assert_close(perceptual_loss(Features("loud", levels), luma, painted, true), quiet)


def test_features_that_cannot_be_had_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match="Name a checkpoint of a detector"):
        features_of(str(tmp_path / "none.safetensors"))
    with pytest.raises(FeaturesError, match="VGG-16 cannot be had"):
        features_of(str(tmp_path / "none.pth"))
