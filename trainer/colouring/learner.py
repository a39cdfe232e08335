"""A colorizer in training."""

from collections.abc import Callable, Sequence

import torch
from accelerate import Accelerator
from torch import nn

from inference.networks.colorizer import ColorizerNetwork
from trainer.colouring.dataset import ColorizerDataset
from trainer.colouring.discriminator import Balance, Discriminator, check_finite
from trainer.colouring.losses import (
    chroma_amount,
    chroma_loss,
    difference_loss,
    held,
    hinge_discriminator,
    hinge_painter,
    perceptual_loss,
    rarity_weights,
)
from trainer.colouring.recipe import ColorizerRecipe
from trainer.colouring.starting import architecture_of, start_network
from trainer.colouring.surveying import Survey, survey
from trainer.colouring.validating import judged_photos, references, validate
from trainer.errors import WrongUse
from trainer.learning.clean import CleanPhoto
from trainer.learning.examples import TrainingExample
from trainer.learning.features import features_of
from trainer.learning.learner import Batch, Learner, Validation
from trainer.learning.seen import Sides
from trainer.learning.tracker import Tracker


class ColorizerLearner(Learner):
    """Learns chroma from clean colour photos; the epoch with the smallest colour difference is kept."""

    def __init__(
        self,
        recipe: ColorizerRecipe,
        network: ColorizerNetwork,
        photos: tuple[Sequence[CleanPhoto], Sequence[CleanPhoto]],
        tracker: Tracker,
    ) -> None:
        """`photos` are those to train and to validate on."""
        train, judged = photos
        super().__init__(recipe, network, architecture_of(recipe).to_dict(), ColorizerDataset(recipe, train))
        self._settings = recipe.loss
        self._frozen = network.unet.get_submodule("encoder").requires_grad_(False) if recipe.frozen else None
        self._side = recipe.size
        seen = survey(train, recipe.least_colour)
        self._rarity = torch.from_numpy(rarity_weights(seen.histogram, recipe.loss.rarity))
        self._judged = judged_photos(judged, recipe.portraits, recipe.validation_pictures, recipe.size)
        _tell_about(seen, tracker)
        tracker.metrics(references(self._judged), 0)
        self._features = features_of(recipe.features) if recipe.loss.perceptual else None
        if self._features:
            tracker.tag("features", self._features.name)
        if recipe.loss.adversarial:
            self._start_discriminator(recipe)

    @classmethod
    def start(
        cls, recipe: ColorizerRecipe, examples: Sequence[TrainingExample], clean: Sides, tracker: Tracker
    ) -> "ColorizerLearner":
        """Begin with the recipe's first weights. Raises TrainerError for photos and recipes that cannot be used."""
        if examples:
            raise WrongUse(
                "A colorizer learns from clean colour photos, not from annotations: train it without a snapshot, and "
                "name folders of photos in `photos`."
            )
        return cls(recipe, start_network(recipe, tracker), clean, tracker)

    def place(self, accelerator: Accelerator, model: nn.Module) -> None:
        super().place(accelerator, model)
        self._rarity = self._rarity.to(accelerator.device)
        if self._features:
            self._features.to(accelerator.device)
        if self._settings.adversarial:
            self.discriminator.to(accelerator.device)
            self._judge, self._judge_optimiser = accelerator.prepare(self.discriminator, self._optimiser)

    def begin(self, step: int) -> None:
        super().begin(step)
        if self._frozen:
            self._frozen.eval()
        if self._settings.adversarial:
            self._judge.train()
            for group in self._optimiser.param_groups:
                group["lr"] = group["initial_lr"] * self.recipe.rate_share(step)

    def loss(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        luma, true, hints = batch
        with self.accelerator.autocast():
            painted = self.model(luma, hints if self.network.hints else None)
        total, parts = painted.new_zeros(()), {}
        if self._settings.l1:
            table = self._rarity if self._settings.rarity else None
            distance = chroma_loss(painted, true, table, self._settings.smooth)
            total = total + self._settings.l1 * distance
            parts["l1_loss"] = float(distance.detach())
        if self._settings.difference or self._settings.colourfulness:
            seen, told = self._as_seen(luma, painted, true)
            total = total + seen
            parts |= told
        if self._features:
            with self.accelerator.autocast():
                unlike = perceptual_loss(self._features, luma, painted, true)
            total = total + self._settings.perceptual * unlike
            parts["perceptual_loss"] = float(unlike.detach())
        if self._settings.adversarial:
            parts |= self._train_discriminator(luma, true, painted.detach())
            wanted = self._unjudged(luma, painted)
            total = total + self._settings.adversarial * wanted
            parts["adversarial_loss"] = float(wanted.detach())
        check_finite({"loss": float(total.detach()), **parts})
        return total, parts

    def validate(self, network: nn.Module, device: str, should_stop: Callable[[], bool]) -> Validation:
        return validate(network, device, self._judged, self._side, should_stop)

    def _as_seen(
        self, luma: torch.Tensor, painted: torch.Tensor, true: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """The visible difference, less the prize for colour, and what to log: of colours as they are shown in use."""
        shown = held(luma, painted)
        difference, amount = difference_loss(luma, shown, held(luma, true)), chroma_amount(shown)
        total = self._settings.difference * difference - self._settings.colourfulness * amount
        return total, {"difference_loss": float(difference.detach()), "colour_amount": float(amount.detach())}

    def _start_discriminator(self, recipe: ColorizerRecipe) -> None:
        self.discriminator = Discriminator(recipe.discriminator_channels).to(memory_format=torch.channels_last)
        self._optimiser = torch.optim.Adam(
            self.discriminator.parameters(), lr=recipe.discriminator_rate, betas=(0.0, 0.9)
        )  # fmt: skip
        for group in self._optimiser.param_groups:
            group["initial_lr"] = recipe.discriminator_rate
        self._balance = Balance()
        self.beside = {
            "discriminator": self.discriminator,
            "discriminator_optimiser": self._optimiser,
            "balance": self._balance,
        }

    def _train_discriminator(self, luma: torch.Tensor, true: torch.Tensor, painted: torch.Tensor) -> dict[str, float]:
        """One move of the discriminator's weights; returns what to log."""
        self.discriminator.requires_grad_(True)
        with self.accelerator.autocast():
            scores = self._judge(torch.cat([luma, luma]), torch.cat([true, painted]))
        real, fake = scores.float().chunk(2)
        loss = hinge_discriminator(real, fake)
        self._judge_optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self._judge_optimiser.step()
        return self._balance.update(float(loss.detach()), real.detach(), fake.detach())

    def _unjudged(self, luma: torch.Tensor, painted: torch.Tensor) -> torch.Tensor:
        """The network's adversarial loss; the discriminator stays as it is."""
        self.discriminator.requires_grad_(False)
        with self.accelerator.autocast():
            scores = self.discriminator(luma, painted)
        return hinge_painter(scores.float())


def _tell_about(seen: Survey, tracker: Tracker) -> None:
    tracker.tag(
        "dull_photos",
        f"{seen.dull} of {seen.looked_at} training photos looked at have hardly any colour; such photos are left out",
    )
