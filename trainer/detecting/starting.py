"""What a detector's training starts from."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from inference.errors import InferenceError
from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector
from trainer.detecting.losses import share_weight
from trainer.detecting.recipe import DetectorRecipe
from trainer.learning.examples import TrainingExample
from trainer.learning.recipe import RecipeError
from trainer.learning.starting import first_state, new_network, started
from trainer.learning.tracker import Tracker


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
        network, start = build_detector(architecture), f"weights of {recipe.init}"
        network.load_state_dict(first_state(first, "detector", architecture, DetectorArchitecture.from_dict))
    else:
        network, start = new_network(partial(build_detector, architecture), recipe.seed, pretrained=recipe.pretrained)
    return started(network, start, tracker)


def weight_of_defects(recipe: DetectorRecipe, examples: Sequence[TrainingExample]) -> float | None:
    """BCE's positive weight where it is the same for every batch: fixed, or that of the snapshot; else None.

    Raises RecipeError when the recipe wants a snapshot's and there are no training masks.
    """
    if recipe.positive_weight != "snapshot":
        return recipe.fixed_weight
    defect = pixels = 0
    for example in examples:
        if example.split == "train":
            mask = example.load_mask()
            defect, pixels = defect + int(np.count_nonzero(mask)), pixels + mask.size
    if not pixels:
        raise RecipeError(
            "The recipe's field 'positive_weight' is 'snapshot', but there are no training masks to count. "
            "Train on a snapshot, or set it to 'batch' or a number."
        )
    return share_weight(defect, pixels, recipe.weight_limit)


def tell_what_is_real(examples: Sequence[TrainingExample], tracker: Tracker) -> None:
    """Say how many real annotations there are, and what it means when none is there to validate on."""
    real = [example for example in examples if example.is_real]
    judged = sum(example.split == "validation" for example in real)
    tracker.tag("real_annotations", str(len(real)))
    if not judged:
        tracker.tag(
            "real_annotations_note",
            "No real annotations to validate on: the figures say how it does on synthetic defects only, "
            "and nothing about real photos.",
        )
