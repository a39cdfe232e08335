"""Training a colorizer: it learns, it is kept, and it goes on exactly where it was, discriminator and all."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.colorizer import Colorizer
from inference.colour import quantised, to_rgb
from inference.networks.colorizer import RESNET50
from inference.png import encode_png
from tests.support.colour_once import RECIPE, train
from tests.support.train_once import LoggingTracker, example
from trainer.colouring.discriminator import Diverged
from trainer.colouring.recipe import ColorizerRecipe, ColourLossSettings
from trainer.colouring.starting import architecture_of, start_network
from trainer.errors import WrongUse
from trainer.learning.loop import train_model
from trainer.learning.reading import load_recipe
from trainer.learning.state import load_state
from trainer.learning.tracker import NullTracker

pytestmark = pytest.mark.timeout(600)


def _lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def _equal(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(_equal(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return isinstance(other, list | tuple) and all(_equal(a, b) for a, b in zip(one, other, strict=True))
    return one == other


def test_a_stopped_training_goes_on_bit_for_bit_with_its_discriminator(tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    whole.mkdir()
    halves.mkdir()
    assert not train(whole, whole / "log", 0).stopped
    assert train(halves, halves / "first", 4).stopped
    assert not train(halves, halves / "second", 0).stopped

    assert [line["step"] for line in _lines(halves / "second") if "loss" in line] == [5, 6]
    first, second = load_state(whole / "state"), load_state(halves / "state")
    assert first is not None
    assert second is not None
    for part in ("network", "averaged", "learner", "optimiser"):
        assert _equal(first[part], second[part]), part
    assert set(first["learner"]) == {"discriminator", "discriminator_optimiser", "balance"}
    rate = first["learner"]["discriminator_optimiser"]["param_groups"][0]["lr"]
    assert rate == pytest.approx(RECIPE.discriminator_rate * RECIPE.rate_share(5)), "it falls as the network's does"
    assert (whole / "colorizer.safetensors").read_bytes() == (halves / "colorizer.safetensors").read_bytes()


def test_what_is_kept_colours_photos_and_what_was_told_can_be_read(tmp_path: Path) -> None:
    train(tmp_path, tmp_path / "log", 0)
    colorizer = Colorizer.load(tmp_path / "colorizer.safetensors")
    assert colorizer.side == 32
    assert load_checkpoint(tmp_path / "colorizer.safetensors").provenance["recipe"]["loss"]["rarity"] == 0.3
    told = _lines(tmp_path / "log")
    step = next(line for line in told if "loss" in line)
    assert {"l1_loss", "adversarial_loss", "discriminator_loss", "discriminator_right"} <= step.keys()
    names = {key for line in told for key in line}
    assert {"general/ciede2000", "general/grey_ciede2000", "general/mean_colour_mse"} <= names
    assert any(line.get("tag") == "dull_photos" for line in told)
    assert any("picture" in line for line in told)


def test_it_learns_the_one_colour_that_there_is(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for each in range(4):
        luma = cv2.resize(chance.random((5, 6), np.float32), (60, 50)) * np.float32(0.4) + np.float32(0.3)
        pixels = quantised(to_rgb(luma, np.full((50, 60, 2), (-0.08, 0.12), np.float32)), np.dtype(np.uint8))
        (tmp_path / "photos" / f"{each}.png").write_bytes(encode_png(pixels))
    recipe = replace(RECIPE, photos=(str(tmp_path / "photos"),), epochs=1, steps_per_epoch=60, learning_rate=1e-2,
                     loss=ColourLossSettings(rarity=0.3), average=0.0)  # fmt: skip
    train(tmp_path, tmp_path / "log", 0, recipe)
    losses = [float(str(line["loss"])) for line in _lines(tmp_path / "log") if "loss" in line]
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
    figures = load_checkpoint(tmp_path / "colorizer.safetensors").provenance["figures"]
    grey = next(line for line in _lines(tmp_path / "log") if "general/grey_mse" in line)
    assert figures["general/mse"] < 0.5 * float(str(grey["general/grey_mse"]))


def test_a_perceptual_loss_says_whose_features_it_compares(tmp_path: Path) -> None:
    detector = Path(__file__).parents[2] / "inference/shipped/detector.safetensors"
    losses = ColourLossSettings(l1=0, perceptual=1.0)
    train(tmp_path, tmp_path / "log", 1, replace(RECIPE, loss=losses, features=str(detector)))
    told = _lines(tmp_path / "log")
    assert any(line.get("tag") == "features" and "detector" in str(line["value"]) for line in told)
    assert any("perceptual_loss" in line for line in told)


def test_a_prize_for_colour_makes_the_colours_stronger(tmp_path: Path) -> None:
    amounts = {}
    for prize in (0.0, 3.0):
        losses = ColourLossSettings(l1=0, difference=1.0, colourfulness=prize)
        recipe = replace(RECIPE, loss=losses, epochs=1, steps_per_epoch=30, learning_rate=1e-2, average=0.0)
        (tmp_path / str(prize)).mkdir()
        train(tmp_path / str(prize), tmp_path / str(prize) / "log", 0, recipe)
        steps = [line for line in _lines(tmp_path / str(prize) / "log") if "loss" in line]
        assert all(
            float(str(line["loss"]))
            == pytest.approx(float(str(line["difference_loss"])) - prize * float(str(line["colour_amount"])), abs=1e-5)
            for line in steps
        )
        amounts[prize] = sum(float(str(line["colour_amount"])) for line in steps[-10:]) / 10
    assert amounts[3.0] > 2 * amounts[0.0]


def test_a_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="not from annotations"):
        train_model(
            RECIPE, [example("train", "drawn", 90)], tmp_path, LoggingTracker(tmp_path / "log"),
            should_stop=lambda: False,
        )  # fmt: skip


def test_a_training_that_diverges_stops_with_a_message(tmp_path: Path) -> None:
    broken = replace(RECIPE, init=str(tmp_path / "start.safetensors"))
    train(tmp_path / "first", tmp_path / "log0", 0, RECIPE)
    kept = load_checkpoint(tmp_path / "first" / "colorizer.safetensors")
    lost = {key: value * float("nan") if value.is_floating_point() else value for key, value in kept.state.items()}
    save_checkpoint(
        tmp_path / "start.safetensors", Checkpoint("colorizer", kept.architecture, kept.settings, {}, lost)
    )  # fmt: skip
    with pytest.raises(Diverged, match="lower learning_rate"):
        train(tmp_path / "second", tmp_path / "log1", 0, broken)


def test_the_published_network_is_a_recipe_by_name() -> None:
    assert architecture_of(load_recipe(ColorizerRecipe, Path("resnet50"))) == RESNET50


def test_a_frozen_encoder_stays_as_it_starts(tmp_path: Path) -> None:
    recipe = replace(
        RECIPE, encoder="resnet18", levels=(), decoder_channels=(8, 8, 8, 8), frozen=True, size=64, average=0.0
    )  # fmt: skip
    start = start_network(recipe, NullTracker()).state_dict()
    train(tmp_path, tmp_path / "log", 0, recipe)
    kept = load_checkpoint(tmp_path / "colorizer.safetensors").state
    changed = {key for key, value in kept.items() if not torch.equal(value, start[key])}
    assert changed
    assert not any(key.startswith("unet.encoder.") for key in changed)
