"""Stem surgery: resolution, weights and refusals."""

import copy

import pytest
import segmentation_models_pytorch as smp
import torch
from torch import nn

from inference.errors import CheckpointError, InferenceError
from inference.networks.detector import ALBUNET18, DetectorArchitecture, Norm, build_detector
from inference.networks.stem import open_stem, resampled

NARROW = (8, 8, 8, 8, 8)


def test_a_kernel_of_three_stays_and_a_larger_one_keeps_its_response_to_a_constant() -> None:
    torch.manual_seed(0)
    three, seven = torch.randn(4, 3, 3, 3), torch.randn(4, 3, 7, 7)
    torch.testing.assert_close(resampled(three), three)
    torch.testing.assert_close(resampled(seven).sum((2, 3)), seven.sum((2, 3)))


def test_an_edge_filter_keeps_its_direction_and_ignores_brightness() -> None:
    edge = torch.linspace(-1, 1, 7).expand(1, 1, 7, 7)
    kernel = resampled(edge)
    assert kernel.sum().abs() < 1e-6
    torch.testing.assert_close(kernel, -kernel.flip(3))
    torch.testing.assert_close(kernel, kernel.flip(2))
    assert (kernel.diff(dim=3) > 0).all()


@pytest.mark.parametrize(
    ("encoder", "sides"),
    [
        ("resnet18", [64, 64, 64, 32, 16, 8]),
        ("se_resnet50", [64, 64, 64, 32, 16, 8]),
        ("tu-resnet18d", [64, 64, 64, 32, 16, 8]),
        ("efficientnet-b0", [64, 64, 32, 16, 8, 4]),
        ("mobilenet_v2", [64, 64, 32, 16, 8, 4]),
        ("tu-mobilenetv3_small_050", [64, 64, 32, 16, 8, 4]),
    ],
)
def test_levels_keep_the_full_resolution(encoder: str, sides: list[int]) -> None:
    network = build_detector(DetectorArchitecture(encoder, 5, NARROW, stem="full")).eval()
    assert network.multiple == 64 // sides[-1]
    with torch.no_grad():
        levels = network.get_submodule("unet.encoder")(torch.rand(1, 3, 64, 64))
        assert [level.shape[-1] for level in levels] == sides
        assert network(torch.rand(1, 3, 41, 70)).shape == (1, 1, 41, 70)


@pytest.mark.parametrize(
    ("encoder", "norm"),
    [("efficientnet-b0", "batch"), ("efficientnet-b0", "inplace"), ("timm-tf_efficientnet_lite0", "batch")],
)
def test_every_weight_that_learns_is_used(encoder: str, norm: Norm) -> None:
    """Processes that train together wait for the gradient of each."""
    network = build_detector(DetectorArchitecture(encoder, 5, NARROW, stem="full", norm=norm))
    network(torch.rand(2, 3, 32, 32)).square().sum().backward()
    learns = {name: weights for name, weights in network.named_parameters() if weights.requires_grad}
    assert [name for name, weights in learns.items() if weights.grad is None] == []


def test_a_resnext_of_three_levels_keeps_the_full_resolution() -> None:
    network = build_detector(DetectorArchitecture("resnext50_32x4d", 3, (8, 8, 8), stem="full")).eval()
    assert network.multiple == 2
    with torch.no_grad():
        assert network(torch.rand(1, 3, 17, 33)).shape == (1, 1, 17, 33)


@pytest.mark.parametrize("encoder", ["resnet18", "efficientnet-b0"])
def test_all_weights_but_the_first_convolution_stay(encoder: str) -> None:
    unet = smp.Unet(encoder, encoder_weights=None)
    before = {key: value.clone() for key, value in unet.state_dict().items()}
    open_stem(unet, encoder)
    after = unet.state_dict()
    first = next(iter(before))
    assert list(after) == list(before)
    torch.testing.assert_close(after.pop(first), resampled(before.pop(first)))
    for key, value in after.items():
        assert torch.equal(value, before[key]), key


def test_a_decoder_scales_only_what_differs() -> None:
    unet = smp.Unet("resnet18", encoder_weights=None, decoder_channels=NARROW).eval()
    library = copy.deepcopy(unet.decoder)
    open_stem(unet, "resnet18")
    with torch.no_grad():
        levels = unet.encoder(torch.rand(1, 3, 32, 32))
        torch.testing.assert_close(unet.decoder(levels), library(levels))


@pytest.mark.parametrize("encoder", ["plain", "vgg11", "densenet121", "mit_b0", "xception"])
def test_an_encoder_without_such_a_stem_is_refused_at_once(encoder: str) -> None:
    with pytest.raises(InferenceError, match=rf"'{encoder}' cannot have a full-resolution stem.*'resnet18'"):
        DetectorArchitecture(encoder, stem="full")


def test_a_timm_encoder_without_such_a_stem_is_refused_when_it_is_built() -> None:
    with pytest.raises(InferenceError, match="'tu-regnety_002' cannot have a full-resolution stem"):
        build_detector(DetectorArchitecture("tu-regnety_002", 5, NARROW, stem="full"))


def test_albunet18_is_the_published_network() -> None:
    network = build_detector(ALBUNET18)
    first = network.get_submodule("unet.encoder.conv1")
    assert isinstance(first, nn.Conv2d)
    assert (first.kernel_size, first.stride, first.padding) == ((3, 3), (1, 1), (1, 1))
    assert isinstance(network.get_submodule("unet.encoder.maxpool"), nn.Identity)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_checkpoints_of_before_these_fields_stay_what_they_were() -> None:
    before = DetectorArchitecture.from_dict({"encoder": "resnet18", "encoder_depth": 5, "decoder_channels": [*NARROW]})
    assert before == DetectorArchitecture("resnet18", 5, NARROW, stem="encoder", norm="batch")
    assert DetectorArchitecture.from_dict(ALBUNET18.to_dict()) == ALBUNET18


@pytest.mark.parametrize("wrong", [{"stem": "half"}, {"norm": "group"}])
def test_unknown_stems_and_norms_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(CheckpointError, match=r"'full'.*'inplace'"):
        DetectorArchitecture.from_dict(wrong)
