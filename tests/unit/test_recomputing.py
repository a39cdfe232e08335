"""Activation checkpointing: the same outputs, gradients and statistics, and less kept for backward."""

import copy

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector
from trainer.learning.recomputing import recompute_levels

ARCHITECTURES = {
    "plain": DetectorArchitecture("plain", decoder_channels=(16, 8, 8, 8, 8)),
    "inplace": DetectorArchitecture("resnet18-quarter", 5, (16, 8, 8, 8, 8), stem="full", norm="inplace"),
    "folded": DetectorArchitecture(),
}


def _pair(name: str) -> tuple[DetectorNetwork, DetectorNetwork]:
    torch.manual_seed(3)
    kept = build_detector(ARCHITECTURES[name]).train()
    again = copy.deepcopy(kept)
    recompute_levels(again)
    return kept, again


def _backward(network: nn.Module, photos: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = network(photos)
    logits.square().mean().backward()
    return logits.detach()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_outputs_gradients_and_statistics_are_the_same(name: str) -> None:
    kept, again = _pair(name)
    photos = torch.rand(2, 3, 64, 64)
    for _ in range(2):
        torch.testing.assert_close(_backward(kept, photos), _backward(again, photos), rtol=0, atol=0)
    for (key, one), other in zip(kept.named_parameters(), again.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-7, msg=key)
    assert kept.state_dict().keys() == again.state_dict().keys()
    for key, value in kept.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value, rtol=0, atol=0, msg=key)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_less_is_kept_for_backward(name: str) -> None:
    kept, again = (_kept_bytes(network) for network in _pair(name))
    assert again < 0.6 * kept


def _kept_bytes(network: nn.Module) -> int:
    """What a forward pass allocates and does not free."""
    photos = torch.rand(2, 3, 128, 128)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as measured:
        logits = network(photos)
    assert logits.requires_grad
    return sum(event.self_cpu_memory_usage for event in measured.events())
