"""Networks whose features perceptual losses compare: VGG-16, or the encoder of a detector of ours."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError, InferenceError
from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector
from inference.networks.folded import FoldedUNet
from inference.resolve import shipped_model
from trainer.errors import TrainerError

AUTO, VGG16 = "auto", "vgg16"
_POOLED = (4, 9, 16)
"""Layers of torchvision's VGG-16 after pool1, pool2 and pool3."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class FeaturesError(TrainerError):
    """A feature network that cannot be had; the message says what to name instead."""


class Features(nn.Module):
    """A frozen network: RGB `float N×3×H×W` in [0, 1] to three maps of features, finest first.

    It normalises by itself. Its weights never change, gradients flow through it, and it stays in evaluation mode.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, name: str, levels: Sequence[nn.Module], *, folds: bool = False) -> None:
        """Each of `levels` takes what the one before gave; with `folds`, the first takes 2×2 pixels as channels."""
        super().__init__()
        self.name = name
        """What the run calls it."""
        self.levels = nn.ModuleList(levels)
        self._folds = folds
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> "Features":
        """Stays in evaluation mode."""
        return super().train(False)

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        features = (pictures - self.mean) / self.deviation
        if self._folds:
            height, width = features.shape[-2:]
            features = F.pixel_unshuffle(F.pad(features, (0, width % 2, 0, height % 2), mode="replicate"), 2)
        found = []
        for level in self.levels:
            features = level(features)
            found.append(features)
        return found


def features_of(choice: str) -> Features:
    """The feature network that a recipe names.

    `vgg16`: by torchvision, which downloads its weights once; a path: a file of torchvision's VGG-16 weights (.pth), or
    a checkpoint of a detector with the encoder `folded`; `auto`: VGG-16 where it can be had, else the detector that
    comes with heirloom. Raises FeaturesError.
    """
    if choice == VGG16:
        return _vgg16()
    if choice != AUTO:
        path = Path(choice)
        return _vgg16(path) if path.suffix in (".pth", ".pt") else _of_detector(path, f"detector {path.name}")
    try:
        return _vgg16()
    except FeaturesError:
        path, name = shipped_model("detector")
        return _of_detector(path, f"{name}, as VGG-16 cannot be had")


def _vgg16(path: Path | None = None) -> Features:
    from torchvision.models import VGG16_Weights, vgg16

    try:
        if path is None:
            network = vgg16(weights=VGG16_Weights.IMAGENET1K_V1)
        else:
            network = vgg16()
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FeaturesError(
            f"The weights of VGG-16 cannot be had ({cause}). Connect this machine to the internet once, or set "
            "`features` to a file of them (.pth) or to a checkpoint of a detector."
        ) from error
    cuts = (0, *(place + 1 for place in _POOLED))
    levels = [network.features[start:end] for start, end in pairwise(cuts)]
    for level in levels:
        for layer in level:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False  # what was found must not be changed by what is found next
    return Features("VGG-16 (torchvision, ImageNet)", levels)


def _of_detector(path: Path, name: str) -> Features:
    try:
        checkpoint = load_checkpoint(path)
        if checkpoint.kind != "detector":
            raise CheckpointError(f"{path}: this is a checkpoint of kind {checkpoint.kind}.")
        network: DetectorNetwork = build_detector(DetectorArchitecture.from_dict(checkpoint.architecture))
        network.load_state_dict(checkpoint.state)
    except (InferenceError, RuntimeError) as error:
        raise FeaturesError(f"{path} gives no features ({error}). Name a checkpoint of a detector.") from error
    if not isinstance(network.unet, FoldedUNet):
        raise FeaturesError(f"{path} gives no features: its encoder is not 'folded'. Name a detector whose encoder is.")
    levels = list(network.unet.trunk.levels)[: len(_POOLED)]
    return Features(f"encoder of {name}", levels, folds=True)
