"""In-place normalisation in whole networks: the same results as batch normalisation, the same gradients."""

import copy

import pytest
import torch
from torch import nn

from inference.errors import InferenceError
from inference.networks import inplace
from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector
from inference.networks.inplace import SLOPE, InPlaceNorm

ENCODERS = ["plain", "resnet18", "resnet50", "se_resnet50", "efficientnet-b0", "mobilenet_v2"]
NARROW = (16, 8, 8, 8, 8)


@pytest.fixture(autouse=True)
def _native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inplace, "extension", lambda: None)


def trained(network: nn.Module) -> None:
    """Weights of both signs, none below eps, and statistics as if the network had been trained."""
    generator = torch.Generator().manual_seed(3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, -1, 1, generator=generator)
            module.weight.data.add_(module.weight.sign(), alpha=0.1)
            nn.init.normal_(module.bias, generator=generator)
            module.get_buffer("running_mean").normal_(generator=generator)
            module.get_buffer("running_var").uniform_(0.5, 2, generator=generator)


def both(encoder: str, monkeypatch: pytest.MonkeyPatch) -> tuple[DetectorNetwork, DetectorNetwork]:
    """A network with batch normalisation, and what becomes of it in place; float64."""
    from inference.networks import activated

    made: list[nn.Module] = []
    convert = activated.activate_in_place

    def keep(unet: nn.Module) -> None:
        trained(unet.double())
        made.append(copy.deepcopy(unet))
        convert(unet)

    monkeypatch.setattr(activated, "activate_in_place", keep)
    in_place = build_detector(DetectorArchitecture(encoder, 5, NARROW, norm="inplace"))
    return DetectorNetwork(made[0], in_place.multiple).double(), in_place.double()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_without_a_slope_results_are_those_of_batch_normalisation(
    encoder: str, training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, in_place = (network.train(training) for network in both(encoder, monkeypatch))
    assert list(batch.state_dict()) == list(in_place.state_dict())
    layers = [module for module in in_place.modules() if isinstance(module, InPlaceNorm)]
    assert len(layers) == sum(isinstance(module, nn.BatchNorm2d) for module in batch.modules())
    for layer in layers:
        layer.slope = 1e-12 if layer.slope == SLOPE else layer.slope  # a leaky ReLU that is a ReLU
    photos = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    torch.manual_seed(0)  # EfficientNet drops blocks at random
    expected = batch(photos)
    torch.manual_seed(0)
    torch.testing.assert_close(in_place(photos), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_gradients_survive_what_is_overwritten(encoder: str) -> None:
    in_place = build_detector(DetectorArchitecture(encoder, 5, NARROW, norm="inplace")).double()
    apart = copy.deepcopy(in_place)
    for parent in list(apart.modules()):
        for name, child in parent.named_children():
            if isinstance(child, InPlaceNorm):
                setattr(parent, name, _Apart(child))
    photos = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    found, expected = (_gradients(network, photos) for network in (in_place, apart))
    assert len(found) == len(expected)
    largest = max(float(each.abs().max()) for each in expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-10 * largest)


class _Apart(nn.Module):
    """The layer's maths with torch's own parts, on a copy of its input."""

    def __init__(self, layer: InPlaceNorm) -> None:
        super().__init__()
        self.weight, self.bias, self.eps, self.slope = layer.weight, layer.bias, layer.eps, layer.slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.batch_norm(
            x, None, None, self.weight.abs() + self.eps, self.bias, training=True, eps=self.eps
        )
        return nn.functional.leaky_relu(y, self.slope)


def _gradients(network: nn.Module, photos: torch.Tensor) -> list[torch.Tensor]:
    torch.manual_seed(0)
    leaf = photos.clone().requires_grad_()
    network(leaf).square().sum().backward()
    assert leaf.grad is not None
    return [leaf.grad, *(each.grad for each in network.parameters() if each.grad is not None)]


@pytest.mark.parametrize("encoder", ["vgg11_bn", "densenet121", "tu-resnet18", "xception"])
def test_encoders_that_would_break_are_refused(encoder: str) -> None:
    with pytest.raises(InferenceError, match=rf"'{encoder}' cannot have in-place normalisation.*norm to 'batch'"):
        DetectorArchitecture(encoder, norm="inplace")
