"""The detector's losses against plain float64 references, forward and backward."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize

from trainer.detecting.losses import (
    DetectorLoss,
    boundary_loss,
    centre_line_loss,
    dice_loss,
    focal_tversky_loss,
    positive_weight,
    share_weight,
    signed_distance,
    soft_skeleton,
    tversky_loss,
)
from trainer.detecting.recipe import LossSettings
from trainer.learning.recipe import RecipeError

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
PUBLISHED = LossSettings()


def _case() -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(5)
    logits = torch.randn(2, 1, 7, 9, generator=chance, dtype=torch.float64) * 3
    masks = (torch.rand(2, 1, 7, 9, generator=chance) < 0.15).double()
    return logits.requires_grad_(), masks


def _reference(logits: torch.Tensor, masks: torch.Tensor, weight: float) -> tuple[float, torch.Tensor]:
    """The published loss and its gradient written out pixel by pixel, without torch's losses or its autograd."""
    values, truth = logits.detach().flatten().tolist(), masks.flatten().tolist()
    count, positives = len(truth), sum(truth)
    sigmoid = [float(1 / (1 + np.exp(-value))) for value in values]
    pairs = list(zip(sigmoid, truth, strict=True))
    logs = [float(np.log(p if t else 1 - p)) for p, t in pairs]
    bce = -sum((weight if t else 1) * log for (_, t), log in zip(pairs, logs, strict=True)) / count
    overlap, total = sum(p * t for p, t in pairs), sum(sigmoid) + positives
    dice = 1 - (2 * overlap + 1) / (total + 1)
    gradient = [
        (weight * (p - 1) if t else p) / count
        - (2 * t * (total + 1) - (2 * overlap + 1)) / (total + 1) ** 2 * p * (1 - p)
        for p, t in pairs
    ]
    return bce + dice, torch.tensor(gradient, dtype=torch.float64).view_as(logits)


@pytest.mark.parametrize(("limit", "fixed"), [(100.0, None), (2.0, None), (2.0, 7.0)])
def test_published_loss_equals_its_reference_forward_and_backward(limit: float, fixed: float | None) -> None:
    logits, masks = _case()
    of_batch = min(limit, float((masks.numel() - masks.sum()) / masks.sum()))
    expected, gradient = _reference(logits, masks, of_batch if fixed is None else fixed)

    loss, parts = DetectorLoss(PUBLISHED, limit, fixed)(logits, masks)
    loss.backward()

    assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, gradient, rtol=1e-9, atol=1e-12)
    assert parts["bce"] + parts["dice_loss"] == pytest.approx(expected, rel=1e-12)


def test_a_sum_has_the_parts_that_are_asked_for_and_no_others() -> None:
    logits, masks = _case()
    settings = LossSettings(bce=0, dice=0, tversky=2, boundary=0.5)
    total, parts = DetectorLoss(settings, 100.0, None)(logits, masks)
    assert set(parts) == {"tversky_loss", "boundary_loss"}
    expected = 2 * tversky_loss(logits, masks) + 0.5 * boundary_loss(logits, masks)
    assert total.item() == pytest.approx(expected.item(), rel=1e-12)
    with pytest.raises(RecipeError, match=r"'loss'.*more than nothing"):
        LossSettings(bce=0, dice=0)
    with pytest.raises(RecipeError, match=r"'loss\.dice'.*between 0 and 100"):
        LossSettings(dice=-1)


def test_half_precision_is_summed_in_float32() -> None:
    logits, masks = _case()
    loss, _ = DetectorLoss(PUBLISHED, 100.0, None)(logits.detach().bfloat16(), masks)
    assert loss.dtype == torch.float32


def test_positive_weight_is_clean_over_defect_within_its_limits() -> None:
    masks = torch.zeros(1, 1, 10, 10)
    assert positive_weight(masks, 50.0).item() == 1.0
    masks[..., 0, :5] = 1
    assert positive_weight(masks, 50.0).item() == pytest.approx(19.0)
    assert positive_weight(masks, 10.0).item() == 10.0
    assert positive_weight(torch.ones(1, 1, 2, 2), 10.0).item() == 1.0
    assert [share_weight(defect, 100, 10.0) for defect in (0, 1, 20, 100)] == [1.0, 10.0, 4.0, 1.0]


