"""In-place activated normalisation in a whole U-Net: encoder and decoder."""

import torch
from segmentation_models_pytorch.encoders._senet import Bottleneck as SqueezeBottleneck
from segmentation_models_pytorch.encoders.resnet import ResNetEncoder
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from inference.networks.inplace import NO_ACTIVATION, SLOPE, InPlaceNorm


class _InPlaceBasicBlock(BasicBlock):  # type: ignore[misc]
    """ResNet's block with its activation inside the first normalisation and the sum in a tensor of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        residual = self.bn2(self.conv2(self.bn1(self.conv1(x))))
        return _joined(self, residual, x)


class _InPlaceBottleneck(Bottleneck):  # type: ignore[misc]
    """ResNet's bottleneck, likewise."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        residual = self.bn3(self.conv3(self.bn2(self.conv2(self.bn1(self.conv1(x))))))
        return _joined(self, residual, x)


class _InPlaceSqueezeBottleneck(SqueezeBottleneck):  # type: ignore[misc]
    """SENet's bottlenecks, likewise."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        residual = self.bn3(self.conv3(self.bn2(self.conv2(self.bn1(self.conv1(x))))))
        return _joined(self, self.se_module(residual), x)


def _joined(block: BasicBlock | Bottleneck, residual: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    identity = x if block.downsample is None else block.downsample(x)
    joined: torch.Tensor = block.relu(residual + identity)
    return joined


_BLOCKS: dict[type[nn.Module], tuple[type[nn.Module], tuple[str, ...]]] = {
    BasicBlock: (_InPlaceBasicBlock, ("bn1",)),
    Bottleneck: (_InPlaceBottleneck, ("bn1", "bn2")),
    SqueezeBottleneck: (_InPlaceSqueezeBottleneck, ("bn1", "bn2")),
}
"""For each residual block: what it becomes, and the normalisations in it that a ReLU follows at once."""


def activate_in_place(unet: nn.Module) -> None:
    """Replace every BatchNorm2d of a U-Net by an in-place layer with the same weights.

    Its encoder is one of INPLACE_FAMILIES.
    A ReLU that follows at once becomes part of the layer, as a leaky ReLU. Where a sum or another activation follows
    (before a residual is added, SiLU, ReLU6), the layer has no activation, and what follows is done out of place: the
    result is that of batch normalisation. Keys and shapes of the state dict stay.

    A negative weight, whose sign the layer would lose, is turned positive by negating its channel in the convolution
    before it and its running mean; this is exact. A weight smaller than eps becomes eps.
    """
    for parent in list(unet.modules()):
        _convert(parent)


def _convert(parent: nn.Module) -> None:
    children = list(parent.named_children())
    block, activated = next((entry for kind, entry in _BLOCKS.items() if isinstance(parent, kind)), (None, ()))
    for place in range(1, len(children)):
        (_, conv), (name, norm) = children[place - 1 : place + 1]
        if not (isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)):
            continue
        following, follower = children[place + 1] if place + 1 < len(children) else ("", None)
        at_once = isinstance(parent, (nn.Sequential, ResNetEncoder)) and isinstance(follower, nn.ReLU)
        setattr(parent, name, _in_place(conv, norm, SLOPE if at_once or name in activated else NO_ACTIVATION))
        if at_once:
            setattr(parent, following, nn.Identity())
        elif isinstance(follower, nn.ReLU6):
            follower.inplace = False
    if block is not None:
        parent.__class__ = block


@torch.no_grad()
def _in_place(conv: nn.Conv2d, norm: nn.BatchNorm2d, slope: float) -> InPlaceNorm:
    assert norm.momentum is not None
    layer = InPlaceNorm(norm.num_features, slope=slope, eps=norm.eps, momentum=norm.momentum).to(norm.weight)
    layer.load_state_dict(norm.state_dict())
    negative = norm.weight < 0
    conv.weight[negative] *= -1
    if conv.bias is not None:
        conv.bias[negative] *= -1
    layer.running_mean[negative] *= -1
    layer.weight.copy_((norm.weight.abs() - norm.eps).clamp(min=0))
    return layer
