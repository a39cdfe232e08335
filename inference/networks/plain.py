"""A narrow encoder of our own that keeps the first level at full resolution."""

from collections.abc import Sequence

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.encoders._base import EncoderMixin
from torch import nn

PLAIN_CHANNELS = (16, 32, 64, 128, 192)


def _level(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels, step in ((channels_in, stride), (channels_out, 1)):
        layers += [
            nn.Conv2d(channels, channels_out, kernel_size=3, stride=step, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class PlainEncoder(nn.Module, EncoderMixin):  # type: ignore[misc]
    """Five levels of two 3×3 convolutions; level 1 has stride 1, every later one halves the resolution.

    Takes `float N×3×H×W`, returns the input and one feature map per level: H, H, H/2, H/4, H/8, H/16.
    """

    def __init__(self, depth: int = 5, output_stride: int = 32, channels: Sequence[int] = PLAIN_CHANNELS) -> None:
        super().__init__()
        self._depth = depth
        self._in_channels = 3
        self._output_stride = output_stride
        self._out_channels = [3, *channels]
        widths = [3, *channels[:depth]]
        self.levels = nn.ModuleList(
            _level(widths[level], widths[level + 1], stride=1 if level == 0 else 2) for level in range(depth)
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        features = [x]
        for level in self.levels:
            features.append(level(features[-1]))
        return features


def register() -> None:
    """Make the encoder known to segmentation-models-pytorch as `plain`. Calling it again changes nothing."""
    smp.encoders.encoders["plain"] = {
        "encoder": PlainEncoder,
        "pretrained_settings": {},
        "params": {"channels": PLAIN_CHANNELS},
    }
