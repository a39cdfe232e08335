"""A detector in training."""

from collections.abc import Callable, Sequence

import torch
from accelerate import Accelerator
from torch import nn

from inference.arrays import Mask, Pixels
from inference.networks.detector import DetectorNetwork
from trainer.detecting.dataset import DetectorDataset, validation_pictures
from trainer.detecting.losses import DetectorLoss
from trainer.detecting.recipe import DetectorRecipe
from trainer.detecting.starting import architecture_of, start_network, tell_what_is_real, weight_of_defects
from trainer.detecting.teacher import Teacher, teacher_loss
from trainer.detecting.validating import validate
from trainer.errors import TrainerError
from trainer.learning.examples import TrainingExample
from trainer.learning.learner import Batch, Learner, Validation
from trainer.learning.recomputing import recompute_levels
from trainer.learning.seen import Sides
from trainer.learning.tracker import Tracker


class DetectorLearner(Learner):
    """Learns masks from annotations and from synthetic defects; the epoch with the best Dice is kept."""

    def __init__(
        self,
        recipe: DetectorRecipe,
        network: DetectorNetwork,
        pictures: DetectorDataset,
        loss: DetectorLoss,
        judged: tuple[Sequence[tuple[Pixels, Mask]], Sequence[TrainingExample]],
    ) -> None:
        """`judged` are the synthetic pictures and the annotated photos of validation."""
        super().__init__(recipe, network, architecture_of(recipe).to_dict(), pictures)
        self._loss = loss
        self._judged = judged
        self._recomputes = recipe.recompute
        self._teacher = Teacher.load(recipe.taught_by) if recipe.taught_by else None
        self._taught = recipe.loss.teacher

    @classmethod
    def start(
        cls, recipe: DetectorRecipe, examples: Sequence[TrainingExample], clean: Sides, tracker: Tracker
    ) -> "DetectorLearner":
        """Begin with the recipe's first weights. Raises TrainerError for photos and recipes that cannot be used."""
        train_photos, validation_photos = clean
        tell_what_is_real(examples, tracker)
        loss = DetectorLoss(recipe.loss, recipe.weight_limit, weight_of_defects(recipe, examples))
        train = [example for example in examples if example.split == "train"]
        made = validation_pictures(recipe, validation_photos) if validation_photos else []
        judged = made, [example for example in examples if example.split == "validation"]
        _require_defects(*judged)
        return cls(
            recipe, start_network(recipe, tracker), DetectorDataset(recipe, train, train_photos), loss, judged
        )  # fmt: skip

    def place(self, accelerator: Accelerator, model: nn.Module) -> None:
        super().place(accelerator, model)
        if self._recomputes:
            recompute_levels(self.network)
        if self._teacher:
            self._teacher.to(accelerator.device)

    def loss(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        photos, masks = batch
        with self.accelerator.autocast():
            logits = self.model(photos)
        total, parts = self._loss(logits, masks)
        if self._teacher:
            with self.accelerator.autocast():
                probability = self._teacher(photos)
            taught = teacher_loss(logits, probability)
            total = total + self._taught * taught
            parts["teacher_loss"] = float(taught.detach())
        return total, parts

    def validate(self, network: nn.Module, device: str, should_stop: Callable[[], bool]) -> Validation:
        pictures, examples = self._judged
        return validate(network, device, pictures, examples, should_stop)


def _require_defects(pictures: Sequence[tuple[Pixels, Mask]], examples: Sequence[TrainingExample]) -> None:
    """Raises TrainerError where validation could find no threshold."""
    if not pictures and not examples:
        raise TrainerError(
            "There is nothing to validate on: the snapshot has no validation photo, and no synthetic pictures are "
            "wanted. Raise synthetic_share above 0, or take a snapshot with validation photos."
        )
    if not any(mask.any() for _, mask in pictures) and not any(example.load_mask().any() for example in examples):
        raise TrainerError(
            f"None of the {len(pictures) + len(examples)} pictures of validation has a defect in its mask, so no "
            "threshold can be found. Validate on more pictures (validation_pictures), or on annotated photos with "
            "defects."
        )
