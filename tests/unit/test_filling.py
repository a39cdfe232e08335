"""The networks as they are used give what the networks in training give, where it is asked for."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from inference.networks.filling import filling, folded, unfolded
from inference.networks.inpainter import InpainterArchitecture
from tests.unit.test_inpainter_network import FORMS, LIGHT, network_of


def holes(kind: str, height: int, width: int) -> torch.Tensor:
    """Masks after which all is known at once, late, or never."""
    valid = torch.ones(2, 1, height, width, dtype=torch.float64)
    if kind == "thin":
        valid[..., 7, :] = 0
    elif kind == "wide":
        valid[..., 4:26, 9:] = 0
    elif kind == "unlike":
        valid[0, :, 10:14] = 0
        valid[1, :, :, 3:30] = 0
    else:
        valid[:] = 0
        valid[..., :2, :2] = 1
    return valid


@pytest.mark.parametrize("architecture", FORMS)
@pytest.mark.parametrize("kind", ["thin", "wide", "unlike", "nearly all"])
@pytest.mark.parametrize("size", [(32, 40), (29, 43)])
def test_equals_the_network_in_training_in_the_holes(
    architecture: InpainterArchitecture, kind: str, size: tuple[int, int]
) -> None:
    network, valid = network_of(architecture), holes(kind, *size)
    photos = torch.rand(2, 3, *size, dtype=torch.float64)
    found = filling(network, torch.float64)(photos, valid)
    known = (valid > 0).expand_as(photos)
    assert torch.equal(found[known], photos[known])
    torch.testing.assert_close(found[~known], network(photos, valid)[~known], rtol=0, atol=1e-9)


@pytest.mark.parametrize("architecture", FORMS)
def test_values_in_holes_never_matter(architecture: InpainterArchitecture) -> None:
    used, valid = filling(network_of(architecture), torch.float64), holes("wide", 32, 40)
    photos = torch.rand(2, 3, 32, 40, dtype=torch.float64)
    assert torch.equal(used(torch.where(valid > 0, photos, torch.nan), valid), used(photos, valid))


@pytest.mark.parametrize("architecture", FORMS)
def test_norms_that_several_processes_share_count_too(architecture: InpainterArchitecture) -> None:
    """Validation in a training on several GPUs sees such a network."""
    network, valid = network_of(architecture), holes("wide", 32, 40)
    photos = torch.rand(2, 3, 32, 40, dtype=torch.float64)
    alone = filling(network, torch.float64)(photos, valid)
    shared = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    assert torch.equal(filling(shared, torch.float64)(photos, valid), alone)


def test_low_precision_stays_near() -> None:
    """50 dB: in bfloat16 the features are rounded, the smooth start and the ends of rays are not."""
    torch.manual_seed(1)
    network = network_of(LIGHT).float()
    photos, valid = (
        F.interpolate(torch.rand(2, 3, 4, 5), size=(32, 40), mode="bilinear"),
        holes("unlike", 32, 40).float(),
    )
    with torch.no_grad():
        for parameter in network.last.parameters():  # type: ignore[union-attr]
            parameter.mul_(0.3)
        exact = network(photos, valid)
    found = filling(network, torch.bfloat16)(photos, valid)
    hole = (valid == 0).expand_as(photos)
    assert 10 * torch.log10(1 / (found - exact)[hole].square().mean()) > 50


def test_folding_is_pixel_shuffling() -> None:
    pictures = torch.rand(2, 3, 6, 8)
    assert torch.equal(folded(pictures), F.pixel_unshuffle(pictures, 2))
    assert torch.equal(unfolded(folded(pictures)), pictures)
    assert folded(pictures).is_contiguous(memory_format=torch.channels_last)
