"""Partial convolution, which sees only what is known (Liu et al. 2018, arXiv 1804.07723, section 3.1), in blocks."""

import functools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from inference.errors import InferenceError

Masked = tuple[torch.Tensor, torch.Tensor]
"""Features `N×C×H×W` and which of them are known: `N×1×H×W` for all channels alike or `N×C×H×W`; above 0 = known."""


class PartialConv2d(nn.Module):
    """Convolution over the known values, renormalised by their count; it says which results are known.

    y = W·(x ⊙ m) · all / known + b where any value under the window is known, else 0 (equations 1 and 2). `known`
    counts over window and channels; what lies beyond the border counts as unknown, as in the authors' code. Unknown
    values never matter, NaN and infinity included: they give nothing forward and get no gradient.

    Takes one or several parts, as skip connections bring them, whose channels together are `channels_in`; a part may
    have one mask for all its channels, which is the fast way, or one for each. Returns the features `N×C'×H'×W'` and
    their mask `N×1×H'×W'`, 1 = known. Raises InferenceError for channels that do not fit.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3, *, stride: int = 1, bias: bool = True):
        super().__init__()
        if kernel % 2 == 0:
            raise InferenceError(f"A partial convolution has an odd kernel, not {kernel}.")
        self.channels_in, self.kernel, self.stride = channels_in, kernel, stride
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(channels_out)) if bias else None

    def forward(self, parts: Sequence[Masked]) -> Masked:
        if sum(features.shape[1] for features, _ in parts) != self.channels_in:
            shapes = ", ".join(str(tuple(features.shape)) for features, _ in parts)
            raise InferenceError(f"A partial convolution of {self.channels_in} channels got {shapes}.")
        valid, gain = renormalisation(parts, self.kernel, self.stride)
        summed = self._summed(parts)
        result = summed * gain.to(summed.dtype)
        if self.bias is not None:
            result = result + self.bias.to(result.dtype).view(1, -1, 1, 1) * valid.to(result.dtype)
        return result, valid

    def _summed(self, parts: Sequence[Masked]) -> torch.Tensor:
        """W·(x ⊙ m), part by part: joining them first would copy every feature, forward and backward."""
        widths = [features.shape[1] for features, _ in parts]
        weights = torch.split(self.conv.weight, widths, dim=1) if len(widths) > 1 else (self.conv.weight,)
        sums = [
            F.conv2d(features.masked_fill(mask <= 0, 0), weight, None, self.stride, self.kernel // 2)
            for (features, mask), weight in zip(parts, weights, strict=True)
        ]
        return functools.reduce(torch.add, sums)


@torch.no_grad()
def renormalisation(parts: Sequence[Masked], kernel: int, stride: int) -> Masked:
    """The mask after a partial convolution and what its sum is multiplied by, 0 where nothing is known: `N×1×H'×W'`.

    Counted in float32 or the features' wider type, for low precisions cannot count so far.
    """
    total = sum(features.shape[1] for features, _ in parts)
    dtype = torch.promote_types(parts[0][0].dtype, torch.float32)
    share = sum(
        (mask > 0).to(dtype).mean(dim=1, keepdim=True) * (features.shape[1] / total) for features, mask in parts
    )
    assert isinstance(share, torch.Tensor)
    covered = F.avg_pool2d(share, kernel, stride, kernel // 2)  # what lies beyond the border counts as 0
    valid = (covered > 0).to(dtype)
    return valid, torch.where(covered > 0, 1 / covered, 0)


class PartialBlock(nn.Module):
    """A partial convolution, its normalisation (none for the published first layer) and its activation."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        slope: float,
        normed: bool = True,
    ) -> None:
        super().__init__()
        self.partial = PartialConv2d(channels_in, channels_out, kernel, stride=stride, bias=not normed)
        self.norm = nn.BatchNorm2d(channels_out) if normed else nn.Identity()
        self.activation = nn.LeakyReLU(slope, inplace=True)

    def forward(self, parts: Sequence[Masked]) -> Masked:
        features, mask = self.partial(parts)
        return self.activation(self.norm(features)), mask


class PartialChain(nn.Sequential):
    """Blocks one after the other: the first takes several parts, the others what the one before gave."""

    def forward(self, parts: Sequence[Masked]) -> Masked:
        result, *others = parts
        for number, block in enumerate(self):
            result = block([result, *others] if number == 0 else [result])
        return result


def enlarged(part: Masked) -> Masked:
    """Features and mask of twice the size, each value four times."""
    features, mask = part
    return tuple(F.interpolate(each, scale_factor=2.0, mode="nearest") for each in (features, mask))  # type: ignore[return-value]
