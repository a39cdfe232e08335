"""A training that was stopped or killed in the middle of an epoch goes on exactly where it was."""

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference.checkpoint import load_checkpoint
from tests.support.train_once import RECIPE, LoggingTracker, example, train
from tests.support.waiting import wait_for
from trainer.detecting.recipe import DetectorRecipe
from trainer.detecting.starting import start_network
from trainer.learning import loop
from trainer.learning.loop import train_model
from trainer.learning.recipe import RecipeError
from trainer.learning.state import StateError, load_state

PACKAGED = [f"packaged:{name}" for name in ("astronaut", "camera", "china", "flower", "grace_hopper", "rocket")]
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)


def _command(out: Path, log: Path, stop_after: int) -> list[str]:
    return [sys.executable, "-m", "tests.support.train_once", str(out), str(log), str(stop_after)]


def _train(out: Path, log: Path, stop_after: int = 0) -> dict[str, object]:
    done = subprocess.run(_command(out, log, stop_after), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _steps(log: Path) -> list[int]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["step"] for line in lines if "loss" in line]


def _losses(log: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines if "loss" in line}


def _same(one: Path, other: Path) -> None:
    first, second = load_state(one / "state"), load_state(other / "state")
    assert first is not None
    assert second is not None
    assert (first["step"], first["epochs_validated"], first["best"]) == (
        second["step"],
        second["epochs_validated"],
        second["best"],
    )
    for part in ("network", "averaged"):
        assert first[part].keys() == second[part].keys()
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    moments = [state["optimiser"]["state"] for state in (first, second)]
    for number, values in moments[0].items():
        assert all(torch.equal(values[key], moments[1][number][key]) for key in values)
    assert (one / "detector.safetensors").read_bytes() == (other / "detector.safetensors").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("uninterrupted")
    assert _train(out, out / "log")["stopped"] is False
    assert _steps(out / "log") == [1, 2, 3, 4, 5, 6]
    return out


def test_stopped_and_gone_on_in_a_fresh_process_gives_the_same_weights(uninterrupted: Path, tmp_path: Path) -> None:
    assert _train(tmp_path, tmp_path / "first", stop_after=4)["stopped"] is True
    assert _steps(tmp_path / "first") == [1, 2, 3, 4]

    assert _train(tmp_path, tmp_path / "second")["stopped"] is False

    assert _steps(tmp_path / "second") == [5, 6]
    assert _losses(tmp_path / "first") | _losses(tmp_path / "second") == _losses(uninterrupted / "log")
    _same(tmp_path, uninterrupted)


def test_killed_and_gone_on_repeats_only_what_was_not_saved(uninterrupted: Path, tmp_path: Path) -> None:
    log = tmp_path / "first"
    process = subprocess.Popen(_command(tmp_path, log, 0), cwd=ROOT, start_new_session=True)
    try:
        wait_for(lambda: process.poll() is not None or len(_steps_so_far(log)) >= 2, "the second step")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    seen = _steps_so_far(log)
    assert len(seen) >= 2

    assert _train(tmp_path, tmp_path / "second")["stopped"] is False

    again = _steps(tmp_path / "second")
    assert again == list(range(7 - len(again), 7))
    assert again == [] or again[0] >= len(seen) - RECIPE.checkpoint_every + 1
    for step, loss in _losses(tmp_path / "second").items():
        assert loss == _losses(uninterrupted / "log")[step]
    _same(tmp_path, uninterrupted)


