"""Folding normalisation into convolutions changes nothing but the time it takes."""

import copy

import pytest
import torch
from torch import nn

from inference.networks.detector import DetectorArchitecture, build_detector
from inference.networks.inplace import InPlaceNorm
from inference.networks.lean import fold_norms


def lived_in(network: nn.Module) -> nn.Module:
    """Norms with weights and statistics of their own, negative weights among them."""
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, InPlaceNorm)):
            nn.init.normal_(module.weight, 0.8, 0.5)
            nn.init.normal_(module.bias, 0, 0.2)
            nn.init.normal_(module.running_mean, 0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


@pytest.mark.parametrize("norm", ["batch", "inplace"])
@pytest.mark.parametrize("encoder", ["folded", "plain", "resnet18-quarter", "resnet50", "mobilenet_v2"])
def test_the_probabilities_stay(encoder: str, norm: str) -> None:
    torch.manual_seed(1)
    decoder = (16, 16, 8, 8, 8)
    network = lived_in(build_detector(DetectorArchitecture(encoder, 5, decoder, norm=norm)))  # type: ignore[arg-type]
    lean = copy.deepcopy(network)
    fold_norms(lean)
    photos = torch.rand(2, 3, 64, 96)
    with torch.inference_mode():
        before, after = torch.sigmoid(network(photos)), torch.sigmoid(lean(photos))
    assert before.std() > 1e-3
    assert (before - after).abs().max() < 1e-5


@pytest.mark.parametrize("norm", ["batch", "inplace"])
@pytest.mark.parametrize("encoder", ["folded", "plain", "resnet18-quarter"])
def test_our_own_networks_keep_no_norm(encoder: str, norm: str) -> None:
    network = build_detector(DetectorArchitecture(encoder, 5, (16, 16, 8, 8, 8), norm=norm))  # type: ignore[arg-type]
    fold_norms(network)
    assert not [module for module in network.modules() if isinstance(module, (nn.BatchNorm2d, InPlaceNorm))]
