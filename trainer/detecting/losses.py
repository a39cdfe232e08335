"""Losses of the detector.

Every loss takes logits and masks `float N×1×H×W`, masks 1 = defect, and gives one number.
"""

from collections.abc import Callable

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from trainer.detecting.recipe import LossSettings

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
_FOCUS = 0.75
_SMOOTH = 1.0
"""Added to sums of pixels above and below a line, so that a batch without defects has a loss, too."""
_THINNINGS = 6
"""Structures of up to twice as many pixels are thinned to their centre line."""


def positive_weight(masks: torch.Tensor, limit: float) -> torch.Tensor:
    """Clean pixels / defect pixels of a batch of masks (1 = defect), between 1 and `limit`; 1 without defects."""
    defect = masks.sum()
    clean = masks.numel() - defect
    weight = torch.where(defect > 0, clean / defect.clamp(min=1), torch.ones_like(defect))
    return weight.clamp(1.0, limit)


def share_weight(defect: int, pixels: int, limit: float) -> float:
    """Clean pixels / defect pixels of many masks together, between 1 and `limit`; 1 without defects."""
    return min(max((pixels - defect) / defect, 1.0), limit) if defect else 1.0


def dice_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice over all pixels of the batch (Milletari et al. 2016, section 3, with plain sums)."""
    probability = torch.sigmoid(logits)
    overlap = (probability * masks).sum()
    return 1 - (2 * overlap + _SMOOTH) / (probability.sum() + masks.sum() + _SMOOTH)


def tversky_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """1 - Tversky index over all pixels of the batch, missed pixels at 0.7, false alarms at 0.3.

    Salehi et al. 2017 (arXiv 1706.05721), section 2.2; the weights are those it found best.
    """
    probability = torch.sigmoid(logits)
    hits = (probability * masks).sum()
    alarms, misses = (probability * (1 - masks)).sum(), ((1 - probability) * masks).sum()
    return 1 - (hits + _SMOOTH) / (hits + 0.3 * alarms + 0.7 * misses + _SMOOTH)


def focal_tversky_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """The Tversky loss to the power of 1/γ, γ = 4/3 (Abraham & Khan 2019, arXiv 1810.07842, equation 4).

    At a perfect answer the power's slope is unbounded: there the loss is held, and gives no gradient.
    """
    return tversky_loss(logits, masks).clamp(min=1e-6) ** _FOCUS


def centre_line_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """1 - soft clDice: precision and recall of the centre lines, so that a thin line lost counts like a wide one.

    Shit et al. 2021 (arXiv 2003.07311), algorithms 1 and 2, over all pixels of the batch.
    """
    probability = torch.sigmoid(logits)
    found, true = soft_skeleton(probability), soft_skeleton(masks)
    precision = ((found * masks).sum() + _SMOOTH) / (found.sum() + _SMOOTH)
    recall = ((true * probability).sum() + _SMOOTH) / (true.sum() + _SMOOTH)
    return 1 - 2 * precision * recall / (precision + recall)


def soft_skeleton(shares: torch.Tensor) -> torch.Tensor:
    """The centre lines of `N×1×H×W` in [0, 1] (Shit et al. 2021, algorithm 1), thinned by a cross as its authors do."""
    skeleton = F.relu(shares - _opened(shares))
    for _ in range(_THINNINGS):
        shares = _eroded(shares)
        skeleton = skeleton + (1 - skeleton) * F.relu(shares - _opened(shares))
    return skeleton


def boundary_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """The mean over pixels of probability × signed distance to the border of the mask in pixels, negative inside.

    Kervadec et al. 2019 (arXiv 1812.07032), section 2.2. It is below nothing for a good answer, and nothing for a
    picture whose mask has no border: empty, or all defect.
    """
    distances = np.stack([signed_distance(mask) for mask in masks[:, 0].detach().cpu().numpy() > 0.5])
    return (torch.sigmoid(logits[:, 0]) * torch.from_numpy(distances).to(logits)).mean()


def signed_distance(mask: np.ndarray) -> np.ndarray:
    """Pixels to the nearest pixel of the other kind, negative inside; `bool H×W` in, `float32 H×W` out."""
    if mask.all() or not mask.any():
        return np.zeros(mask.shape, np.float32)
    outside, inside = (
        cv2.distanceTransform(kind.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for kind in (~mask, mask)
    )
    return np.asarray(outside - inside, np.float32)


_BESIDE_BCE: dict[str, Loss] = {
    "dice": dice_loss,
    "tversky": tversky_loss,
    "focal_tversky": focal_tversky_loss,
    "centre_line": centre_line_loss,
    "boundary": boundary_loss,
}


class DetectorLoss:
    """The weighted sum of losses that a recipe asks for; BCE with positive weight plus Dice is the published one."""

    def __init__(self, settings: LossSettings, weight_limit: float, positive: float | None) -> None:
        """`positive` is the weight of defect pixels in BCE; None takes it from each batch, within the limit."""
        self._settings = settings
        self._limit = weight_limit
        self._positive = positive

    def __call__(self, logits: torch.Tensor, masks: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """The sum and its parts, `bce`, `dice_loss`, …, before they are weighted.

        Half precision is summed in float32. Raises ValueError when the shapes differ.
        """
        if logits.shape != masks.shape:
            raise ValueError(f"logits {tuple(logits.shape)} and masks {tuple(masks.shape)} must have one shape")
        if logits.dtype.itemsize < torch.float32.itemsize:
            logits = logits.float()
        masks = masks.to(logits.dtype)
        total, parts = logits.new_zeros(()), {}
        for name, loss in {"bce": self._bce, **_BESIDE_BCE}.items():
            share = getattr(self._settings, name)
            if share:
                part = loss(logits, masks)
                total = total + share * part
                parts["bce" if name == "bce" else f"{name}_loss"] = float(part.detach())
        return total, parts

    def _bce(self, logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        weight = positive_weight(masks, self._limit) if self._positive is None else logits.new_tensor(self._positive)
        return F.binary_cross_entropy_with_logits(logits, masks, pos_weight=weight)


def _eroded(shares: torch.Tensor) -> torch.Tensor:
    tall = -F.max_pool2d(-shares, (3, 1), 1, (1, 0))
    wide = -F.max_pool2d(-shares, (1, 3), 1, (0, 1))
    return torch.minimum(tall, wide)


def _opened(shares: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(_eroded(shares), 3, 1, 1)
