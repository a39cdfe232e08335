"""What an inpainter's training starts from: first weights, and weights of losses for other features than VGG-16's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from inference.checkpoint import load_checkpoint
from inference.errors import InferenceError
from inference.networks.inpainter import InpainterArchitecture, InpainterNetwork, build_inpainter
from trainer.inpainting.dataset import InpainterDataset
from trainer.inpainting.growing import grown, is_wider
from trainer.inpainting.losses import FillLoss
from trainer.inpainting.recipe import InpainterRecipe
from trainer.learning.features import Features, features_of
from trainer.learning.recipe import RecipeError
from trainer.learning.starting import first_state, started
from trainer.learning.tracker import Tracker

SHARES = {"perceptual": 0.15, "style": 0.25}
"""Share of the whole loss at the start that each term is given when the features are not VGG-16's. An estimate of what
the published weights make of VGG-16's: its weights could not be had to measure it."""
_LOOKED_AT = 4


def architecture_of(recipe: InpainterRecipe) -> InpainterArchitecture:
    """The network that a recipe trains. Raises RecipeError when it cannot be built."""
    try:
        return InpainterArchitecture(
            form=recipe.form,
            channels=recipe.channels,
            kernels=recipe.kernels,
            decoder_channels=recipe.decoder_channels,
            convolutions=recipe.convolutions,
            fine=recipe.fine,
        )
    except InferenceError as error:
        raise RecipeError(str(error)) from error


def start_network(recipe: InpainterRecipe, tracker: Tracker) -> InpainterNetwork:
    """The network with its first weights; where they come from is kept as the tag `start`."""
    architecture = architecture_of(recipe)
    torch.manual_seed(recipe.seed)
    network, start = build_inpainter(architecture), "random weights, as the recipe says"
    first = recipe.first_weights
    if first:
        state, how = _first_state(first, network)
        network.load_state_dict(state)
        start = f"weights of {recipe.init}{how}"
    return started(network, start, tracker)


def _first_state(path: Path, network: InpainterNetwork) -> tuple[Mapping[str, torch.Tensor], str]:
    """The weights of a checkpoint of the same network, or of a narrower one made as wide, and which it was in words."""
    wanted, checkpoint = network.architecture, load_checkpoint(path)
    if checkpoint.kind == "inpainter":
        found = InpainterArchitecture.from_dict(checkpoint.architecture)
        if is_wider(wanted, found):
            return grown(network.state_dict(), checkpoint.state, wanted, found), ", made wider"
    return first_state(path, "inpainter", wanted, InpainterArchitecture.from_dict), ""


def start_loss(
    recipe: InpainterRecipe, network: InpainterNetwork, pictures: InpainterDataset, tracker: Tracker
) -> FillLoss:
    """The recipe's loss; features that are not VGG-16's get weights of their own, which the run is told.

    Raises FeaturesError when the features that the recipe names cannot be had.
    """
    wanted = recipe.loss.perceptual > 0 or recipe.loss.style > 0
    features = features_of(recipe.features) if wanted else None
    loss = FillLoss(recipe.loss, features)
    if features is None:
        tracker.tag("features", "none: the perceptual and the style loss are off")
        return loss
    tracker.tag("features", features.name)
    if not is_vgg(features):
        loss.scales = scales_for(loss, network, [pictures[index] for index in range(_LOOKED_AT)])
        told = ", ".join(f"{name} × {scale:.3g}" for name, scale in loss.scales.items())
        shares = ", ".join(f"{name} {share:.0%}" for name, share in SHARES.items())
        tracker.tag("feature_weights", f"published weights {told}, for shares of the loss at the start of {shares}")
    return loss


def is_vgg(features: Features) -> bool:
    """Whether the published weights hold for these features."""
    return features.name.startswith("VGG-16")


@torch.no_grad()
def scales_for(
    loss: FillLoss, network: InpainterNetwork, examples: Sequence[tuple[torch.Tensor, torch.Tensor]]
) -> dict[str, float]:
    """What to multiply the weights of feature losses by, so that each has its share of the loss of these examples.

    Of the untrained network, in evaluation mode; a term that is off or 0 keeps its weight. A logarithm may be below 0;
    it pulls as hard as a term proportional to the error that is worth its weight, and counts as such.
    """
    true, valid = (torch.stack(each) for each in zip(*examples, strict=True))
    was_training = network.training
    raw = network.eval()(true, valid)
    network.train(was_training)
    loss.scales = dict.fromkeys(SHARES, 1.0)
    parts = {
        name: loss.weight(name) * (1.0 if name == "logarithm" else float(part))
        for name, part in loss.parts(raw, true, valid).items()
    }
    others = sum(value for name, value in parts.items() if name not in SHARES)
    on = {name: share for name, share in SHARES.items() if parts.get(name)}
    whole = others / (1 - sum(on.values()))
    return {name: on[name] * whole / parts[name] if name in on else 1.0 for name in SHARES}