def _steps_so_far(log: Path) -> list[int]:
    """Steps in complete lines of a log that is being written."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [json.loads(line)["step"] for line in lines if '"loss"' in line]


def test_a_finished_training_has_nothing_left_to_do(uninterrupted: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcome = train(uninterrupted, log, 0, replace(RECIPE, workers=0))
    assert _steps(log) == []
    assert not outcome.stopped
    assert outcome.metrics["synthetic/photos"] == 2


def test_what_a_training_tells_and_keeps(uninterrupted: Path) -> None:
    lines = [json.loads(line) for line in (uninterrupted / "log").read_text().splitlines()]
    tags = {line["tag"]: line["value"] for line in lines if "tag" in line}
    validated = [line for line in lines if "synthetic/dice" in line]
    pictures = [line for line in lines if "picture" in line]
    checkpoint = load_checkpoint(uninterrupted / "detector.safetensors")

    assert tags["real_annotations"] == "2"
    assert "real_annotations_note" not in tags
    assert [line["step"] for line in validated] == [3, 6]
    assert all(0 <= line["real/dice"] <= 1 and line["real/photos"] == 1 for line in validated)
    assert {line["picture"] for line in pictures} == {"synthetic samples", "real samples"}
    assert 0 < checkpoint.settings["threshold"] < 1
    assert checkpoint.provenance["trained_on"] == [*PACKAGED, "traindrawn90", "trainsynthetic60"]
    assert checkpoint.provenance["validated_on"] == ["validationdrawn70"]
    assert checkpoint.provenance["recipe"] == RECIPE.to_dict()


def test_without_real_annotations_a_sentence_stands_where_figures_would(tmp_path: Path) -> None:
    recipe = replace(RECIPE, workers=0, epochs=1, steps_per_epoch=1)
    tracker = LoggingTracker(tmp_path / "log")
    examples = [example("train", "synthetic", 60), example("validation", "synthetic", 90)]
    outcome = train_model(recipe, examples, tmp_path / "out", tracker, should_stop=lambda: False)
    text = tracker.log.read_text()
    assert '"real_annotations", "value": "0"' in text
    assert "nothing about real photos" in text
    assert "real/" not in text
    assert outcome.metrics["synthetic/photos"] == 3
    assert not any(key.startswith("real") for key in outcome.metrics)


def test_another_recipe_or_damaged_state_is_not_gone_on_with(tmp_path: Path) -> None:
    recipe = replace(RECIPE, workers=0, epochs=1, steps_per_epoch=1)
    train(tmp_path / "out", tmp_path / "log", 0, recipe)
    with pytest.raises(StateError, match="another recipe"):
        train(tmp_path / "out", tmp_path / "log", 0, replace(recipe, learning_rate=0.01))
    (tmp_path / "out" / "state" / "state.pt").write_bytes(b"half a state")
    with pytest.raises(StateError, match=r"state\.pt.*damaged"):
        train(tmp_path / "out", tmp_path / "log", 0, recipe)


def test_a_training_does_not_go_on_when_its_clean_photos_have_changed(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(1, 10):
        cv2.imwrite(str(photos / f"{number}.png"), np.full((40, 40, 3), 20 * number, np.uint8))
    recipe = replace(RECIPE, workers=0, epochs=1, steps_per_epoch=2, photos=(str(photos),))
    train(tmp_path / "out", tmp_path / "log", 1, recipe)
    cv2.imwrite(str(photos / "0.png"), np.full((40, 40, 3), 250, np.uint8))
    with pytest.raises(StateError, match="other clean photos"):
        train(tmp_path / "out", tmp_path / "log", 0, recipe)
    (photos / "0.png").unlink()
    assert train(tmp_path / "out", tmp_path / "log", 0, recipe).checkpoint is not None


def test_a_process_that_reads_no_state_goes_on_with_its_chance_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The main one reads for all. What drops out at random in the others would else be what did at the beginning."""
    train(tmp_path / "out", tmp_path / "log", 1, replace(RECIPE, workers=0))
    saved = load_state(tmp_path / "out" / "state")
    assert saved is not None
    torch.manual_seed(99)
    saved["chance"]["torch"] = torch.get_rng_state()
    found: list[torch.Tensor] = []
    monkeypatch.setattr("trainer.learning.training.from_main", lambda *_: saved)
    monkeypatch.setattr(loop, "_train", lambda _: not found.append(torch.get_rng_state()))
    assert train(tmp_path / "out", tmp_path / "log", 0, replace(RECIPE, workers=0)).stopped
    assert torch.equal(found[0], saved["chance"]["torch"])


def test_stopped_before_the_first_validation_there_is_no_model_yet(tmp_path: Path) -> None:
    outcome = train(tmp_path / "out", tmp_path / "log", 1, replace(RECIPE, workers=0))
    assert (outcome.checkpoint, outcome.metrics, outcome.stopped) == (None, {}, True)


def test_a_training_starts_from_a_checkpoint_and_says_so(uninterrupted: Path, tmp_path: Path) -> None:
    weights = uninterrupted / "detector.safetensors"
    tracker = LoggingTracker(tmp_path / "log")
    network = start_network(replace(RECIPE, init=str(weights)), tracker)
    state = load_checkpoint(weights).state
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
    assert "detector.safetensors" in tracker.log.read_text()
    with pytest.raises(RecipeError, match="another network"):
        start_network(replace(RECIPE, init=str(weights), decoder_channels=(4, 4, 4, 4, 4)), tracker)


def test_photos_that_the_first_weights_were_trained_on_stay_known(uninterrupted: Path, tmp_path: Path) -> None:
    weights = uninterrupted / "detector.safetensors"
    recipe = replace(RECIPE, init=str(weights), workers=0, epochs=1, steps_per_epoch=1)
    outcome = train_model(recipe, [], tmp_path, LoggingTracker(tmp_path / "log"), should_stop=lambda: False)
    assert outcome.checkpoint is not None
    trained_on = load_checkpoint(outcome.checkpoint).provenance["trained_on"]
    assert trained_on == [*PACKAGED, "traindrawn90", "trainsynthetic60"]


def test_pretrained_weights_that_cannot_be_had_are_said_and_the_start_is_the_same_each_time(
    tmp_path: Path,
) -> None:
    recipe: DetectorRecipe = replace(RECIPE, pretrained=True)
    tracker = LoggingTracker(tmp_path / "log")
    one, other = start_network(recipe, tracker), start_network(recipe, tracker)
    assert "random weights: Encoder 'plain' has no pretrained weights" in tracker.log.read_text()
    for first, second in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second)
    assert not any(math.isnan(float(value.detach().sum())) for value in one.parameters())
