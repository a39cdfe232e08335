"""One recipe on several processes, started by torchrun or by the main one: here two on a CPU, talking over gloo."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.train_once import RECIPE
from trainer.learning.loop import train_model
from trainer.learning.recipe import RecipeError
from trainer.learning.state import load_state
from trainer.learning.tracker import NullTracker

ROOT = Path(__file__).parents[2]
MODULE = "tests.support.train_together"
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", MODULE]
pytestmark = pytest.mark.timeout(1200)


def _train(command: list[str], out: Path, changes: dict[str, Any], stop_after: int = 0) -> list[dict[str, Any]]:
    words = [*command, str(out), json.dumps(changes), str(stop_after)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return sorted(said, key=lambda outcome: int(outcome["rank"]))


def _log(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.with_name(f"{out.name}.0.log").read_text().splitlines()]


def _state(out: Path) -> dict[str, Any]:
    state = load_state(out / "state")
    assert state is not None
    return state


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    out = tmp_path_factory.mktemp("together") / "out"
    return out, _train(TOGETHER, out, {"norm": "inplace", "batch": 2})


def test_only_the_main_process_writes_and_tells(together: tuple[Path, list[dict[str, Any]]]) -> None:
    out, outcomes = together
    assert [outcome["stopped"] for outcome in outcomes] == [False, False]
    assert outcomes[0]["metrics"] == outcomes[1]["metrics"]
    assert [line["step"] for line in _log(out) if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert sorted(path.name for path in out.parent.iterdir()) == ["out", "out.0.log"]
    assert sorted(path.name for path in out.iterdir()) == ["detector.safetensors", "state"]
    assert {"tag": "batch_statistics", "value": "of 2 processes together"} in _log(out)
    assert {"tag": "in_place_kernel", "value": "native"} in _log(out)  # the extension knows nothing of our processes


def test_a_process_that_leads_another_trains_what_torchrun_trains(
    together: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = _train([sys.executable, "-m", MODULE], out, {"norm": "inplace", "batch": 2, "processes": 2})
    assert [outcome["rank"] for outcome in told] == [0]
    assert told[0]["metrics"] == together[1][0]["metrics"]
    assert sorted(path.name for path in out.parent.iterdir()) == ["out", "out.0.log"]
    for key, value in _state(together[0])["network"].items():
        torch.testing.assert_close(_state(out)["network"][key], value, msg=key)


def test_what_only_a_companion_meets_is_told_in_its_words(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.train_badly_together", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"TrainerError": "old.jpg: this photo is there for the main process alone."}


def test_a_main_process_that_does_not_notice_the_death_of_another_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.train_badly_together", str(tmp_path / "out"), "stuck"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "A process of the training died, and the others wait for it: the training ends." in done.stderr


def test_two_processes_of_two_pictures_are_one_of_four(tmp_path: Path) -> None:
    """One step: with statistics over all processes and a loss that is a mean, only the order of sums differs. On photos
    of one tone that turns whole areas of activations and moves the gradient by a few thousandths; with statistics apart
    it moves by a fifth."""
    once = {"norm": "inplace", "epochs": 1, "steps_per_epoch": 1}
    two, one = tmp_path / "two", tmp_path / "one"
    _train(TOGETHER, two, {**once, "batch": 2})
    _train([sys.executable, "-m", MODULE], one, {**once, "batch": 4})
    norms = [next(line["gradient_norm"] for line in _log(out) if "loss" in line) for out in (two, one)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-2)
    statistics = [
        {key: value for key, value in _state(out)["network"].items() if "running" in key} for out in (two, one)
    ]
    assert statistics[0]
    torch.testing.assert_close(statistics[0], statistics[1], rtol=1e-3, atol=1e-5)


def test_a_wish_to_stop_in_one_process_stops_all_and_the_same_command_goes_on(
    together: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    out, changes = tmp_path / "out", {"norm": "inplace", "batch": 2}
    assert [outcome["stopped"] for outcome in _train(TOGETHER, out, changes, stop_after=2)] == [True, True]
    assert _state(out)["step"] == 2
    _train(TOGETHER, out, changes)
    assert [line["step"] for line in _log(out) if "loss" in line] == [1, 2, 3, 4, 5, 6]
    for key, value in _state(together[0])["network"].items():
        torch.testing.assert_close(_state(out)["network"][key], value, msg=key)


def test_batch_normalisation_on_cpus_is_each_process_s_own_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _train(TOGETHER, out, {"batch": 2, "epochs": 1, "steps_per_epoch": 2})
    tags = {line["tag"]: line["value"] for line in _log(out) if "tag" in line}
    assert "each process's own" in tags["batch_statistics"]
    assert "in_place_kernel" not in tags


def test_more_processes_than_gpus_or_another_number_than_torchrun_s_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, processes=3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(RecipeError, match=r"'processes' is 3, and this machine has 2 GPUs"):
        train_model(recipe, [], tmp_path, NullTracker(), should_stop=lambda: False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RecipeError, match="torchrun started 2"):
        train_model(recipe, [], tmp_path, NullTracker(), should_stop=lambda: False)
