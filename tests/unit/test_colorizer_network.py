"""The colorizer's network: shapes, bounds, hints, and its architecture as data."""

import pytest
import torch

from inference.errors import CheckpointError, InferenceError
from inference.networks.colorizer import RESNET50, ColorizerArchitecture, build_colorizer
from inference.networks.hinted import hints_at

TINY = ColorizerArchitecture(levels=(8, 8, 16), decoder_channels=(8, 8))


@pytest.mark.parametrize("size", [(16, 16), (37, 70), (1, 90)])
def test_chroma_has_the_size_of_the_luma(size: tuple[int, int]) -> None:
    assert build_colorizer(TINY)(torch.rand(2, 1, *size)).shape == (2, 2, *size)


@pytest.mark.parametrize("level", [0.0, 1.0, 1e4, -1e4])
def test_the_answer_is_bounded_and_a_number_even_for_strange_weights(level: float) -> None:
    network = build_colorizer(TINY).eval()
    with torch.no_grad():
        network.unet.head.weight.mul_(1e6)
    chroma = network(torch.full((1, 1, 40, 40), level) + torch.rand(1, 1, 40, 40))
    assert torch.isfinite(chroma).all()
    assert chroma.abs().max() <= 0.5


def test_an_untrained_network_leaves_photos_nearly_grey() -> None:
    assert build_colorizer(TINY).eval()(torch.rand(1, 1, 64, 64)).abs().mean() < 0.05


def test_hints_change_the_answer_and_none_are_zeros() -> None:
    torch.manual_seed(0)
    network = build_colorizer(TINY).eval()
    luma, hints = torch.rand(1, 1, 32, 32), torch.zeros(1, 3, 32, 32)
    assert torch.equal(network(luma), network(luma, hints))
    hints[:, :, 10:15, 10:15] = torch.tensor([0.3, -0.2, 1.0]).view(1, 3, 1, 1)
    assert not torch.allclose(network(luma), network(luma, hints), atol=1e-4)


def test_what_is_not_luma_or_hints_is_refused() -> None:
    network = build_colorizer(TINY)
    with pytest.raises(InferenceError, match="N×1×H×W"):
        network(torch.rand(1, 3, 32, 32))
    with pytest.raises(InferenceError, match="N×3×H×W"):
        network(torch.rand(1, 1, 32, 32), torch.rand(1, 2, 32, 32))
    without = build_colorizer(ColorizerArchitecture(levels=(8, 8, 8), decoder_channels=(8, 8), hints=False))
    with pytest.raises(InferenceError, match="without hints"):
        without(torch.rand(1, 1, 32, 32), torch.rand(1, 3, 32, 32))


def test_the_default_is_light_and_the_published_one_is_there_by_name() -> None:
    assert sum(weights.numel() for weights in build_colorizer(ColorizerArchitecture()).parameters()) < 4e6
    network = build_colorizer(RESNET50)
    assert 30e6 < sum(weights.numel() for weights in network.parameters()) < 40e6
    assert network.eval()(torch.rand(1, 1, 50, 64)).shape == (1, 2, 50, 64)


@pytest.mark.parametrize("architecture", [TINY, RESNET50, ColorizerArchitecture(hints=False)])
def test_an_architecture_survives_being_written_down(architecture: ColorizerArchitecture) -> None:
    assert ColorizerArchitecture.from_dict(architecture.to_dict()) == architecture


@pytest.mark.parametrize(
    "values",
    [
        {"encoder": "resnet1"},
        {"encoder": "resnet18"},
        {"encoder": "resnet18", "levels": [], "decoder_channels": [8, 8, 8]},
        {"levels": [8, 8]},
        {"levels": [8, 8, 8], "decoder_channels": [8]},
        {"levels": [8, 0, 8], "decoder_channels": [8, 8]},
        {"levels": ["wide"], "decoder_channels": [8]},
        {"depth": 3},
    ],
)
def test_an_impossible_architecture_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="cannot be built"):
        ColorizerArchitecture.from_dict(values)


def test_the_light_network_has_no_pretrained_weights() -> None:
    with pytest.raises(InferenceError, match="no pretrained weights"):
        build_colorizer(TINY, pretrained=True)


def test_an_encoder_by_name_sees_the_luma_alone_and_its_decoder_the_hints() -> None:
    torch.manual_seed(0)
    network = build_colorizer(ColorizerArchitecture("resnet18", (), (8, 8, 8, 8))).eval()
    seen: list[tuple[int, ...]] = []
    network.unet.encoder.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape)))
    luma, hints = torch.rand(1, 1, 64, 96), torch.zeros(1, 3, 64, 96)
    hints[:, :, 10:15, 40:45] = torch.tensor([0.3, -0.2, 1.0]).view(1, 3, 1, 1)
    plain, hinted = network(luma), network(luma, hints)
    assert plain.shape == (1, 2, 64, 96)
    assert set(seen) == {(1, 1, 64, 96)}
    assert not torch.allclose(plain, hinted, atol=1e-5)


def test_hints_keep_their_colour_at_every_level() -> None:
    hints = torch.zeros(1, 3, 32, 32)
    hints[:, :, 3:5, 17] = torch.tensor([0.3, -0.2, 1.0]).view(3, 1)
    small = hints_at(hints, torch.zeros(1, 7, 4, 4))
    assert small.shape == (1, 3, 4, 4)
    assert small[0, :, 0, 2].tolist() == pytest.approx([0.3, -0.2, 1.0], abs=1e-6)
    assert small.abs().sum() == pytest.approx(1.5, abs=1e-5)
    assert torch.equal(hints_at(hints, torch.zeros(1, 5, 32, 32)), hints)


@pytest.mark.parametrize("encoder", ["timm-tf_efficientnet_lite0", "efficientnet-b0"])
def test_every_weight_of_an_efficientnet_that_learns_is_used(encoder: str) -> None:
    """Processes that train together wait for the gradient of each."""
    network = build_colorizer(ColorizerArchitecture(encoder, (), (8, 8, 8, 8)))
    network(torch.rand(2, 1, 64, 64), torch.rand(2, 3, 64, 64)).square().sum().backward()
    learns = {name: weights for name, weights in network.named_parameters() if weights.requires_grad}
    assert [name for name, weights in learns.items() if weights.grad is None] == []
