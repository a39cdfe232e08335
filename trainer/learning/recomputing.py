"""Activation checkpointing: keep what enters a level of the network, and compute the level again for backward."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def recompute_levels(network: nn.Module) -> None:
    """Make a network's levels keep only what enters them (Chen et al. 2016, arXiv 1604.06174, section 4).

    A level is a sequence of layers or an entry of a list of modules: the encoder's levels and the decoder's blocks.
    Outputs, gradients and running statistics stay what they were.
    """
    for level in _levels(network):
        level.forward = partial(checkpoint, level.forward, use_reentrant=False, context_fn=partial(_contexts, level))


def _levels(module: nn.Module) -> Iterator[nn.Module]:
    for child in module.children():
        if isinstance(module, nn.ModuleList) or isinstance(child, nn.Sequential):
            yield child
        else:
            yield from _levels(child)


def _contexts(level: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _still_statistics(level)


@contextmanager
def _still_statistics(level: nn.Module) -> Iterator[None]:
    """The second time round a norm sees the same batch; it must not count it twice."""
    norms: list[Any] = [module for module in level.modules() if getattr(module, "running_mean", None) is not None]
    before = [(norm, norm.momentum, _counted(norm)) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum, counted in before:
            norm.momentum = momentum
            if counted is not None:
                norm.num_batches_tracked.copy_(counted)


def _counted(norm: Any) -> torch.Tensor | None:
    counted = getattr(norm, "num_batches_tracked", None)
    return None if counted is None else counted.clone()
