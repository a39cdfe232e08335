"""How a model of any kind is trained. Read it top to bottom: start, train an epoch, validate, keep the best, save."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from inference.checkpoint import Checkpoint, save_checkpoint
from trainer.errors import Stopped, TrainerError
from trainer.learning.companions import companions
from trainer.learning.examples import TrainingExample
from trainer.learning.feeding import Feed, batches
from trainer.learning.learner import Batch, Validation
from trainer.learning.processes import any_wants_to_stop, from_main
from trainer.learning.recipe import Recipe
from trainer.learning.seen import Sides
from trainer.learning.tracker import NullTracker, Tracker
from trainer.learning.training import Best, Training

_PROGRESS_EVERY_S = 1.0


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training left behind."""

    checkpoint: Path | None
    """The best epoch's weights; None when it was stopped before the first validation."""
    metrics: dict[str, float]
    stopped: bool


def train_model(
    recipe: Recipe,
    examples: Sequence[TrainingExample],
    output: Path,
    tracker: Tracker,
    *,
    should_stop: Callable[[], bool],
    resume: bool = True,
    clean: Sides | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> TrainingOutcome:
    """Train a model of the recipe's kind, on a snapshot's `examples` and what the recipe makes itself.

    Writes `output/KIND.safetensors` (the best epoch so far) and `output/state/` (everything needed to go on).
    With `resume` it goes on from that state: on a CPU the weights equal those of a training that was never stopped,
    bit for bit. `should_stop` is asked at every step; then the state is saved and the outcome says `stopped`.
    `clean` are the recipe's clean photos by side (`clean_sides`), where they were told apart already. `provenance`
    (snapshot, run, code version) is kept in the checkpoint. Raises TrainerError with a sentence for recipes, photos and
    states that cannot be used.
    """
    accompany = partial(train_model, recipe, list(examples), output, NullTracker(), should_stop=_never, resume=resume)
    with companions(recipe, accompany):
        training = Training.start(
            recipe,
            examples,
            output,
            tracker,
            should_stop=should_stop,
            clean=clean,
            provenance=provenance or {},
        )
        if resume:
            training.go_on()
        stopped = _train(training)
        if training.accelerator.num_processes > 1:
            training.accelerator.end_training()
    return TrainingOutcome(training.checkpoint if training.best else None, training.best_figures, stopped)


def _never() -> bool:
    """A companion stops when the process that leads it does."""
    return False


def _train(training: Training) -> bool:
    """Train until it is over; true when it was stopped before."""
    try:
        while not _over(training):
            _train_epoch(training)
            _validate(training)
            training.save()
    except Stopped:
        training.save()
        training.tell("Stopped; everything is saved")
        return True
    training.tracker.file(training.checkpoint)
    training.tell(_last_words(training))
    return False


def _train_epoch(training: Training) -> None:
    """The rest of the epoch at hand, from the step at which it stands."""
    recipe, accelerator = training.recipe, training.accelerator
    first = training.step - training.epochs_validated * recipe.steps_per_epoch
    process = (accelerator.process_index, accelerator.num_processes)
    on_gpu = accelerator.device.type == "cuda"
    pictures = batches(recipe, training.learner.pictures, training.epochs_validated, first, process, pinned=on_gpu)
    with closing(pictures) as source:
        feed = Feed(source)
        for _ in range(first, recipe.steps_per_epoch):
            if any_wants_to_stop(accelerator, training.should_stop):
                raise Stopped("The training was asked to stop.")
            figures = _step(training, feed)
            _report(training, {**figures, "wait_share": feed.waited / feed.lasted})
            if training.step % recipe.checkpoint_every == 0:
                training.save()
        training.waited += feed.waited
        training.lasted += feed.lasted


def _step(training: Training, feed: Feed) -> dict[str, float]:
    """One move of the weights; figures are means over its batches."""
    recipe, accelerator, learner = training.recipe, training.accelerator, training.learner
    learner.begin(training.step)
    figures: dict[str, float] = {}
    for number in range(recipe.accumulate):
        last = number == recipe.accumulate - 1
        with nullcontext() if last else accelerator.no_sync(learner.model):
            for key, value in _backward(training, feed.next()).items():
                figures[key] = figures.get(key, 0.0) + value / recipe.accumulate
    norm = float(accelerator.clip_grad_norm_(learner.model.parameters(), recipe.clip) or 0)
    if not accelerator.scaler:  # of float16, which leaves such a step out by itself
        _check_number("gradient", norm)
    training.optimiser.step()
    training.optimiser.zero_grad(set_to_none=True)
    rate = float(training.schedule.get_last_lr()[0])
    training.schedule.step()
    if training.averaged:
        training.averaged.update(learner.network, training.step)
    training.step += 1
    return {**figures, "gradient_norm": norm, "learning_rate": rate}


def _backward(training: Training, batch: Batch) -> dict[str, float]:
    loss, parts = training.learner.loss(tuple(_placed(values, training.accelerator) for values in batch))
    training.accelerator.backward(loss / training.recipe.accumulate)
    value = loss.item()
    _check_number("loss", value)
    return {"loss": value, **parts}


def _check_number(what: str, value: float) -> None:
    """Raises TrainerError before the weights take in what is no number, so that the last state stays good."""
    if not math.isfinite(value):
        raise TrainerError(
            f"The {what} is no longer a number: the training diverged. Start again with a lower learning_rate; `init` "
            "may name the checkpoint of its best epoch."
        )


def _placed(values: torch.Tensor, accelerator: Accelerator) -> torch.Tensor:
    """On the device; pictures with their channels last, as convolutions like them best."""
    if values.ndim == 4:
        return values.to(accelerator.device, memory_format=torch.channels_last, non_blocking=True)
    return values.to(accelerator.device, non_blocking=True)


def _validate(training: Training) -> None:
    training.tell("Validating")
    found = from_main(training.accelerator, lambda: _look(training))
    if found is None:
        raise Stopped("The training was asked to stop while it validated.")
    training.epochs_validated += 1
    training.tracker.metrics({**found.figures, **found.settings}, training.step)
    for key, pixels in found.samples.items():
        training.tracker.picture(key, pixels, training.step)
    if not training.best or found.score > training.best.score:
        training.best = Best(found.score, found.settings, found.figures, training.epochs_validated)
        if training.accelerator.is_main_process:
            _keep(training, found)


def _look(training: Training) -> Validation | None:
    """The validation, or None when it was stopped."""
    device = str(training.accelerator.device)
    try:
        return training.learner.validate(training.kept_network, device, training.should_stop)
    except Stopped:
        return None


def _over(training: Training) -> bool:
    """Whether all epochs are done, or none of the last `patience` was better than one before them."""
    recipe, done = training.recipe, training.epochs_validated
    early = bool(recipe.patience and training.best and done - training.best.epoch >= recipe.patience)
    return done >= recipe.epochs or early


def _keep(training: Training, found: Validation) -> None:
    checkpoint = Checkpoint(
        kind=training.recipe.kind,
        architecture=training.learner.architecture,
        settings=dict(found.settings),
        provenance={**training.provenance, "step": training.step, "figures": found.figures},
        state=training.kept_network.state_dict(),
    )
    save_checkpoint(training.checkpoint, checkpoint)


def _report(training: Training, figures: dict[str, float]) -> None:
    training.tracker.metrics(figures, training.step)
    if time.monotonic() - training.told_at > _PROGRESS_EVERY_S:
        epoch = min(training.epochs_validated + 1, training.recipe.epochs)
        training.tell(f"Epoch {epoch} of {training.recipe.epochs}, loss {figures['loss']:.3f}")


def _last_words(training: Training) -> str:
    early = training.epochs_validated < training.recipe.epochs
    words = f"Trained; no better validation in {training.recipe.patience}, so it ended early" if early else "Trained"
    share = training.waited / training.lasted if training.lasted else 0.0
    return f"{words}. It waited for pictures {share:.0%} of the time"
