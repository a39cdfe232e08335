"""A detector that learns from another one beside its masks."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.errors import CheckpointError
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.shipped import shipped_path
from tests.support.train_once import RECIPE, LoggingTracker, example, train
from trainer.detecting.recipe import DetectorRecipe, LossSettings
from trainer.detecting.teacher import Teacher, teacher_loss
from trainer.learning.loop import train_model
from trainer.learning.reading import load_recipe
from trainer.learning.recipe import RecipeError
from trainer.learning.state import StateError

SHORT = replace(RECIPE, workers=0, epochs=1, steps_per_epoch=25, learning_rate=1e-2, average=0.0)
BY_THE_TEACHER_ALONE = LossSettings(bce=0, dice=0, teacher=1.0)


def _teacher(path: Path, level: float, trained_on: Sequence[str] = ()) -> Path:
    """A detector of another architecture that says the same of every pixel: a logit of `level`."""
    architecture = DetectorArchitecture(encoder="folded", decoder_channels=(8, 8, 8, 8, 8))
    network = build_detector(architecture)
    head = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d) and module.out_channels == 1]
    with torch.no_grad():
        for layer in head:
            layer.weight.zero_()
            layer.bias.fill_(level / len(head))
    provenance = {"trained_on": list(trained_on)}
    checkpoint = Checkpoint("detector", architecture.to_dict(), {"threshold": 0.5}, provenance, network.state_dict())
    save_checkpoint(path, checkpoint)
    return path


def _train(recipe: DetectorRecipe, out: Path) -> list[dict[str, float]]:
    out.mkdir()
    tracker = LoggingTracker(out / "log")
    examples = [example("train", "drawn", 90), example("validation", "drawn", 70)]
    train_model(recipe, examples, out, tracker, should_stop=lambda: False)
    lines = [json.loads(line) for line in (out / "log").read_text().splitlines()]
    return [line for line in lines if "loss" in line]


def test_what_the_teacher_says_is_learned_and_told(tmp_path: Path) -> None:
    sides = {}
    for name, level in (("sure", 3.0), ("unsure", -3.0)):
        teacher = _teacher(tmp_path / f"{name}.safetensors", level)
        recipe = replace(SHORT, teacher=str(teacher), loss=BY_THE_TEACHER_ALONE)
        steps = _train(recipe, tmp_path / name)
        assert all(step["loss"] == pytest.approx(step["teacher_loss"]) for step in steps)
        assert steps[-1]["teacher_loss"] < 0.7 * steps[0]["teacher_loss"]
        kept = Teacher.load(tmp_path / name / "detector.safetensors")
        sides[name] = float(kept(torch.full((1, 3, 32, 32), 0.4)).mean())
        assert load_checkpoint(tmp_path / name / "detector.safetensors").provenance["recipe"]["teacher"] == str(teacher)
    assert sides["sure"] > 0.6
    assert sides["unsure"] < 0.4


def test_the_teacher_counts_beside_the_masks(tmp_path: Path) -> None:
    teacher = _teacher(tmp_path / "teacher.safetensors", 0.0)
    recipe = replace(SHORT, steps_per_epoch=2, teacher=str(teacher), loss=LossSettings(teacher=2.0))
    for step in _train(recipe, tmp_path / "out"):
        assert step["loss"] == pytest.approx(step["bce"] + step["dice_loss"] + 2 * step["teacher_loss"], rel=1e-5)


def test_photos_that_the_teacher_was_trained_on_stay_known(tmp_path: Path) -> None:
    teacher = _teacher(tmp_path / "teacher.safetensors", 0.0, ["seen by the teacher"])
    recipe = replace(SHORT, steps_per_epoch=1, teacher=str(teacher), loss=LossSettings(teacher=1.0))
    _train(recipe, tmp_path / "taught")
    trained_on = load_checkpoint(tmp_path / "taught" / "detector.safetensors").provenance["trained_on"]
    assert {"seen by the teacher", "traindrawn90"} <= set(trained_on)


def test_a_training_does_not_go_on_when_its_teachers_file_was_replaced(tmp_path: Path) -> None:
    teacher = _teacher(tmp_path / "teacher.safetensors", 0.0)
    first = teacher.read_bytes()
    recipe = replace(SHORT, steps_per_epoch=2, teacher=str(teacher), loss=LossSettings(teacher=1.0))
    train(tmp_path / "out", tmp_path / "log", 1, recipe)
    _teacher(teacher, 3.0)
    with pytest.raises(StateError, match="begun with another teacher, whose file was replaced"):
        train(tmp_path / "out", tmp_path / "log", 0, recipe)
    teacher.write_bytes(first)
    assert train(tmp_path / "out", tmp_path / "log", 0, recipe).checkpoint is not None


def test_a_teacher_never_changes_and_can_be_the_one_that_ships() -> None:
    teacher = Teacher.load(shipped_path("detector")).train()
    assert not any(module.training for module in teacher.modules())
    photos = torch.rand(1, 3, 64, 64, requires_grad=True)
    probability = teacher(photos)
    assert probability.shape == (1, 1, 64, 64)
    assert not probability.requires_grad
    assert not any(weights.requires_grad for weights in teacher.parameters())
    state = load_checkpoint(shipped_path("detector")).state
    assert all(torch.equal(state[key], value.to(state[key])) for key, value in teacher.network.state_dict().items())


def test_cross_entropy_is_least_at_what_the_teacher_says() -> None:
    probability = torch.tensor([0.1, 0.5, 0.8]).view(1, 1, 1, 3)
    logits = torch.logit(probability).requires_grad_()
    teacher_loss(logits, probability).backward()
    assert logits.grad.abs().max() < 1e-6
    assert teacher_loss(logits.detach() + 0.5, probability) > teacher_loss(logits.detach(), probability)


@pytest.mark.parametrize("overrides", [["teacher=shipped"], ["loss.teacher=1"]])
def test_a_teacher_and_its_weight_go_together(overrides: list[str]) -> None:
    with pytest.raises(RecipeError, match=r"loss\.teacher"):
        load_recipe(DetectorRecipe, None, overrides)


def test_a_teacher_that_is_none_is_named(tmp_path: Path) -> None:
    inpainter = shipped_path("inpainter")
    for path, says in ((tmp_path / "gone.safetensors", "gone.safetensors"), (inpainter, "give one of a detector")):
        recipe = replace(SHORT, teacher=str(path), loss=LossSettings(teacher=1.0))
        with pytest.raises(CheckpointError, match=says):
            _train(recipe, tmp_path / path.stem)


def test_the_path_of_a_teacher_becomes_whole() -> None:
    taught = DetectorRecipe(teacher="heavy.safetensors", loss=LossSettings(teacher=1.0))
    assert Path(taught.with_whole_paths().teacher).is_absolute()
    assert replace(taught, teacher="shipped").with_whole_paths().teacher == "shipped"
