"""How a detector is trained. Read it top to bottom: start, train an epoch, validate, keep the best, save."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.networks.detector import DetectorNetwork
from trainer.clean import CleanPhoto, clean_photos
from trainer.dataset import DetectorDataset, TrainingExample, validation_pictures
from trainer.errors import Stopped
from trainer.losses import detector_loss
from trainer.recipe import DetectorRecipe
from trainer.starting import AveragedWeights, architecture_of, batches, start_network, start_optimiser
from trainer.state import StateError, load_state, save_state
from trainer.tracker import NullTracker, Tracker
from trainer.validating import Mask, Pixels, Validation, validate

_PROGRESS_EVERY_S = 1.0
_FREE = ("workers", "threads", "checkpoint_every")
"""Fields of a recipe that may differ when a training goes on: they change no figure."""


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training left behind."""

    checkpoint: Path | None
    """The best epoch's weights; None when it was stopped before the first validation."""
    metrics: dict[str, float]
    stopped: bool


@dataclass
class _Training:
    """Everything that moves while a detector is trained."""

    recipe: DetectorRecipe
    output: Path
    tracker: Tracker
    accelerator: Accelerator
    network: DetectorNetwork
    model: nn.Module
    """The network as Accelerate wraps it for several processes."""
    optimiser: Any
    schedule: torch.optim.lr_scheduler.LRScheduler
    averaged: AveragedWeights | None
    dataset: DetectorDataset
    pictures: list[tuple[Pixels, Mask]]
    validation: list[TrainingExample]
    provenance: dict[str, Any]
    identity: dict[str, Any]
    """What a saved state must have been made with."""
    should_stop: Callable[[], bool]
    step: int = 0
    epochs_validated: int = 0
    best: dict[str, Any] = field(default_factory=dict)
    told_at: float = 0.0

    @property
    def checkpoint(self) -> Path:
        return self.output / "detector.safetensors"

    @property
    def kept_network(self) -> nn.Module:
        """What is validated and kept."""
        return self.averaged.network if self.averaged else self.network


def train_detector(
    recipe: DetectorRecipe,
    examples: Sequence[TrainingExample],
    output: Path,
    tracker: Tracker,
    *,
    should_stop: Callable[[], bool],
    resume: bool = True,
    provenance: Mapping[str, Any] | None = None,
) -> TrainingOutcome:
    """Train a detector on annotations and synthetic defects.

    Writes `output/detector.safetensors` (the best epoch so far) and `output/state/` (everything needed to go on).
    With `resume` it goes on from that state: on a CPU the weights equal those of a training that was never stopped,
    bit for bit. `should_stop` is asked at every step; then the state is saved and the outcome says `stopped`.
    `provenance` (snapshot, run, code version) is kept in the checkpoint. Raises TrainerError with a sentence for
    recipes, photos and states that cannot be used.
    """
    training = _set_up(recipe, examples, output, tracker, should_stop=should_stop, provenance=dict(provenance or {}))
    if resume:
        _go_on(training)
    try:
        while training.epochs_validated < recipe.epochs:
            _train_epoch(training)
            _validate(training)
            _save(training)
    except Stopped:
        _save(training)
        _tell(training, "Stopped; everything is saved")
        return TrainingOutcome(training.checkpoint if training.best else None, _best_figures(training), stopped=True)
    tracker.file(training.checkpoint)
    _tell(training, "Trained")
    return TrainingOutcome(training.checkpoint, _best_figures(training), stopped=False)


def _set_up(
    recipe: DetectorRecipe,
    examples: Sequence[TrainingExample],
    output: Path,
    tracker: Tracker,
    *,
    should_stop: Callable[[], bool],
    provenance: dict[str, Any],
) -> _Training:
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    accelerator = Accelerator(mixed_precision=_precision(recipe))
    if not accelerator.is_main_process:
        tracker = NullTracker()
    train_photos, validation_photos = _clean(recipe, examples)
    tracker.params(_flat(recipe.to_dict()))
    _tell_what_is_real(examples, tracker)
    network = start_network(recipe, tracker).to(accelerator.device)
    optimiser, schedule = start_optimiser(recipe, network)
    model, prepared = accelerator.prepare(network, optimiser)
    train = [example for example in examples if example.split == "train"]
    provenance = {
        "code_version": metadata.version("heirloom"),
        **provenance,
        "recipe": recipe.to_dict(),
        "trained_on": sorted({example.photo_sha for example in train} | seen_before(recipe)),
        "validated_on": sorted(example.photo_sha for example in examples if example.split == "validation"),
    }
    return _Training(
        recipe=recipe,
        output=output,
        tracker=tracker,
        accelerator=accelerator,
        network=network,
        model=model,
        optimiser=prepared,
        schedule=schedule,
        averaged=AveragedWeights(network, recipe.average) if recipe.average else None,
        dataset=DetectorDataset(recipe, train, train_photos),
        pictures=validation_pictures(recipe, validation_photos) if validation_photos else [],
        validation=[example for example in examples if example.split == "validation"],
        provenance=provenance,
        identity=_identity(recipe, examples, accelerator.num_processes),
        should_stop=should_stop,
    )


