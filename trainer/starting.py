"""What a detector's training starts from: network, optimiser, schedule, data."""

import copy
import math
from pathlib import Path

import torch
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.errors import InferenceError
from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector
from trainer.recipe import DetectorRecipe, RecipeError
from trainer.tracker import Tracker


def architecture_of(recipe: DetectorRecipe) -> DetectorArchitecture:
    """The network that a recipe trains. Raises RecipeError when it cannot be built."""
    try:
        return DetectorArchitecture(
            encoder=recipe.encoder,
            decoder_channels=recipe.decoder_channels,
            stem=recipe.stem,
            norm=recipe.norm,
            shrink=recipe.shrink,
        )
    except InferenceError as error:
        raise RecipeError(str(error)) from error


def start_network(recipe: DetectorRecipe, tracker: Tracker) -> DetectorNetwork:
    """The network with its first weights; where they come from is kept as the tag `start`."""
    architecture = architecture_of(recipe)
    torch.manual_seed(recipe.seed)
    first = recipe.first_weights
    if first:
        network = _from_checkpoint(first, architecture)
        start = f"weights of {recipe.init}"
    elif not recipe.pretrained:
        network, start = build_detector(architecture), "random weights, as the recipe says"
    else:
        try:
            network, start = build_detector(architecture, pretrained=True), "ImageNet weights in the encoder"
        except InferenceError as error:
            torch.manual_seed(recipe.seed)
            network, start = build_detector(architecture), f"random weights: {error}"
    tracker.tag("start", start)
    tracker.progress(0.0, f"Starting from {start}")
    return network.to(memory_format=torch.channels_last)


def _from_checkpoint(path: Path, architecture: DetectorArchitecture) -> DetectorNetwork:
    checkpoint = load_checkpoint(path)
    if checkpoint.kind != "detector" or DetectorArchitecture.from_dict(checkpoint.architecture) != architecture:
        raise RecipeError(
            f"{path}: these weights belong to another network ({checkpoint.kind} {checkpoint.architecture}); "
            "set encoder, decoder_channels, stem, norm and shrink to match."
        )
    network = build_detector(architecture)
    network.load_state_dict(checkpoint.state)
    return network


def start_optimiser(
    recipe: DetectorRecipe, network: nn.Module
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with a linear warm-up and then a cosine to nothing."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    warmup = min(recipe.warmup_steps, max(1, recipe.steps // 2))

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, recipe.steps - warmup))))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, share)


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
