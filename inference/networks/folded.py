"""A light U-Net: 2×2 pixels are folded into channels first, so that its wide layers never see full resolution."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import nn

from inference.networks.inplace import SLOPE, InPlaceNorm

Normed = Callable[[int], list[nn.Module]]
"""Makes what follows a convolution of so many channels: its normalisation and its activation."""
FOLDED = "folded"
"""The name of this network among the encoders."""
FOLDED_CHANNELS = (32, 64, 96, 128, 160, 160)
FOLDED_DECODER = (128, 96, 64, 48, 32)
_FINE = 8


def batch_normed(channels: int) -> list[nn.Module]:
    """Batch normalisation and a leaky ReLU."""
    return [nn.BatchNorm2d(channels), nn.LeakyReLU(SLOPE, inplace=True)]


def inplace_normed(channels: int) -> list[nn.Module]:
    """The same maths in place, with the same names in the state dict."""
    return [InPlaceNorm(channels)]


class FoldedTrunk(nn.Module):
    """U-Net whose first level works at half resolution on folded pixels (space-to-depth, Shi et al. 2016, section 2).

    Takes `float N×C×H×W`, H and W multiples of 2 ** levels; returns `channels_out` features at the resolution of the
    level at which the decoder ends: H/2 where it has one block fewer than there are levels, H/4 with two fewer.
    Unlike a stride-2 stem, folding throws no position away; a stride-1 stem keeps it too, at about four times the cost.
    """

    def __init__(
        self, channels_in: int, channels: Sequence[int], decoder: Sequence[int], normed: Normed = batch_normed
    ) -> None:
        super().__init__()
        widths = [4 * channels_in, *channels]
        self.levels = nn.ModuleList(
            nn.Sequential(
                _convolution(widths[level], widths[level + 1], normed, stride=1 if level == 0 else 2),
                _convolution(widths[level + 1], widths[level + 1], normed),
            )
            for level in range(len(channels))
        )
        self.joins = nn.ModuleList()
        below = channels[-1]
        for level, out in zip(range(len(channels) - 2, -1, -1), decoder, strict=False):
            convolutions = [_convolution(below + channels[level], out, normed)]
            if level > 0:  # the finest join costs most: one convolution does
                convolutions.append(_convolution(out, out, normed))
            self.joins.append(nn.Sequential(*convolutions))
            below = out
        self.channels_out = below

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = F.pixel_unshuffle(pictures, 2).contiguous(memory_format=torch.channels_last)
        reached = []
        for level in self.levels:
            features = level(features)
            reached.append(features)
        for join, skip in zip(self.joins, reached[-2::-1], strict=False):
            up = F.interpolate(features, scale_factor=2.0, mode="nearest")
            features = join(torch.cat([up, skip], dim=1))
        return features


class FoldedUNet(nn.Module):
    """The trunk with a shallow branch at full resolution beside it: `float N×3×H×W` to logits `N×1×H×W`."""

    def __init__(
        self,
        channels: Sequence[int] = FOLDED_CHANNELS,
        decoder: Sequence[int] = FOLDED_DECODER,
        normed: Normed = batch_normed,
    ) -> None:
        """`channels` of each level, finest first; `decoder` has one block fewer, deepest first."""
        super().__init__()
        self.trunk = FoldedTrunk(3, channels, decoder, normed)
        self.unfold = nn.Conv2d(self.trunk.channels_out, 4 * _FINE, kernel_size=1)
        self.fine = _convolution(3, _FINE, normed)
        self.head = nn.Sequential(_convolution(2 * _FINE, _FINE, normed), nn.Conv2d(_FINE, 1, kernel_size=3, padding=1))

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        coarse = F.pixel_shuffle(self.unfold(self.trunk(photos)), 2)
        logits: torch.Tensor = self.head(torch.cat([coarse, self.fine(photos)], dim=1))
        return logits


def _convolution(channels_in: int, channels_out: int, normed: Normed, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, *normed(channels_out))