def _train_epoch(training: _Training) -> None:
    """The rest of the epoch at hand, from the step at which it stands."""
    recipe, accelerator = training.recipe, training.accelerator
    first = training.step - training.epochs_validated * recipe.steps_per_epoch
    process = (accelerator.process_index, accelerator.num_processes)
    training.model.train()
    on_gpu = accelerator.device.type == "cuda"
    for batch in batches(training.dataset, training.epochs_validated, first, process, pinned=on_gpu):
        if training.should_stop():
            raise Stopped("The training was asked to stop.")
        photos = batch[0].to(accelerator.device, memory_format=torch.channels_last, non_blocking=True)
        masks = batch[1].to(accelerator.device, non_blocking=True)
        with accelerator.autocast():
            logits = training.model(photos)
        loss, parts = detector_loss(logits, masks, recipe.weight_limit)
        accelerator.backward(loss)
        norm = accelerator.clip_grad_norm_(training.model.parameters(), recipe.clip)
        training.optimiser.step()
        training.optimiser.zero_grad(set_to_none=True)
        rate = float(training.schedule.get_last_lr()[0])
        training.schedule.step()
        if training.averaged:
            training.averaged.update(training.network, training.step)
        training.step += 1
        figures: dict[str, float] = {"loss": loss.item(), "gradient_norm": float(norm or 0), "learning_rate": rate}
        _report(training, figures | parts)
        if training.step % recipe.checkpoint_every == 0:
            _save(training)


def _validate(training: _Training) -> None:
    _tell(training, "Validating")
    device = str(training.accelerator.device)
    found = validate(training.kept_network, device, training.pictures, training.validation, training.should_stop)
    training.epochs_validated += 1
    training.tracker.metrics({**found.figures, "threshold": found.threshold}, training.step)
    for key, pixels in found.samples.items():
        training.tracker.picture(key, pixels, training.step)
    if not training.best or found.score > training.best["score"]:
        training.best = {"score": found.score, "threshold": found.threshold, "figures": found.figures}
        if training.accelerator.is_main_process:
            _keep(training, found)


def _keep(training: _Training, found: Validation) -> None:
    checkpoint = Checkpoint(
        kind="detector",
        architecture=architecture_of(training.recipe).to_dict(),
        settings={"threshold": found.threshold},
        provenance={**training.provenance, "step": training.step, "figures": found.figures},
        state=training.kept_network.state_dict(),
    )
    save_checkpoint(training.checkpoint, checkpoint)


def _save(training: _Training) -> None:
    """Everything that a fresh process needs to go on at this very step."""
    if not training.accelerator.is_main_process:
        return
    scaler = training.accelerator.scaler
    save_state(
        training.output / "state",
        {
            "identity": training.identity,
            "step": training.step,
            "epochs_validated": training.epochs_validated,
            "best": training.best,
            "network": training.network.state_dict(),
            "averaged": training.averaged.network.state_dict() if training.averaged else None,
            "optimiser": training.optimiser.state_dict(),
            "schedule": training.schedule.state_dict(),
            "scaler": scaler.state_dict() if scaler else None,
        },
    )


def _go_on(training: _Training) -> None:
    state = load_state(training.output / "state")
    if state is None:
        return
    if state["identity"] != training.identity:
        raise StateError(
            f"{training.output / 'state'}: this training was begun with another recipe or other annotations. "
            "Choose another folder, or go on with what it was begun with."
        )
    training.step, training.epochs_validated = state["step"], state["epochs_validated"]
    training.best = state["best"]
    training.network.load_state_dict(state["network"])
    if training.averaged:
        training.averaged.network.load_state_dict(state["averaged"])
    training.optimiser.load_state_dict(state["optimiser"])
    training.schedule.load_state_dict(state["schedule"])
    if training.accelerator.scaler and state["scaler"]:
        training.accelerator.scaler.load_state_dict(state["scaler"])
    _tell(training, f"Going on at step {training.step} of {training.recipe.steps}")


def _clean(recipe: DetectorRecipe, examples: Sequence[TrainingExample]) -> tuple[list[CleanPhoto], list[CleanPhoto]]:
    """Clean photos, where the recipe wants synthetic pictures or there is nothing else to train on."""
    if recipe.synthetic_share == 0 and any(example.split == "train" for example in examples):
        return [], []
    return clean_photos(recipe.photos, recipe.validation_photos)


def seen_before(recipe: DetectorRecipe) -> set[str]:
    """Hashes of the photos that the weights a training starts from were trained on. Raises CheckpointError."""
    return set(load_checkpoint(Path(recipe.init)).provenance.get("trained_on", [])) if recipe.init else set()


def _tell_what_is_real(examples: Sequence[TrainingExample], tracker: Tracker) -> None:
    real = [example for example in examples if example.is_real]
    judged = sum(example.split == "validation" for example in real)
    tracker.tag("real_annotations", str(len(real)))
    if not judged:
        tracker.tag(
            "real_annotations_note",
            "No real annotations to validate on: the figures say how it does on synthetic defects only, "
            "and nothing about real photos.",
        )


def _identity(recipe: DetectorRecipe, examples: Sequence[TrainingExample], processes: int) -> dict[str, Any]:
    fixed = {key: value for key, value in recipe.to_dict().items() if key not in _FREE}
    known = sorted(f"{example.photo_sha} {example.split} {example.origin}" for example in examples)
    return {"recipe": fixed, "examples": known, "processes": processes}


def _precision(recipe: DetectorRecipe) -> str:
    if recipe.precision != "auto":
        return {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}[recipe.precision]
    if not torch.cuda.is_available():
        return "no"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def _report(training: _Training, figures: dict[str, float]) -> None:
    training.tracker.metrics(figures, training.step)
    if time.monotonic() - training.told_at > _PROGRESS_EVERY_S:
        epoch = min(training.epochs_validated + 1, training.recipe.epochs)
        _tell(training, f"Epoch {epoch} of {training.recipe.epochs}, loss {figures['loss']:.3f}")


def _tell(training: _Training, message: str) -> None:
    training.told_at = time.monotonic()
    training.tracker.progress(training.step / training.recipe.steps, message)


def _best_figures(training: _Training) -> dict[str, float]:
    if not training.best:
        return {}
    return {**training.best["figures"], "threshold": training.best["threshold"]}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Nested fields as dotted names."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return flat
