"""Losses of the inpainter (Liu et al. 2018, arXiv 1804.07723, section "Loss Functions").

`raw` is the network's picture and `true` the photo, `float N×3×H×W` in [0, 1]; `valid` is `N×1×H×W`, 1 = clean. The
composite is the photo where it is known and `raw` in the holes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F

from trainer.inpainting.recipe import FillLossSettings
from trainer.learning.features import Features

Maps = Sequence[torch.Tensor]


def composite_of(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """The photo where it is known, the network's picture in the holes."""
    return torch.where(valid > 0, true, raw)


def valid_loss(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Mean over all values of the distance where the photo is known (their L_valid)."""
    return (valid * (raw - true).abs()).mean()


def hole_loss(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Mean over all values of the distance in the holes (their L_hole)."""
    return ((1 - valid) * (raw - true).abs()).mean()


def root_in_hole(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Root of the mean squared distance in the hole of each picture, `N`; 0.001 is the least, and for none."""
    hole = 1 - valid
    count = (hole.sum((1, 2, 3)) * raw.shape[1]).clamp(min=1)
    return (((raw - true).square() * hole).sum((1, 2, 3)) / count + 1e-6).sqrt()


def squared_loss(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """The mean over pictures of that root."""
    return root_in_hole(raw, true, valid).mean()


def logarithm_loss(raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """The mean over pictures of the natural logarithm of that root: -ln(10) / 20 of the mean PSNR in the hole."""
    return root_in_hole(raw, true, valid).log().mean()


def perceptual_loss(pictures: Sequence[Maps], true: Maps) -> torch.Tensor:
    """Sum over pictures (raw, composite) and levels of the mean distance of their features from the photo's."""
    return sum_of(F.l1_loss(one, other) for maps in pictures for one, other in zip(maps, true, strict=True))


def style_loss(pictures: Sequence[Maps], true: Maps) -> torch.Tensor:
    """Sum over pictures and levels of the mean distance of Gram matrices (their L_style)."""
    return sum_of(F.l1_loss(gram(one), gram(other)) for maps in pictures for one, other in zip(maps, true, strict=True))


def gram(features: torch.Tensor) -> torch.Tensor:
    """Products of channels summed over places, divided by C·H·W: `N×C×H×W` to `N×C×C`."""
    count, channels, height, width = features.shape
    flat = features.reshape(count, channels, height * width)
    return flat @ flat.transpose(1, 2) / (channels * height * width)


def total_variation_loss(composite: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Differences of neighbours in the hole, one pixel wider, summed and divided by the number of values (their L_tv).

    A pair counts where both of its pixels lie in that region.
    """
    region = F.max_pool2d(1 - valid, 3, stride=1, padding=1)
    across = (region[..., 1:] * region[..., :-1] * (composite[..., 1:] - composite[..., :-1]).abs()).sum()
    down = (region[..., 1:, :] * region[..., :-1, :] * (composite[..., 1:, :] - composite[..., :-1, :]).abs()).sum()
    return (across + down) / composite.numel()


def sum_of(terms: Iterable[torch.Tensor]) -> torch.Tensor:
    """The sum of one or more numbers."""
    return torch.stack(list(terms)).sum()


class FillLoss:
    """The weighted sum of losses that a recipe asks for."""

    def __init__(self, settings: FillLossSettings, features: Features | None) -> None:
        """`features` is needed where the perceptual or the style loss counts."""
        self._settings = settings
        self.features = features
        self.scales: dict[str, float] = {"perceptual": 1.0, "style": 1.0}
        """What the weights of these two are multiplied by, for features that are not VGG-16's."""
        self.autocast: Callable[[], AbstractContextManager[object]] = nullcontext
        """The precision in which features are computed; what is made of them is not."""

    def __call__(
        self, raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """The sum and its parts before they are weighted, `hole_loss`, … Half precision is summed in float32."""
        raw = raw.float() if raw.dtype.itemsize < torch.float32.itemsize else raw
        parts = self.parts(raw, true, valid)
        total = sum_of([self.weight(name) * part for name, part in parts.items()])
        return total, {f"{name}_loss": float(part.detach()) for name, part in parts.items()}

    def weight(self, name: str) -> float:
        """How much a part counts in the sum."""
        return float(getattr(self._settings, name)) * self.scales.get(name, 1.0)

    def parts(self, raw: torch.Tensor, true: torch.Tensor, valid: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Each part that counts, before it is weighted, by name: the network's picture and the photo `float N×3×H×W` in
        [0, 1], and what of it is known, `N×1×H×W`, 1 = clean."""
        composite = composite_of(raw, true, valid)
        parts = {
            "valid": valid_loss(raw, true, valid),
            "hole": hole_loss(raw, true, valid),
            "squared": squared_loss(raw, true, valid),
            "logarithm": logarithm_loss(raw, true, valid),
            "total_variation": total_variation_loss(composite, valid),
        }
        if self.features and (self._settings.perceptual or self._settings.style):
            with torch.no_grad():
                wanted = self._maps(self.features, true)
            found = [self._maps(self.features, picture) for picture in (raw, composite)]
            parts |= {"perceptual": perceptual_loss(found, wanted), "style": style_loss(found, wanted)}
        return {name: part for name, part in parts.items() if getattr(self._settings, name)}

    def _maps(self, features: Features, pictures: torch.Tensor) -> Maps:
        with self.autocast():
            found = features(pictures)
        return [maps.to(torch.promote_types(maps.dtype, torch.float32)) for maps in found]
