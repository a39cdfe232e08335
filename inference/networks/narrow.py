"""A quarter of ResNet-18: the same layers with a quarter of the channels, for experiments that a CPU can afford."""

from typing import Any

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.encoders.resnet import ResNetEncoder
from torch import nn
from torchvision.models.resnet import BasicBlock

QUARTER = "resnet18-quarter"
"""Its name for segmentation-models-pytorch and in recipes."""
_CHANNELS = (16, 32, 64, 128)
_BLOCKS = (2, 2, 2, 2)


class NarrowResNetEncoder(ResNetEncoder):  # type: ignore[misc]
    """ResNet-18 (He et al. 2016, table 1) with 16, 32, 64 and 128 channels in place of 64 to 512.

    Takes `float N×3×H×W`, returns the input and one feature map per level: H, H/2, H/4, H/8, H/16, H/32. As it keeps
    the names and the order of ResNet-18's layers, whatever changes a ResNet's stem or norms changes this one alike.
    """

    def __init__(self, depth: int = 5, output_stride: int = 32) -> None:
        with torch.device("meta"):  # the full-sized layers are replaced below; they need no memory and no chance
            super().__init__([3, _CHANNELS[0], *_CHANNELS], depth, output_stride, block=BasicBlock, layers=_BLOCKS)
        self.inplanes = _CHANNELS[0]
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self.inplanes)
        for number, (channels, blocks) in enumerate(zip(_CHANNELS, _BLOCKS, strict=True), start=1):
            layer = self._make_layer(BasicBlock, channels, blocks, stride=1 if number == 1 else 2)
            self.add_module(f"layer{number}", layer)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def register() -> None:
    """Make the encoder known to segmentation-models-pytorch. Calling it again changes nothing."""
    params: dict[str, Any] = {}
    smp.encoders.encoders[QUARTER] = {"encoder": NarrowResNetEncoder, "pretrained_settings": {}, "params": params}
