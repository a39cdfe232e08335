"""What a training does beside its steps: sums gradients up, ends early, counts its waiting, knows what it saw."""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.networks.detector import DetectorNetwork
from tests.support.train_once import RECIPE, LoggingTracker, example
from trainer.detecting import learner
from trainer.detecting.learner import DetectorLearner
from trainer.detecting.recipe import DetectorRecipe, LossSettings
from trainer.detecting.starting import start_network, weight_of_defects
from trainer.errors import TrainerError
from trainer.learning.clean import CleanPhotosError
from trainer.learning.examples import TrainingExample
from trainer.learning.learner import Batch, Validation
from trainer.learning.loop import train_model
from trainer.learning.recipe import RecipeError
from trainer.learning.seen import clean_sides
from trainer.learning.state import StateError, load_state
from trainer.learning.tracker import Tracker

SHORT = replace(RECIPE, workers=0, epochs=1, steps_per_epoch=2, average=0.0)
MEAN = LossSettings(bce=1, dice=0)


class Told(LoggingTracker):
    """Remembers its last words, too."""

    def progress(self, fraction: float | None, message: str) -> None:
        """Keep the message."""
        self.words = message


def _train(recipe: DetectorRecipe, out: Path) -> Told:
    tracker = Told(out.with_suffix(".log"))
    examples = [example("train", "drawn", 90), example("validation", "drawn", 70)]
    train_model(recipe, examples, out, tracker, should_stop=lambda: False)
    return tracker


def _lines(tracker: Told) -> list[dict[str, float]]:
    return [json.loads(line) for line in tracker.log.read_text().splitlines()]


def _without_norms(recipe: DetectorRecipe, tracker: Tracker) -> DetectorNetwork:
    """A network in which a picture does not see its batch."""
    network = start_network(recipe, tracker)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return network


def test_gradients_of_several_batches_sum_up_to_those_of_a_large_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(learner, "start_network", _without_norms)
    alike = replace(SHORT, loss=MEAN, positive_weight="5")
    large = _train(replace(alike, batch=4), tmp_path / "large")
    summed = _train(replace(alike, batch=2, accumulate=2), tmp_path / "summed")
    steps = [[line for line in _lines(told) if "loss" in line] for told in (large, summed)]
    for one, other in zip(*steps, strict=True):
        for key in ("loss", "bce", "gradient_norm"):
            assert one[key] == pytest.approx(other[key], rel=1e-4)
    first, second = (load_state(tmp_path / name / "state") for name in ("large", "summed"))
    assert first is not None
    assert second is not None
    for key, value in first["network"].items():
        torch.testing.assert_close(second["network"][key], value, rtol=1e-3, atol=1e-5, msg=key)


