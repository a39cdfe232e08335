"""Stem surgery: an off-the-shelf encoder that keeps the photo's full resolution in its first level."""

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoderBlock
from segmentation_models_pytorch.encoders.timm_universal import TimmUniversalEncoder
from torch import nn

from inference.networks.encoders import no_full_stem

_STEMS = (
    ("conv1", "maxpool"),  # ResNet, ResNeXt, SKNet; timm's
    ("conv1.0", "maxpool"),  # timm's ResNet-D with three convolutions in its stem
    ("layer0.conv1", "layer0_pool"),  # SE-ResNet, SE-ResNeXt, SENet
    ("_conv_stem", None),  # EfficientNet
    ("conv_stem", None),  # timm's EfficientNet and MobileNet
    ("features.0.0", None),  # MobileNetV2
)
"""Where an encoder keeps its first convolution, and the pooling after it if it has one."""


class _LevelBlock(UnetDecoderBlock):  # type: ignore[misc]
    """A decoder block that scales only where sizes differ; at equal size the library would make a copy."""

    def forward(
        self, feature_map: torch.Tensor, target_height: int, target_width: int,
        skip_connection: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        if feature_map.shape[-2:] != (target_height, target_width):
            scaled: torch.Tensor = super().forward(feature_map, target_height, target_width, skip_connection)
            return scaled
        joined = feature_map if skip_connection is None else torch.cat((feature_map, skip_connection), dim=1)
        convolved: torch.Tensor = self.conv2(self.conv1(joined))
        return convolved


def open_stem(unet: smp.Unet, name: str) -> None:
    """Make the first convolution of a U-Net's encoder 3×3 with stride 1 and remove the pooling after it ("AlbuNet").

    Every level then has twice the resolution, with a pool removed four times; the encoder's `output_stride` says so,
    and the decoder does not scale where levels have become equal. The first convolution's weights are `resampled`; all
    others stay as they are.

    Raises InferenceError naming the encoder when its first convolution does not have stride 2, or is not where these
    families have it.
    """
    encoder = unet.encoder
    network = encoder.model if isinstance(encoder, TimmUniversalEncoder) else encoder
    conv, conv_path, pool_path = _find(network, name)
    network.set_submodule(conv_path, _opened(conv))
    if pool_path:
        network.set_submodule(pool_path, nn.Identity())
    encoder._output_stride = encoder.output_stride // (4 if pool_path else 2)
    for block in unet.decoder.blocks:
        block.__class__ = _LevelBlock


def resampled(kernel: torch.Tensor) -> torch.Tensor:
    """A convolution's kernel `O×I×k×k`, k odd, as `O×I×3×3`, by area: each new tap is the sum of the old taps in its
    ninth of the kernel, those on a border shared out by area.

    So a kernel of 3×3 stays as it is; the response to a constant stays exactly the same (an edge filter, whose sum is
    zero, keeps ignoring brightness, where rescaling a cropped centre would divide by that zero); and what the filter
    looks for, its direction and colours, stays too, at a finer scale.
    """
    size = kernel.shape[-1]
    share = size / 3
    taps = torch.arange(size, dtype=torch.float64)
    starts = share * torch.arange(3, dtype=torch.float64)[:, None]
    overlap = torch.minimum(taps + 1, starts + share) - torch.maximum(taps, starts)
    weights = overlap.clamp(min=0)
    return (weights @ kernel.double() @ weights.T).to(kernel.dtype)


def _find(network: nn.Module, name: str) -> tuple[nn.Conv2d, str, str | None]:
    modules = dict(network.named_modules())
    for conv_path, pool_path in _STEMS:
        conv = modules.get(conv_path)
        pooled = pool_path is None or isinstance(modules.get(pool_path), nn.MaxPool2d)
        if isinstance(conv, nn.Conv2d) and conv.stride == (2, 2) and pooled:
            return conv, conv_path, pool_path
    raise no_full_stem(name)


def _opened(conv: nn.Conv2d) -> nn.Conv2d:
    opened = nn.Conv2d(conv.in_channels, conv.out_channels, kernel_size=3, padding=1, bias=conv.bias is not None)
    with torch.no_grad():
        opened.weight.copy_(resampled(conv.weight))
        if conv.bias is not None and opened.bias is not None:
            opened.bias.copy_(conv.bias)
    return opened
