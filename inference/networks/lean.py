"""Networks made leaner for use: what training needs and inference does not is folded away."""

import sys
from itertools import pairwise
from typing import cast

import torch
from torch import nn

from inference.networks.inplace import NO_ACTIVATION, InPlaceNorm

_IN_ORDER = {
    "torch.nn.modules.container": ("Sequential",),
    "segmentation_models_pytorch.encoders.resnet": ("ResNetEncoder",),
    "torchvision.models.resnet": ("BasicBlock", "Bottleneck"),
}
"""Modules that apply a convolution and the normalisation registered next to it one right after the other, by home."""


def fold_norms(network: nn.Module) -> None:
    """Fold every normalisation that directly follows a convolution into that convolution, in place.

    In evaluation both are affine, so one convolution with other weights does for two (Jacob et al. 2018, section 3.2).
    What a normalisation did besides, its activation, stays. Modules of a kind not known to run in the order of
    registration are left as they are. The state dict is another one afterwards: load weights first, and train no more.
    """
    in_order = _loaded_in_order()
    for parent in network.modules():
        if not isinstance(parent, in_order):
            continue
        children = list(parent.named_children())
        for (_, conv), (name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, (nn.BatchNorm2d, InPlaceNorm)):
                _fold(conv, norm)
                setattr(parent, name, _activation(norm))


def _loaded_in_order() -> tuple[type[nn.Module], ...]:
    """Those whose home is loaded: of the others no network can hold any, and loading them here would take seconds."""
    homes = ((sys.modules[home], names) for home, names in _IN_ORDER.items() if home in sys.modules)
    return tuple(getattr(home, name) for home, names in homes for name in names)


@torch.no_grad()
def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d | InPlaceNorm) -> None:
    gain = norm.weight.abs() + norm.eps if isinstance(norm, InPlaceNorm) else norm.weight
    scale = gain * torch.rsqrt(cast(torch.Tensor, norm.running_var) + norm.eps)
    before = conv.bias if conv.bias is not None else torch.zeros_like(norm.bias)
    conv.weight.mul_(scale.view(-1, 1, 1, 1))
    conv.bias = nn.Parameter((before - cast(torch.Tensor, norm.running_mean)) * scale + norm.bias)


def _activation(norm: nn.BatchNorm2d | InPlaceNorm) -> nn.Module:
    if isinstance(norm, InPlaceNorm) and norm.slope != NO_ACTIVATION:
        return nn.LeakyReLU(norm.slope, inplace=True)
    return nn.Identity()