def test_it_ends_when_the_last_validations_were_no_better(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scores = iter((0.5, 0.6, 0.6, 0.55))
    found = {"synthetic/dice": 0.1}
    monkeypatch.setattr(learner, "validate", lambda *_: Validation(found, next(scores), {}, {"threshold": 0.5}))
    recipe = replace(SHORT, epochs=9, steps_per_epoch=1, patience=2)
    tracker = _train(recipe, tmp_path / "out")
    assert sum("threshold" in line for line in _lines(tracker)) == 4
    assert tracker.words.startswith("Trained; no better validation in 2, so it ended early")
    assert load_checkpoint(tmp_path / "out" / "detector.safetensors").provenance["step"] == 2

    assert sum("loss" in line for line in _lines(_train(recipe, tmp_path / "out"))) == 4, "nothing is left to do"


def test_the_share_of_time_spent_waiting_is_a_metric_and_is_told_at_the_end(tmp_path: Path) -> None:
    tracker = _train(SHORT, tmp_path / "out")
    shares = [line["wait_share"] for line in _lines(tracker) if "loss" in line]
    assert len(shares) == 2
    assert all(0 < share < 1 for share in shares)
    assert "waited for pictures" in tracker.words


def test_clean_photos_of_a_folder_are_known_by_their_bytes(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        cv2.imwrite(str(photos / f"{number}.png"), np.full((40, 40, 3), 60 + number, np.uint8))
    _train(replace(SHORT, photos=(str(photos),)), tmp_path / "out")
    trained_on = load_checkpoint(tmp_path / "out" / "detector.safetensors").provenance["trained_on"]
    seen = {hashlib.sha256((photos / f"{number}.png").read_bytes()).hexdigest() for number in (1, 2)}
    assert set(trained_on) == {"traindrawn90", *seen}, "photo 0 is kept for validation"


def test_positive_weight_is_that_of_the_snapshot_its_training_masks_alone() -> None:
    examples = [example("train", "drawn", 90), example("validation", "drawn", 70)]
    recipe = replace(RECIPE, positive_weight="snapshot")
    assert weight_of_defects(recipe, examples) == pytest.approx((40 * 50 - 36) / 36)
    assert weight_of_defects(replace(recipe, weight_limit=3.0), examples) == 3.0
    assert weight_of_defects(replace(recipe, positive_weight="7.5"), examples) == 7.5
    assert weight_of_defects(replace(recipe, positive_weight="batch"), examples) is None
    with pytest.raises(RecipeError, match="no training masks"):
        weight_of_defects(recipe, examples[1:])


def test_what_differs_from_the_training_at_hand_is_named(tmp_path: Path) -> None:
    _train(SHORT, tmp_path / "out")
    with pytest.raises(StateError, match=r"another recipe \(loss\.dice, size\)"):
        _train(replace(SHORT, size=64, loss=LossSettings(dice=0.5)), tmp_path / "out")
    with pytest.raises(StateError, match="other annotations"):
        train_model(SHORT, [], tmp_path / "out", Told(tmp_path / "log"), should_stop=lambda: False)


def test_a_photo_of_one_sides_annotations_is_not_on_the_other_side_as_a_clean_one(tmp_path: Path) -> None:
    for side, numbers in (("train", range(3)), ("val", range(3, 6))):
        (tmp_path / side).mkdir()
        for number in numbers:
            cv2.imwrite(str(tmp_path / side / f"{number}.png"), np.full((40, 40, 3), 60 + number, np.uint8))
    recipe = replace(SHORT, photos=(str(tmp_path / "train"),), validation_photos=(str(tmp_path / "val"),))

    def annotated(split: Literal["train", "validation"], side: str, number: int) -> TrainingExample:
        sha = hashlib.sha256((tmp_path / side / f"{number}.png").read_bytes()).hexdigest()
        return replace(example(split, "drawn", 90), photo_sha=sha)

    examples = [annotated("validation", "train", 1), annotated("train", "val", 4)]
    train, kept = clean_sides(recipe, examples)
    assert [photo.name for photo in train] == ["0.png", "2.png"]
    assert [photo.name for photo in kept] == ["3.png", "5.png"]
    with pytest.raises(CleanPhotosError, match=r"clean photos of validation_photos .* none is left"):
        clean_sides(recipe, [annotated("train", "val", number) for number in range(3, 6)])


def _no_number(loss: torch.Tensor) -> torch.Tensor:
    return loss * math.nan


def _no_slope(loss: torch.Tensor) -> torch.Tensor:
    """The same number, whose gradient is none: a root has no slope at 0."""
    return loss + (loss - loss).sqrt()


@pytest.mark.parametrize(("spoil", "what"), [(_no_number, "loss"), (_no_slope, "gradient")])
def test_what_is_no_number_ends_the_training_and_spoils_no_state(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    spoil: Callable[[torch.Tensor], torch.Tensor],
    what: str,
) -> None:
    recipe = replace(SHORT, steps_per_epoch=3, checkpoint_every=1)
    number = count(1)
    own = DetectorLearner.loss

    def spoilt(self: DetectorLearner, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        loss, parts = own(self, batch)
        return (loss if next(number) == 1 else spoil(loss)), parts

    monkeypatch.setattr(DetectorLearner, "loss", spoilt)
    with pytest.raises(TrainerError, match=rf"The {what} is no longer a number.*learning_rate"):
        _train(recipe, tmp_path / "out")
    state = load_state(tmp_path / "out" / "state")
    assert state is not None
    assert state["step"] == 1
    assert all(torch.isfinite(value).all() for value in state["network"].values())


def test_nothing_to_validate_on_is_said_before_the_training_begins(tmp_path: Path) -> None:
    recipe = replace(SHORT, synthetic_share=0.0)
    train, told = example("train", "drawn", 90), Told(tmp_path / "log")
    with pytest.raises(TrainerError, match=r"nothing to validate on.*synthetic_share"):
        train_model(recipe, [train], tmp_path, told, should_stop=lambda: False)
    intact = replace(example("validation", "drawn", 70), load_mask=lambda: np.zeros((70, 70), np.bool_))
    with pytest.raises(TrainerError, match="None of the 1 pictures of validation has a defect"):
        train_model(recipe, [train, intact], tmp_path, told, should_stop=lambda: False)
    assert not (tmp_path / "state").exists()
