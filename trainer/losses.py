"""Losses of the detector."""

import torch
import torch.nn.functional as F


def positive_weight(masks: torch.Tensor, limit: float) -> torch.Tensor:
    """Clean pixels / defect pixels of a batch of masks (1 = defect), between 1 and `limit`; 1 without defects."""
    defect = masks.sum()
    clean = masks.numel() - defect
    weight = torch.where(defect > 0, clean / defect.clamp(min=1), torch.ones_like(defect))
    return weight.clamp(1.0, limit)


def dice_loss(logits: torch.Tensor, masks: torch.Tensor, smooth: float = 1.0) -> torch.Tensor:
    """1 - soft Dice over all pixels of the batch (Milletari et al. 2016, section 3, with plain sums).

    Takes logits and masks of one shape; masks are 1 = defect. `smooth` keeps an empty batch defined.
    """
    probability = torch.sigmoid(logits)
    overlap = (probability * masks).sum()
    return 1 - (2 * overlap + smooth) / (probability.sum() + masks.sum() + smooth)


def detector_loss(
    logits: torch.Tensor, masks: torch.Tensor, weight_limit: float
) -> tuple[torch.Tensor, dict[str, float]]:
    """BCE with positive weight plus Dice: the published loss. Returns the sum and its parts `bce` and `dice_loss`.

    Takes logits and masks `N×1×H×W`; masks are 1 = defect. Raises ValueError when the shapes differ.
    """
    if logits.shape != masks.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and masks {tuple(masks.shape)} must have one shape")
    if logits.dtype.itemsize < torch.float32.itemsize:
        logits = logits.float()
    masks = masks.to(logits.dtype)
    bce = F.binary_cross_entropy_with_logits(logits, masks, pos_weight=positive_weight(masks, weight_limit))
    dice = dice_loss(logits, masks)
    return bce + dice, {"bce": float(bce.detach()), "dice_loss": float(dice.detach())}
