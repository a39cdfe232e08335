"""What a colorizer's training starts from."""

from functools import partial

import torch

from inference.errors import InferenceError
from inference.networks.colorizer import ColorizerArchitecture, ColorizerNetwork, build_colorizer
from trainer.colouring.recipe import ColorizerRecipe
from trainer.learning.recipe import RecipeError
from trainer.learning.starting import first_state, new_network, started
from trainer.learning.tracker import Tracker


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
    else:
        network, start = new_network(partial(build_colorizer, architecture), recipe.seed, pretrained=recipe.pretrained)
    return started(network, start, tracker)
