"""Partial convolution, held forward and backward to a plain, slow reference."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from inference.errors import InferenceError
from inference.networks.partial import Masked, PartialConv2d


def reference(layer: PartialConv2d, features: torch.Tensor, known: torch.Tensor) -> Masked:
    """Equations 1 and 2 of Liu et al. 2018, window by window; `known` has a value per channel."""
    kernel, stride, reach = layer.kernel, layer.stride, layer.kernel // 2
    count, _, height, width = features.shape
    rows, columns = range(0, height, stride), range(0, width, stride)
    result = torch.zeros(count, len(layer.conv.weight), len(rows), len(columns), dtype=features.dtype)
    mask = torch.zeros(count, 1, len(rows), len(columns), dtype=features.dtype)
    padded, seen = (F.pad(each, (reach,) * 4) for each in (features * known, known))
    for picture, (i, top), (j, left) in product(range(count), enumerate(rows), enumerate(columns)):
        window = padded[picture, :, top : top + kernel, left : left + kernel]
        valid = seen[picture, :, top : top + kernel, left : left + kernel].sum()
        if valid > 0:
            summed = (layer.conv.weight * window).sum((1, 2, 3)) * window.numel() / valid
            result[picture, :, i, j] = summed if layer.bias is None else summed + layer.bias
            mask[picture, 0, i, j] = 1
    return result, mask


def layer_of(channels: int, kernel: int, stride: int, *, bias: bool = True) -> PartialConv2d:
    torch.manual_seed(kernel + stride)
    layer = PartialConv2d(channels, 4, kernel, stride=stride, bias=bias).double()
    if layer.bias is not None:
        torch.nn.init.normal_(layer.bias)
    return layer


def holes(*shape: int, share: float = 0.3, seed: int = 0) -> torch.Tensor:
    """A mask with holes in many places, and one larger than any window."""
    mask = (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) > share).double()
    mask[..., :6, :7] = 0
    return mask


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("mask_channels", [1, 3])
def test_equals_the_reference_forward_and_backward(kernel: int, stride: int, mask_channels: int, bias: bool) -> None:
    layer = layer_of(3, kernel, stride, bias=bias)
    mask = holes(1, mask_channels, 8, 9)
    inputs = [torch.randn(1, 3, 8, 9, dtype=torch.float64).requires_grad_() for _ in range(2)]
    inputs[1].data.copy_(inputs[0].data)
    found, valid = layer([(inputs[0], mask)])
    expected, expected_valid = reference(layer, inputs[1], mask.expand(-1, 3, -1, -1))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert torch.equal(valid, expected_valid)
    assert 0 < valid.mean() < 1

    weights = torch.randn(found.shape, dtype=torch.float64)
    parameters = list(layer.parameters())
    ours = torch.autograd.grad((found * weights).sum(), [inputs[0], *parameters])
    theirs = torch.autograd.grad((expected * weights).sum(), [inputs[1], *parameters])
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-11)


def test_parts_with_masks_of_their_own_are_one_convolution() -> None:
    layer = layer_of(7, 3, 1)
    features = torch.randn(2, 7, 8, 9, dtype=torch.float64)
    masks = holes(2, 1, 8, 9), holes(2, 3, 8, 9, seed=1), holes(2, 1, 8, 9, seed=2)
    parts = list(zip(features.split((2, 3, 2), dim=1), masks, strict=True))
    found, valid = layer(parts)
    known = torch.cat([masks[0].expand(-1, 2, -1, -1), masks[1], masks[2].expand(-1, 2, -1, -1)], dim=1)
    expected, expected_valid = reference(layer, features, known)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert torch.equal(valid, expected_valid)


def test_where_all_is_known_it_is_a_convolution_away_from_the_border() -> None:
    layer = layer_of(3, 5, 1)
    features = torch.randn(1, 3, 12, 12, dtype=torch.float64)
    found, valid = layer([(features, torch.ones(1, 1, 12, 12))])
    usual = F.conv2d(features, layer.conv.weight, layer.bias, padding=2)
    inside = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(found[inside], usual[inside], rtol=0, atol=1e-12)
    assert valid.all()
    corner = F.conv2d(features, layer.conv.weight, padding=2)[0, :, 0, 0] * 25 / 9 + layer.bias
    torch.testing.assert_close(found[0, :, 0, 0], corner, rtol=0, atol=1e-12)


def test_all_hole_gives_zeros_and_no_gradient() -> None:
    layer = layer_of(3, 3, 1)
    features = torch.randn(1, 3, 6, 6, dtype=torch.float64, requires_grad=True)
    found, valid = layer([(features, torch.zeros(1, 1, 6, 6))])
    assert not found.any()
    assert not valid.any()
    found.sum().backward()
    assert features.grad is not None
    assert not features.grad.any()


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("mask_channels", [1, 3])
def test_what_is_in_a_hole_never_matters(poison: float, mask_channels: int) -> None:
    layer = layer_of(3, 3, 2)
    mask = holes(2, mask_channels, 9, 10)
    clean = torch.randn(2, 3, 9, 10, dtype=torch.float64)
    poisoned = torch.where(mask.expand_as(clean) > 0, clean, poison).requires_grad_()
    found, valid = layer([(poisoned, mask)])
    expected, expected_valid = layer([(clean, mask)])
    assert torch.equal(found, expected)
    assert torch.equal(valid, expected_valid)
    found.sum().backward()
    assert poisoned.grad is not None
    assert torch.isfinite(poisoned.grad).all()
    assert torch.isfinite(layer.conv.weight.grad).all()  # type: ignore[arg-type]


def test_low_precision_counts_exactly() -> None:
    """512 channels under 7×7 are 25088 values: bfloat16 cannot tell them from 25000."""
    layer = PartialConv2d(512, 1, 7, bias=False)
    torch.nn.init.ones_(layer.conv.weight)
    mask = torch.ones(1, 512, 7, 7)
    mask[:, :88, 3, 3] = 0
    features = torch.full((1, 512, 7, 7), 1 / 32)
    exact, _ = layer([(features, mask)])
    found, valid = layer.bfloat16()([(features.bfloat16(), mask.bfloat16())])
    assert valid.dtype == torch.float32
    torch.testing.assert_close(found.float(), exact, rtol=2**-7, atol=0)


def test_refuses_even_kernels_and_other_channels() -> None:
    with pytest.raises(InferenceError, match="odd kernel"):
        PartialConv2d(3, 4, 2)
    with pytest.raises(InferenceError, match=r"of 3 channels got \(1, 2, 4, 4\)"):
        PartialConv2d(3, 4)([(torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 4, 4))])