def test_tversky_index_counts_missed_pixels_at_seven_tenths() -> None:
    logits, masks = _case()
    p, t = torch.sigmoid(logits).detach().numpy(), masks.numpy()
    hits, alarms, misses = (p * t).sum(), (p * (1 - t)).sum(), ((1 - p) * t).sum()
    expected = 1 - (hits + 1) / (hits + 0.3 * alarms + 0.7 * misses + 1)
    assert tversky_loss(logits, masks).item() == pytest.approx(expected, rel=1e-12)
    assert focal_tversky_loss(logits, masks).item() == pytest.approx(expected**0.75, rel=1e-12)


def test_boundary_loss_weighs_probability_by_signed_distance() -> None:
    logits, masks = _case()
    p, t = torch.sigmoid(logits).detach().numpy()[:, 0], masks.numpy()[:, 0].astype(bool)
    distances = np.stack([distance_transform_edt(~mask) - distance_transform_edt(mask) for mask in t])
    np.testing.assert_allclose(np.stack([signed_distance(mask) for mask in t]), distances, rtol=1e-6)
    assert boundary_loss(logits, masks).item() == pytest.approx((p * distances).mean(), rel=1e-6)


@pytest.mark.parametrize("loss", [dice_loss, tversky_loss, focal_tversky_loss, centre_line_loss, boundary_loss])
def test_gradients_are_those_of_finite_differences(loss: Loss) -> None:
    logits, masks = _case()
    assert torch.autograd.gradcheck(lambda values: loss(values, masks), (logits,), eps=1e-6, atol=1e-7)


@pytest.mark.parametrize("loss", [dice_loss, tversky_loss, centre_line_loss])
def test_a_perfect_answer_costs_nearly_nothing_and_an_empty_picture_is_defined(loss: Loss) -> None:
    masks = torch.zeros(1, 1, 16, 16)
    assert loss(torch.full_like(masks, -50.0), masks).item() == pytest.approx(0, abs=1e-6)
    masks[..., 4:7, :] = 1
    assert loss((masks * 2 - 1) * 50, masks).item() < 1e-5
    assert loss((1 - masks * 2) * 50, masks).item() > 0.8


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_picture_without_a_border_of_defects_has_no_boundary_loss(value: float) -> None:
    masks = torch.full((2, 1, 8, 8), value)
    assert boundary_loss(torch.randn(2, 1, 8, 8), masks).item() == 0


def test_a_right_answer_has_a_lower_boundary_loss_than_a_shifted_one() -> None:
    masks = torch.zeros(1, 1, 20, 20)
    masks[..., 8:12, :] = 1
    right, shifted = (masks * 2 - 1) * 50, (masks.roll(4, 2) * 2 - 1) * 50
    assert boundary_loss(right, masks).item() < 0 < boundary_loss(shifted, masks).item()


@pytest.mark.parametrize("width", [1, 3, 8])
def test_a_line_thins_to_its_middle(width: int) -> None:
    masks = torch.zeros(1, 1, 40, 60)
    masks[..., 16 : 16 + width, 5:55] = 1
    skeleton = soft_skeleton(masks)[0, 0].numpy()
    assert np.flatnonzero(skeleton[:, 30]).tolist() == (
        [16 + width // 2] if width % 2 else [16 + width // 2 - 1, 16 + width // 2]
    )
    assert (skeleton[skeletonize(masks[0, 0].numpy() > 0)] > 0).mean() > 0.6


def test_centre_lines_count_a_thin_line_like_a_wide_one() -> None:
    masks = torch.zeros(1, 1, 40, 60)
    masks[..., 5, :] = 1
    masks[..., 20:29, :] = 1
    without_thin, without_wide = masks.clone(), masks.clone()
    without_thin[..., 5, :] = 0
    without_wide[..., 20:29, :] = 0
    thin_lost, wide_lost = (((kept * 2 - 1) * 50) for kept in (without_thin, without_wide))
    by_area = dice_loss(thin_lost, masks) / dice_loss(wide_lost, masks)
    by_line = centre_line_loss(thin_lost, masks) / centre_line_loss(wide_lost, masks)
    assert by_area < 0.1
    assert by_line > 0.7


def test_shapes_must_match() -> None:
    with pytest.raises(ValueError, match="one shape"):
        DetectorLoss(PUBLISHED, 10.0, None)(torch.zeros(1, 1, 4, 4), torch.zeros(1, 4, 4))
