"""Losses of the inpainter, held forward and backward to slow references in float64."""

from itertools import product

import pytest
import torch
from torch import nn

from trainer.inpainting.losses import (
    FillLoss,
    composite_of,
    gram,
    hole_loss,
    logarithm_loss,
    perceptual_loss,
    squared_loss,
    style_loss,
    total_variation_loss,
    valid_loss,
)
from trainer.inpainting.recipe import FillLossSettings
from trainer.learning.features import Features

HEIGHT, WIDTH = 6, 7


def pictures() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A network's picture, the photo, and what of it is known."""
    generator = torch.Generator().manual_seed(0)
    raw, true = (torch.rand(2, 3, HEIGHT, WIDTH, dtype=torch.float64, generator=generator) for _ in range(2))
    valid = torch.ones(2, 1, HEIGHT, WIDTH, dtype=torch.float64)
    valid[0, :, 1:3, 2:5] = 0
    valid[1, :, 4:, :3] = 0
    return raw.requires_grad_(), true, valid


def every() -> "product[tuple[int, ...]]":
    return product(range(2), range(3), range(HEIGHT), range(WIDTH))


def slow_valid(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    total = sum(valid[n, 0, i, j] * abs(raw[n, c, i, j] - true[n, c, i, j]) for n, c, i, j in every())
    return total / raw.numel()  # type: ignore[operator]


def slow_hole(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    return slow_valid(raw, true, 1 - valid)


def slow_roots(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> list[torch.Tensor]:
    roots: list[torch.Tensor] = []
    for n in range(2):
        errors = [
            (raw[n, c, i, j] - true[n, c, i, j]) ** 2
            for number, c, i, j in every()
            if number == n and valid[n, 0, i, j] == 0
        ]
        roots.append((sum(errors) / len(errors) + 1e-6) ** 0.5)  # type: ignore[operator]
    return roots


def slow_squared(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    return sum(slow_roots(raw, true, valid)) / 2  # type: ignore[return-value]


def slow_logarithm(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    return sum(root.log() for root in slow_roots(raw, true, valid)) / 2  # type: ignore[return-value]


def slow_variation(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    total = torch.zeros((), dtype=torch.float64)

    def near(n: int, i: int, j: int) -> bool:
        around = product(range(max(i - 1, 0), min(i + 2, HEIGHT)), range(max(j - 1, 0), min(j + 2, WIDTH)))
        return any(valid[n, 0, k, m] == 0 for k, m in around)

    def composite(n: int, c: int, i: int, j: int) -> torch.Tensor:
        return raw[n, c, i, j] if valid[n, 0, i, j] == 0 else true[n, c, i, j]

    for n, c, i, j in every():
        for k, m in ((i + 1, j), (i, j + 1)):
            if k < HEIGHT and m < WIDTH and near(n, i, j) and near(n, k, m):
                total = total + abs(composite(n, c, i, j) - composite(n, c, k, m))
    return total / raw.numel()


@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (valid_loss, slow_valid),
        (hole_loss, slow_hole),
        (squared_loss, slow_squared),
        (logarithm_loss, slow_logarithm),
        (lambda raw, true, valid: total_variation_loss(composite_of(raw, true, valid), valid), slow_variation),
    ],
    ids=["valid", "hole", "squared", "logarithm", "total variation"],
)
def test_equals_the_reference_forward_and_backward(fast: object, slow: object) -> None:
    raw, true, valid = pictures()
    found, expected = fast(raw, true, valid), slow(raw, true, valid)  # type: ignore[operator]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    (ours,), (theirs,) = torch.autograd.grad(found, raw), torch.autograd.grad(expected, raw)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-15)
    assert ours.any()


def slow_gram(features: torch.Tensor) -> torch.Tensor:
    count, channels, height, width = features.shape
    result = torch.zeros(count, channels, channels, dtype=features.dtype)
    for n, a, b in product(range(count), range(channels), range(channels)):
        result[n, a, b] = sum(
            features[n, a, i, j] * features[n, b, i, j] for i, j in product(range(height), range(width))
        ) / (channels * height * width)  # type: ignore[operator]
    return result


def test_feature_losses_equal_the_reference_forward_and_backward() -> None:
    generator = torch.Generator().manual_seed(1)
    shapes = [(2, 3, 4, 4), (2, 5, 2, 2)]
    raw, composite, true = (
        [torch.randn(shape, dtype=torch.float64, generator=generator) for shape in shapes] for _ in range(3)
    )
    for maps in (*raw, *composite):
        maps.requires_grad_()
    perceptual = sum(
        (abs(one - other)).sum() / one.numel()
        for maps in (raw, composite)
        for one, other in zip(maps, true, strict=True)
    )
    style = sum(
        abs(slow_gram(one) - slow_gram(other)).sum() / (2 * one.shape[1] ** 2)
        for maps in (raw, composite)
        for one, other in zip(maps, true, strict=True)
    )
    for found, expected in (
        (perceptual_loss([raw, composite], true), perceptual),
        (style_loss([raw, composite], true), style),
    ):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
        ours = torch.autograd.grad(found, [*raw, *composite])
        theirs = torch.autograd.grad(expected, [*raw, *composite])  # type: ignore[arg-type]
        for mine, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-15)


def test_gram_is_divided_by_channels_and_places() -> None:
    features = torch.randn(1, 4, 3, 5, dtype=torch.float64)
    torch.testing.assert_close(gram(features), slow_gram(features), rtol=1e-12, atol=0)


def _features() -> Features:
    torch.manual_seed(0)
    levels = [nn.Sequential(nn.Conv2d(before, 4, 3, padding=1), nn.ReLU()) for before in (3, 4, 4)]
    return Features("three layers for a test", levels).double()


def test_the_sum_is_weighted_and_tells_its_parts() -> None:
    raw, true, valid = pictures()
    loss = FillLoss(FillLossSettings(squared=2.0, logarithm=0.5), _features())
    total, parts = loss(raw, true, valid)
    weights = {
        "valid": 1.0, "hole": 6.0, "perceptual": 0.05, "style": 120.0, "total_variation": 0.1, "squared": 2.0,
        "logarithm": 0.5,
    }  # fmt: skip
    assert set(parts) == {f"{name}_loss" for name in weights}
    assert float(total.detach()) == pytest.approx(sum(weights[name] * parts[f"{name}_loss"] for name in weights))
    loss.scales["style"] = 0.5
    halved, _ = loss(raw, true, valid)
    assert float((total - halved).detach()) == pytest.approx(60 * parts["style_loss"])


def test_losses_that_do_not_count_are_not_computed() -> None:
    raw, true, valid = pictures()
    settings = FillLossSettings(perceptual=0, style=0, total_variation=0)
    _, parts = FillLoss(settings, None)(raw, true, valid)
    assert set(parts) == {"valid_loss", "hole_loss"}


def test_half_precision_is_summed_in_float32() -> None:
    raw, true, valid = pictures()
    total, _ = FillLoss(FillLossSettings(perceptual=0, style=0), None)(raw.bfloat16(), true.float(), valid.float())
    assert total.dtype == torch.float32
