"""Everything that moves while a model is trained: how it begins, is saved, and goes on where it was saved."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from trainer.learning.examples import TrainingExample
from trainer.learning.kinds import learner_for
from trainer.learning.learner import Learner
from trainer.learning.processes import accelerator_for, from_main, share_statistics, tell_kernel
from trainer.learning.recipe import Recipe
from trainer.learning.seen import Sides, clean_sides, difference, flat, identity_of, provenance_of
from trainer.learning.starting import AveragedWeights, start_optimiser
from trainer.learning.state import StateError, load_state, restore_chance, save_state
from trainer.learning.tracker import NullTracker, Tracker


@dataclass(frozen=True)
class Best:
    """The best validation so far, of which the checkpoint is."""

    score: float
    settings: dict[str, float]
    figures: dict[str, float]
    epoch: int
    """Counted from 1."""


@dataclass
class Training:
    """One training, in one of its processes."""

    recipe: Recipe
    output: Path
    tracker: Tracker
    accelerator: Accelerator
    learner: Learner
    optimiser: Any
    schedule: torch.optim.lr_scheduler.LRScheduler
    averaged: AveragedWeights | None
    provenance: dict[str, Any]
    identity: dict[str, Any]
    """What a saved state must have been made with."""
    should_stop: Callable[[], bool]
    step: int = 0
    epochs_validated: int = 0
    best: Best | None = None
    told_at: float = 0.0
    waited: float = 0.0
    """Seconds that this process waited for pictures, of those that its epochs `lasted`."""
    lasted: float = 0.0

    @classmethod
    def start(
        cls,
        recipe: Recipe,
        examples: Sequence[TrainingExample],
        output: Path,
        tracker: Tracker,
        *,
        should_stop: Callable[[], bool],
        clean: Sides | None,
        provenance: Mapping[str, Any],
    ) -> "Training":
        """Before the first step, with the recipe's first weights. See `loop.train_model` for the rest."""
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        accelerator = accelerator_for(recipe)
        if not accelerator.is_main_process:
            tracker = NullTracker()
        tracker.params(flat(recipe.to_dict()))
        if clean is None:
            tracker.progress(None, "Telling the clean photos of both sides apart")
            clean = clean_sides(recipe, examples)
        learner = learner_for(recipe, examples, clean, tracker)
        learner.network.to(accelerator.device)
        share_statistics(learner.network, recipe, accelerator, tracker)
        tell_kernel(learner.network, accelerator, tracker)
        averaged = AveragedWeights(learner.network, recipe.average) if recipe.average else None
        optimiser, schedule = start_optimiser(recipe, learner.network)
        model, prepared = accelerator.prepare(learner.network, optimiser)
        learner.place(accelerator, model)
        return cls(
            recipe=recipe,
            output=output,
            tracker=tracker,
            accelerator=accelerator,
            learner=learner,
            optimiser=prepared,
            schedule=schedule,
            averaged=averaged,
            provenance=provenance_of(recipe, examples, clean, provenance),
            identity=identity_of(recipe, examples, clean, accelerator.num_processes),
            should_stop=should_stop,
        )

    @property
    def checkpoint(self) -> Path:
        """Where the best epoch's weights are kept."""
        return self.output / f"{self.recipe.kind}.safetensors"

    @property
    def kept_network(self) -> nn.Module:
        """What is validated and kept."""
        return self.averaged.network if self.averaged else self.learner.network

    @property
    def best_figures(self) -> dict[str, float]:
        """Figures and settings of the best validation; empty before the first."""
        return {**self.best.figures, **self.best.settings} if self.best else {}

    def tell(self, message: str) -> None:
        """Say how far it is, in one sentence."""
        self.told_at = time.monotonic()
        self.tracker.progress(self.step / self.recipe.steps, message)

    def save(self) -> None:
        """Keep everything that a fresh process needs to go on at this very step. Raises StateError."""
        if not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        save_state(
            self.output / "state",
            {
                "identity": self.identity,
                "step": self.step,
                "epochs_validated": self.epochs_validated,
                "best": asdict(self.best) if self.best else None,
                "network": self.learner.network.state_dict(),
                "learner": self.learner.state(),
                "averaged": self.averaged.network.state_dict() if self.averaged else None,
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
                "scaler": scaler.state_dict() if scaler else None,
            },
        )

    def go_on(self) -> None:
        """Take up what was saved, if anything was. Raises StateError where that is damaged or of another training."""
        state = from_main(self.accelerator, lambda: load_state(self.output / "state"))
        if state is None:
            return
        self._require_same(state)
        self.step, self.epochs_validated = state["step"], state["epochs_validated"]
        self.best = Best(**state["best"]) if state["best"] else None  # that of an older state may be empty
        self.learner.network.load_state_dict(state["network"])
        self.learner.load_state(state["learner"])
        if self.averaged:
            self.averaged.network.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        if self.accelerator.scaler and state["scaler"]:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        restore_chance(state)
        self.tell(f"Going on at step {self.step} of {self.recipe.steps}")

    def _require_same(self, state: dict[str, Any]) -> None:
        """Raises StateError where a saved state is of another training than this."""
        if "learner" not in state:
            raise StateError(f"{self.output / 'state'}: an older heirloom began this training. Choose another folder.")
        other = difference(state["identity"], self.identity, type(self.recipe)())
        if other:
            raise StateError(
                f"{self.output / 'state'}: this training was begun with {other}. "
                "Choose another folder, or go on with what it was begun with."
            )
