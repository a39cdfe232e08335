"""The inpainter's network: published and light, any size, holes that never matter."""

from dataclasses import replace

import pytest
import torch

from inference.errors import CheckpointError, InferenceError
from inference.networks.inpainter import LIU2018, InpainterArchitecture, InpainterNetwork, build_inpainter
from inference.shipped import shipped_path

LIGHT = InpainterArchitecture(channels=(6, 8, 10), kernels=(3, 3, 3), decoder_channels=(8, 6), fine=8)
PUBLISHED = InpainterArchitecture(
    form="published", channels=(6, 8, 10), kernels=(7, 5, 3), decoder_channels=(8, 6), convolutions=1
)
FORMS = [pytest.param(LIGHT, id="light"), pytest.param(PUBLISHED, id="published")]


def network_of(architecture: InpainterArchitecture) -> InpainterNetwork:
    """With weights that do something everywhere, in float64."""
    torch.manual_seed(0)
    network = build_inpainter(architecture).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        for norm in network.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                assert norm.running_mean is not None
                norm.running_mean.normal_()
    return network.eval()


def holed(height: int, width: int) -> torch.Tensor:
    valid = torch.ones(1, 1, height, width, dtype=torch.float64)
    valid[..., height // 4 : height // 2, 3 : width - 3] = 0
    return valid


@pytest.mark.parametrize("architecture", FORMS)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (33, 50)])
def test_any_size_comes_out_as_it_went_in(architecture: InpainterArchitecture, height: int, width: int) -> None:
    photos = torch.rand(1, 3, height, width, dtype=torch.float64)
    found = network_of(architecture)(photos, holed(height, width))
    assert found.shape == photos.shape
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("architecture", FORMS)
@pytest.mark.parametrize("poison", [float("nan"), 1e30])
def test_values_in_holes_never_matter(architecture: InpainterArchitecture, poison: float) -> None:
    network, valid = network_of(architecture), holed(33, 50)
    photos = torch.rand(1, 3, 33, 50, dtype=torch.float64)
    poisoned = torch.where(valid > 0, photos, poison)
    assert torch.equal(network(poisoned, valid), network(photos, valid))


@pytest.mark.parametrize("architecture", FORMS)
def test_what_is_known_does_matter(architecture: InpainterArchitecture) -> None:
    network, valid = network_of(architecture), holed(33, 50)
    photos = torch.rand(1, 3, 33, 50, dtype=torch.float64)
    other = photos.clone()
    other[..., 2, 20] += 0.5  # above the hole
    hole = (valid == 0).expand_as(photos)
    assert not torch.equal(network(photos, valid)[hole], network(other, valid)[hole])


def test_a_fresh_light_network_starts_from_the_smooth_fill_and_the_rays() -> None:
    """Nothing learned is near a smooth fill already: where all is one colour, it is that colour."""
    network = build_inpainter(LIGHT).eval()
    photos = torch.full((1, 3, 40, 40), 0.3)
    torch.testing.assert_close(network(photos, holed(40, 40).float()), photos, rtol=0, atol=1e-6)


def test_the_published_network_has_the_published_layers() -> None:
    """Kernels, channels and order of the table in the paper's appendix, PConv1 to PConv16."""
    network = build_inpainter(LIU2018)
    layers = [
        (module.kernel, module.channels_in, module.conv.out_channels, module.stride)
        for module in network.modules()
        if type(module).__name__ == "PartialConv2d"
    ]
    assert layers[:8] == [
        (7, 3, 64, 2), (5, 64, 128, 2), (5, 128, 256, 2), (3, 256, 512, 2),
        (3, 512, 512, 2), (3, 512, 512, 2), (3, 512, 512, 2), (3, 512, 512, 2),
    ]  # fmt: skip
    assert layers[8:] == [
        (3, 1024, 512, 1), (3, 1024, 512, 1), (3, 1024, 512, 1), (3, 1024, 512, 1),
        (3, 512 + 256, 256, 1), (3, 256 + 128, 128, 1), (3, 128 + 64, 64, 1), (3, 64 + 3, 3, 1),
    ]  # fmt: skip
    assert len(network.encoder_norms()) == 7  # all but the first layer


def test_the_default_fits_beside_the_other_models_that_ship() -> None:
    """All together have less than 25 MB, in half precision."""
    count = sum(parameter.numel() for parameter in build_inpainter(InpainterArchitecture()).parameters())
    others = sum(shipped_path(kind).stat().st_size for kind in ("detector", "colorizer"))
    assert 2 * count + others < 25e6


def test_encoder_norms_are_those_of_the_encoder_alone() -> None:
    network = build_inpainter(LIGHT)
    norms = network.encoder_norms()
    assert len(norms) == 2 * len(LIGHT.channels)
    decoder = {id(module) for module in network.decoder.modules()}  # type: ignore[operator, union-attr]
    assert not any(id(norm) in decoder for norm in norms)
    torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    assert len(network.encoder_norms()) == len(norms), "those of several GPUs are frozen as well"


def test_the_description_comes_back() -> None:
    assert InpainterArchitecture.from_dict(LIU2018.to_dict()) == LIU2018
    with pytest.raises(CheckpointError, match="cannot be built"):
        InpainterArchitecture.from_dict({"kernels": [4]})
    with pytest.raises(CheckpointError, match="cannot be built"):
        InpainterArchitecture.from_dict({"depth": 4})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"form": "round"}, "form is one of"),
        ({"channels": (8,)}, "2 to 9 levels"),
        ({"kernels": (3, 3)}, "2 to 9 levels"),
        ({"decoder_channels": (8, 8, 8)}, "2 to 9 levels"),
        ({"kernels": (3, 4, 3)}, "odd"),
        ({"fine": 0}, "1 or more"),
        ({"convolutions": 3}, "1 or 2 convolutions"),
    ],
)
def test_impossible_architectures_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        replace(LIGHT, **change)  # type: ignore[arg-type]


def test_refuses_other_shapes() -> None:
    with pytest.raises(InferenceError, match="takes N×3×H×W and N×1×H×W"):
        build_inpainter(LIGHT)(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16))
