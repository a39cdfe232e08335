"""The inpainter's networks as they are used: the same answers in the holes as in training, several times faster.

Norms are folded into the partial convolutions; once nothing is unknown any more, a partial convolution is an ordinary
one with its border put right; and what only holes need is computed in holes only.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from inference.networks.inpainter import (
    BATCH_NORMS,
    DECODER_SLOPE,
    FoldedInpainter,
    InpainterNetwork,
    PublishedInpainter,
    mixed,
)  # fmt: skip
from inference.networks.padding import beyond
from inference.networks.partial import PartialBlock, PartialChain, PartialConv2d, enlarged, renormalisation
from inference.networks.rays import first_known, read_rays
from inference.networks.smooth import smooth_fill

Part = tuple[torch.Tensor, torch.Tensor | None]
"""Features, and their mask `N×1×H×W` or `N×C×H×W`, 1 = known; None where everything is known. What is unknown is 0."""


def filling(network: InpainterNetwork, dtype: torch.dtype) -> "Filling":
    """The network in the form in which it is used, computing in `dtype`. Train no more; its weights are copied."""
    return (FoldedFilling if isinstance(network, FoldedInpainter) else PublishedFilling)(network, dtype)


class Filling(nn.Module, ABC):
    """Takes what InpainterNetwork takes, and returns the photo with its holes filled: `float N×3×H×W`.

    Where the photo is known the result is the photo, not the network's picture of it.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, network: InpainterNetwork, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype, self.multiple = dtype, network.multiple
        self.register_buffer("mean", network.mean)
        self.register_buffer("deviation", network.deviation)
        self.levels = nn.ModuleList(_chain(level, dtype) for level in network.encoder.levels)
        self.stages = nn.ModuleList(_chain(stage, dtype) for stage in network.decoder.stages)

    @torch.inference_mode()
    def forward(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        height, width = photos.shape[-2:]
        added = beyond(height, width, self.multiple)
        known = F.pad(valid, added)
        normalised = F.pad(((photos - self.mean) / self.deviation).masked_fill(valid <= 0, 0), added)
        filled = self._fill(normalised.contiguous(), known)[..., :height, :width]
        return torch.where(valid > 0, photos, filled * self.deviation + self.mean)

    @abstractmethod
    def _fill(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """As forward, of normalised photos whose sides are multiples of `multiple`."""

    def _features(self, parts: Sequence[Part], beside: Sequence[Part] = ()) -> Part:
        """What the decoder makes of what the encoder reached, at half resolution."""
        reached: list[Part] = []
        for level in self.levels:
            reached.append(level(reached[-1:] or parts))
        below = reached[-1]
        for number, (stage, skip) in enumerate(zip(self.stages, reached[-2::-1], strict=True), 1):
            below = stage([_enlarged(below), skip, *(beside if number == len(self.stages) else ())])
        return below


class PublishedFilling(Filling):
    """The published network in use."""

    def __init__(self, network: InpainterNetwork, dtype: torch.dtype) -> None:
        assert isinstance(network, PublishedInpainter)
        super().__init__(network, dtype)
        self.last = UsedBlock(network.last, None, 1.0, dtype)

    def _fill(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        seen = photos.to(self.dtype, memory_format=torch.channels_last), valid
        picture: torch.Tensor = self.last([_enlarged(self._features([seen])), seen])[0]
        return picture.to(photos.dtype)


class FoldedFilling(Filling):
    """The light network in use."""

    def __init__(self, network: InpainterNetwork, dtype: torch.dtype) -> None:
        assert isinstance(network, FoldedInpainter)
        super().__init__(network, dtype)
        width = network.unfold.out_channels // 4
        self.unfold = _UsedConv(network.unfold.weight, network.unfold.bias, dtype)
        self.coarse = _UsedConv(network.fine.weight[:, :width], network.fine.bias, dtype)
        self.seen = _UsedConv(network.fine.weight[:, width:], None, dtype)
        self.last = _UsedConv(network.last.weight, network.last.bias, dtype)

    def _fill(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        base = smooth_fill(photos, valid)
        holes = torch.nonzero(valid[:, 0].flatten() <= 0)[:, 0]
        values, closeness = read_rays(photos, first_known(valid), holes)
        start = _at(base, holes)
        off = torch.where(closeness[:, :, None] > 0, values - start[:, None], 0)
        seen = torch.cat([base, valid, _spread(off.mean(2), holes, valid, 0), _spread(closeness, holes, valid, 1)], 1)
        answer = self._answer(photos, valid, seen.to(self.dtype, memory_format=torch.channels_last))
        filled = base.permute(0, 2, 3, 1).reshape(-1, 3).clone()
        filled[holes] = mixed(start, _at(answer, holes).to(photos.dtype), off, closeness)
        return filled.view(len(photos), *photos.shape[2:], 3).permute(0, 3, 1, 2)

    def _answer(self, photos: torch.Tensor, valid: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        colours = folded(photos.to(self.dtype)), folded(valid.expand(-1, 3, -1, -1))
        features, _ = self._features([colours], [(folded(seen), None)])
        coarse = unfolded(F.leaky_relu_(self.unfold(features), DECODER_SLOPE))
        fine = F.leaky_relu_(self.coarse(coarse).add_(self.seen(seen)), DECODER_SLOPE)
        answer: torch.Tensor = self.last(fine)
        return answer


class UsedBlock(nn.Module):
    """A partial convolution with its normalisation folded in, and its activation. Takes and gives Parts."""

    bias: torch.Tensor

    def __init__(self, partial: PartialConv2d, norm: nn.Module | None, slope: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.kernel, self.stride, self.slope = partial.kernel, partial.stride, slope
        weight = partial.conv.weight.detach()
        bias = torch.zeros(len(weight)) if partial.bias is None else partial.bias.detach()
        self.normed = isinstance(norm, BATCH_NORMS)
        if isinstance(norm, BATCH_NORMS):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            scale = norm.weight.detach() * torch.rsqrt(norm.running_var + norm.eps)
            weight, bias = weight * scale.view(-1, 1, 1, 1), norm.bias.detach() + (bias - norm.running_mean) * scale
        self.register_buffer("weight", weight.to(dtype, memory_format=torch.channels_last, copy=True))
        self.register_buffer("bias", bias.to(dtype, copy=True).view(1, -1, 1, 1))

    def forward(self, parts: Sequence[Part]) -> Part:
        whole = all(mask is None for _, mask in parts)
        weights = torch.split(self.get_buffer("weight"), [features.shape[1] for features, _ in parts], dim=1)
        result: torch.Tensor | None = None
        for (features, mask), weight in zip(parts, weights, strict=True):
            seen = features if mask is None else features * mask.to(features.dtype)
            own_bias = self.bias.flatten() if whole and result is None else None
            summed = F.conv2d(seen, weight, own_bias, self.stride, self.kernel // 2)
            result = summed if result is None else result.add_(summed)
        assert result is not None
        valid = None
        if whole:
            self._right_the_border(result, parts[0][0].shape[-2:])
        else:
            masks = [(each, torch.ones_like(each[:, :1]) if mask is None else mask) for each, mask in parts]
            valid, gain = renormalisation(masks, self.kernel, self.stride)
            result = torch.addcmul(self.bias, result, gain.to(result.dtype))
            if not self.normed:  # a normalisation moves zeros, and what is unknown is masked by the next anyway
                result.mul_(valid.to(result.dtype))
            valid = None if bool(valid.all()) else valid
        return F.leaky_relu_(result, self.slope), valid

    def _right_the_border(self, result: torch.Tensor, size: Sequence[int]) -> None:
        """Beyond the border everything is unknown: renormalise there, in place."""
        reach = self.kernel // 2
        for axis, length in zip((2, 3), size, strict=True):
            for place in range(result.shape[axis]):
                centre = place * self.stride
                inside = min(centre + reach, length - 1) - max(centre - reach, 0) + 1
                if inside < self.kernel:
                    result.narrow(axis, place, 1).sub_(self.bias).mul_(self.kernel / inside).add_(self.bias)


class _UsedConv(nn.Module):
    """A convolution with same padding in a given precision."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype) -> None:
        super().__init__()
        copied = weight.detach().to(dtype, copy=True).contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", copied)
        self.register_buffer("bias", None if bias is None else bias.detach().to(dtype, copy=True))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        weight = self.get_buffer("weight")
        return F.conv2d(features, weight, self._buffers["bias"], padding=weight.shape[-1] // 2)


class _UsedChain(nn.Sequential):
    def forward(self, parts: Sequence[Part]) -> Part:
        for block in self:
            parts = [block(parts)]
        return parts[0]


def _chain(chain: nn.Module, dtype: torch.dtype) -> _UsedChain:
    assert isinstance(chain, PartialChain)
    blocks = [block for block in chain if isinstance(block, PartialBlock)]
    return _UsedChain(*(UsedBlock(each.partial, each.norm, each.activation.negative_slope, dtype) for each in blocks))


def _enlarged(part: Part) -> Part:
    features, mask = part
    if mask is None:
        return F.interpolate(features, scale_factor=2.0, mode="nearest"), None
    return enlarged((features, mask))


def folded(pictures: torch.Tensor) -> torch.Tensor:
    """As `F.pixel_unshuffle` by 2, in one copy, with channels last."""
    count, channels, height, width = pictures.shape
    cut = pictures.reshape(count, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return cut.reshape(count, height // 2, width // 2, 4 * channels).permute(0, 3, 1, 2)


def unfolded(features: torch.Tensor) -> torch.Tensor:
    """As `F.pixel_shuffle` by 2, in one copy, with channels last."""
    count, channels, height, width = features.shape
    cut = features.permute(0, 2, 3, 1).reshape(count, height, width, channels // 4, 2, 2).permute(0, 1, 4, 2, 5, 3)
    return cut.reshape(count, 2 * height, 2 * width, channels // 4).permute(0, 3, 1, 2)


def _at(pictures: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Values `P×C` of `N×C×H×W` at places counted over N, H and W."""
    return pictures.permute(0, 2, 3, 1).reshape(-1, pictures.shape[1])[places]


def _spread(values: torch.Tensor, places: torch.Tensor, valid: torch.Tensor, elsewhere: float) -> torch.Tensor:
    """`P×C` put at their places of `N×C×H×W`, which is one value elsewhere."""
    count, _, height, width = valid.shape
    whole = values.new_full((count * height * width, values.shape[1]), elsewhere)
    whole[places] = values
    return whole.view(count, height, width, -1).permute(0, 3, 1, 2)
