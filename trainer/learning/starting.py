"""What a training starts from: first weights, optimiser and schedule, averaged weights."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.errors import InferenceError
from trainer.learning.recipe import Recipe, RecipeError
from trainer.learning.tracker import Tracker

_Network = TypeVar("_Network", bound=nn.Module)


def first_state(
    path: Path, kind: str, architecture: object, read: Callable[[dict[str, Any]], object]
) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint of the same kind and architecture; `read` makes an architecture of its description.

    Raises RecipeError naming the file when they belong to another network, CheckpointError when they cannot be read.
    """
    checkpoint = load_checkpoint(path)
    if checkpoint.kind != kind or read(checkpoint.architecture) != architecture:
        raise RecipeError(
            f"{path}: these weights belong to another network ({checkpoint.kind} {checkpoint.architecture}); "
            f"set the recipe's fields to match, or choose a checkpoint of kind {kind} like {architecture}."
        )
    return checkpoint.state


def new_network(build: Callable[..., _Network], seed: int, *, pretrained: bool) -> tuple[_Network, str]:
    """A network with random weights or, where wanted and to be had, ImageNet's in its encoder; and which, in words.

    `build` takes `pretrained`, and raises InferenceError when those weights cannot be had.
    """
    if not pretrained:
        return build(), "random weights, as the recipe says"
    try:
        return build(pretrained=True), "ImageNet weights in the encoder"
    except InferenceError as error:
        torch.manual_seed(seed)
        return build(), f"random weights: {error}"


def started(network: _Network, start: str, tracker: Tracker) -> _Network:
    """The network ready to train; where its first weights come from is kept as the tag `start`."""
    tracker.tag("start", start)
    tracker.progress(None, f"Starting from {start}")
    return network.to(memory_format=torch.channels_last)


def start_optimiser(
    recipe: Recipe, network: nn.Module
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW at the rates that the recipe says."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, recipe.rate_share)


class AveragedWeights:
    """An exponential moving average of a network's weights and statistics, kept in a network of its own."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the network; faster in the first steps, when there is little to remember."""
        decay = min(self._decay, (1 + step) / (10 + step))
        state = network.state_dict()
        for key, value in self.network.state_dict().items():
            if value.is_floating_point():
                value.lerp_(state[key], 1 - decay)
            else:
                value.copy_(state[key])
