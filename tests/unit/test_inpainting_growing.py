"""A wider inpainter that starts from a narrower one: it answers alike, and what is new in it learns."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from inference.networks.inpainter import Form, InpainterArchitecture, InpainterNetwork, build_inpainter
from trainer.inpainting.growing import grown, is_wider

NARROW = InpainterArchitecture(channels=(4, 6, 8), kernels=(3, 5, 3), decoder_channels=(7, 5), convolutions=2, fine=3)
WIDE = replace(NARROW, channels=(4, 9, 12), decoder_channels=(9, 8), fine=5)


def pair(form: Form) -> tuple[InpainterNetwork, InpainterNetwork]:
    """A narrow network with weights and statistics at random, and it made wider."""
    before, after = replace(NARROW, form=form), replace(WIDE, form=form)
    torch.manual_seed(3)
    narrow, wide = build_inpainter(before), build_inpainter(after)
    for network in (narrow, wide):
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.running_mean, -0.3, 0.3)
                nn.init.uniform_(part.running_var, 0.5, 2)
                nn.init.uniform_(part.weight, 0.5, 1.5)
        for weight in network.parameters():
            nn.init.normal_(weight, 0, 0.2) if weight.ndim == 1 and not weight.any() else None
    if form == "folded":
        nn.init.normal_(narrow.last.weight, 0, 0.2)  # type: ignore[union-attr,arg-type]
    wide.load_state_dict(grown(wide.state_dict(), narrow.state_dict(), after, before))
    return narrow, wide


@pytest.mark.parametrize("form", ["folded", "published"])
@pytest.mark.parametrize("training", [False, True])
def test_a_wider_network_answers_as_the_one_it_grew_from(form: Form, training: bool) -> None:
    narrow, wide = (network.train(training) for network in pair(form))
    photos, valid = torch.rand(2, 3, 32, 48), torch.ones(2, 1, 32, 48)
    with torch.no_grad():
        answer = narrow(photos, valid)
        assert answer.std() > 0.05
        torch.testing.assert_close(wide(photos, valid), answer, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("form", ["folded", "published"])
def test_what_is_new_in_it_learns(form: Form) -> None:
    _, wide = pair(form)
    valid = (torch.rand(2, 1, 32, 48) > 0.3).float()
    wide(torch.rand(2, 3, 32, 48), valid).square().mean().backward()
    weight = wide.decoder.stages[0][0].partial.conv.weight  # type: ignore[index,union-attr]
    assert (weight[: NARROW.decoder_channels[0], NARROW.channels[-1] : WIDE.channels[-1]] == 0).all()
    assert weight.grad[: NARROW.decoder_channels[0], NARROW.channels[-1] : WIDE.channels[-1]].abs().min() > 0  # type: ignore[index]


def test_wider_is_more_channels_somewhere_and_fewer_nowhere_and_nothing_else() -> None:
    assert is_wider(WIDE, NARROW)
    assert is_wider(replace(NARROW, fine=4), NARROW)
    assert not is_wider(NARROW, NARROW)
    assert not is_wider(NARROW, WIDE)
    assert not is_wider(replace(WIDE, fine=2), NARROW)
    assert not is_wider(replace(WIDE, kernels=(3, 3, 3)), NARROW)
    assert not is_wider(replace(WIDE, form="published"), NARROW)
    assert not is_wider(replace(WIDE, channels=(4, 9), kernels=(3, 5), decoder_channels=(9,)), NARROW)
