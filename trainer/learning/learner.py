"""A model while it learns: what the loop asks of every kind of it. Each kind's own stands in its package."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import nn

from inference.arrays import Pixels
from trainer.learning.recipe import Recipe

Batch = tuple[torch.Tensor, ...]


class TrainingPictures(Protocol):
    """The pictures of a training. Picture `index` of an epoch depends on nothing but the recipe and these two numbers:
    that is what makes a training resumable in the middle of an epoch."""

    epoch: int

    def __getitem__(self, index: int) -> Batch:
        """One picture, as tensors without the batch's dimension."""


@dataclass(frozen=True)
class Validation:
    """What a validation found."""

    figures: dict[str, float]
    """By name, such as `synthetic/dice`."""
    score: float
    """What decides which epoch is kept: the higher the better."""
    samples: dict[str, Pixels]
    """Pictures to look at, `uint8 H×W×3` RGB, by name."""
    settings: dict[str, float] = field(default_factory=dict)
    """What the checkpoint keeps for use, such as the detector's threshold."""


class Learner(ABC):
    """One network in training, its pictures, its loss and its validation."""

    def __init__(
        self, recipe: Recipe, network: nn.Module, architecture: dict[str, Any], pictures: TrainingPictures
    ) -> None:
        self.recipe = recipe
        self.network = network
        """What is trained, averaged and kept; its state dict is the checkpoint's."""
        self.architecture = architecture
        """What the network is built from, as the checkpoint keeps it."""
        self.pictures = pictures
        self.model = network
        """The network as Accelerate wraps it for several processes."""
        self.beside: dict[str, Any] = {}
        """What else changes while it learns and has a state dict, by name: a discriminator, its optimiser."""

    def place(self, accelerator: Accelerator, model: nn.Module) -> None:
        """Settle on a device, with the network wrapped; called once, before anything is learned."""
        self.accelerator, self.model = accelerator, model

    def begin(self, step: int) -> None:
        """Get ready for one step, counted from 0: the network is in training mode."""
        self.model.train()

    @abstractmethod
    def loss(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of a batch on the device, and its parts by name."""

    @abstractmethod
    def validate(self, network: nn.Module, device: str, should_stop: Callable[[], bool]) -> Validation:
        """Measure `network`, this one or its average, as it will be used.

        Raises Stopped as soon as `should_stop` says so.
        """

    def state(self) -> dict[str, Any]:
        """What has to be saved beside the network to go on."""
        return {name: part.state_dict() for name, part in self.beside.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        for name, part in self.beside.items():
            part.load_state_dict(state[name])
