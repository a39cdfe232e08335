"""What a colorizer's training starts from."""

import torch

from inference.errors import InferenceError
from inference.networks.colorizer import ColorizerArchitecture, ColorizerNetwork, build_colorizer
from trainer.colouring.recipe import ColorizerRecipe
from trainer.recipe import RecipeError
from trainer.starting import first_state
from trainer.tracker import Tracker


def architecture_of(recipe: ColorizerRecipe) -> ColorizerArchitecture:
    """The network that a recipe trains. Raises RecipeError when it cannot be built."""
    try:
        return ColorizerArchitecture(recipe.encoder, recipe.levels, recipe.decoder_channels, recipe.hints)
    except InferenceError as error:
        raise RecipeError(str(error)) from error


def start_network(recipe: ColorizerRecipe, tracker: Tracker) -> ColorizerNetwork:
    """The network with its first weights; where they come from is kept as the tag `start`."""
    architecture = architecture_of(recipe)
    torch.manual_seed(recipe.seed)
    first = recipe.first_weights
    if first:
        network, start = build_colorizer(architecture), f"weights of {recipe.init}"
        network.load_state_dict(first_state(first, "colorizer", architecture, ColorizerArchitecture.from_dict))
    elif not recipe.pretrained:
        network, start = build_colorizer(architecture), "random weights, as the recipe says"
    else:
        try:
            network, start = build_colorizer(architecture, pretrained=True), "ImageNet weights in the encoder"
        except InferenceError as error:
            torch.manual_seed(recipe.seed)
            network, start = build_colorizer(architecture), f"random weights: {error}"
    tracker.tag("start", start)
    tracker.progress(None, f"Starting from {start}")
    return network.to(memory_format=torch.channels_last)
