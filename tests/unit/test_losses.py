"""The detector's loss against plain float64 references, forward and backward."""

import pytest
import torch

from trainer.losses import detector_loss, dice_loss, positive_weight


def _case() -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(5)
    logits = torch.randn(2, 1, 7, 9, generator=chance, dtype=torch.float64) * 3
    masks = (torch.rand(2, 1, 7, 9, generator=chance) < 0.15).double()
    return logits.requires_grad_(), masks


def _reference(logits: torch.Tensor, masks: torch.Tensor, limit: float) -> tuple[float, torch.Tensor]:
    """The loss and its gradient written out pixel by pixel, without torch's losses or its autograd."""
    values, truth = logits.detach().flatten().tolist(), masks.flatten().tolist()
    count, positives = len(truth), sum(truth)
    weight = min(limit, max(1.0, (count - positives) / positives))
    sigmoid = [float(1 / (1 + torch.exp(torch.tensor(-value, dtype=torch.float64)))) for value in values]
    pairs = list(zip(sigmoid, truth, strict=True))
    logs = [torch.log(torch.tensor(p if t else 1 - p, dtype=torch.float64)).item() for p, t in pairs]
    bce = -sum((weight if t else 1) * log for (_, t), log in zip(pairs, logs, strict=True)) / count
    overlap, total = sum(p * t for p, t in pairs), sum(sigmoid) + positives
    dice = 1 - (2 * overlap + 1) / (total + 1)
    gradient = [
        (weight * (p - 1) if t else p) / count
        - (2 * t * (total + 1) - (2 * overlap + 1)) / (total + 1) ** 2 * p * (1 - p)
        for p, t in pairs
    ]
    return bce + dice, torch.tensor(gradient, dtype=torch.float64).view_as(logits)


@pytest.mark.parametrize("limit", [100.0, 2.0])
def test_loss_equals_reference_forward_and_backward(limit: float) -> None:
    logits, masks = _case()
    expected, gradient = _reference(logits, masks, limit)

    loss, parts = detector_loss(logits, masks, limit)
    loss.backward()

    assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, gradient, rtol=1e-9, atol=1e-12)
    assert parts["bce"] + parts["dice_loss"] == pytest.approx(expected, rel=1e-12)


def test_half_precision_is_summed_in_float32() -> None:
    logits, masks = _case()
    loss, _ = detector_loss(logits.detach().bfloat16(), masks, 100.0)
    assert loss.dtype == torch.float32


def test_positive_weight_is_clean_over_defect_within_its_limits() -> None:
    masks = torch.zeros(1, 1, 10, 10)
    assert positive_weight(masks, 50.0).item() == 1.0
    masks[..., 0, :5] = 1
    assert positive_weight(masks, 50.0).item() == pytest.approx(19.0)
    assert positive_weight(masks, 10.0).item() == 10.0
    assert positive_weight(torch.ones(1, 1, 2, 2), 10.0).item() == 1.0


def test_dice_of_a_perfect_answer_is_nearly_nothing_and_of_an_empty_batch_is_defined() -> None:
    masks = torch.zeros(1, 1, 8, 8)
    masks[..., 2:4, :] = 1
    assert dice_loss((masks * 2 - 1) * 50, masks).item() < 1e-6
    assert dice_loss(torch.full((1, 1, 8, 8), -50.0), torch.zeros(1, 1, 8, 8)).item() == pytest.approx(0, abs=1e-6)


def test_shapes_must_match() -> None:
    with pytest.raises(ValueError, match="one shape"):
        detector_loss(torch.zeros(1, 1, 4, 4), torch.zeros(1, 4, 4), 10.0)
