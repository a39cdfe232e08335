"""An inpainter in training."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from inference.networks.inpainter import InpainterNetwork
from trainer.inpainting.dataset import InpainterDataset
from trainer.inpainting.losses import FillLoss
from trainer.inpainting.recipe import InpainterRecipe
from trainer.inpainting.starting import architecture_of, start_loss, start_network
from trainer.inpainting.validating import JudgedPicture, judged_pictures, references, validate
from trainer.learning.examples import TrainingExample
from trainer.learning.learner import Batch, Learner, Validation
from trainer.learning.seen import Sides
from trainer.learning.tracker import Tracker


class InpainterLearner(Learner):
    """Learns to fill holes in clean photos, in two phases; the epoch with the best PSNR over the bins is kept."""

    def __init__(
        self,
        recipe: InpainterRecipe,
        network: InpainterNetwork,
        pictures: InpainterDataset,
        loss: FillLoss,
        judged: Sequence[JudgedPicture],
    ) -> None:
        super().__init__(recipe, network, architecture_of(recipe).to_dict(), pictures)
        self._largest_hole, self._second_phase = recipe.largest_hole, recipe.second_phase
        self._loss = loss
        self._judged = judged

    @classmethod
    def start(
        cls, recipe: InpainterRecipe, examples: Sequence[TrainingExample], clean: Sides, tracker: Tracker
    ) -> "InpainterLearner":
        """Begin with the recipe's first weights. Raises TrainerError for photos and recipes that cannot be used."""
        train_photos, validation_photos = clean
        train = [example for example in examples if example.split == "train"]
        pictures = InpainterDataset(recipe, train, train_photos)
        judged = judged_pictures(recipe, validation_photos)
        tracker.metrics(references(judged), 0)
        tracker.tag("annotated_masks", str(len(train)))
        network = start_network(recipe, tracker)
        return cls(recipe, network, pictures, start_loss(recipe, network, pictures, tracker), judged)

    def place(self, accelerator: Any, model: nn.Module) -> None:
        super().place(accelerator, model)
        self._loss.autocast = accelerator.autocast
        if self._loss.features:
            self._loss.features.to(accelerator.device)

    def begin(self, step: int) -> None:
        """In the second phase the encoder's batch normalisation keeps the statistics it has."""
        super().begin(step)
        frozen = step >= self._second_phase
        assert isinstance(self.network, InpainterNetwork)
        for module in self.network.encoder_norms():
            module.train(not frozen)

    def loss(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        photos, valid = batch
        with self.accelerator.autocast():
            raw = self.model(photos, valid)
        return self._loss(raw, photos, valid)

    def validate(self, network: nn.Module, device: str, should_stop: Callable[[], bool]) -> Validation:
        return validate(network, device, self._judged, self._largest_hole, should_stop)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "scales": dict(self._loss.scales)}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self._loss.scales = dict(state["scales"])
