"""Training an inpainter: it learns, in two phases, and goes on exactly where it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.inpainter import Inpainter
from inference.networks.inpainter import LIU2018
from tests.support.train_once import LoggingTracker, example
from trainer.inpainting.learner import InpainterLearner
from trainer.inpainting.losses import FillLoss
from trainer.inpainting.recipe import FillLossSettings, InpainterRecipe
from trainer.inpainting.starting import SHARES, architecture_of, scales_for, start_network
from trainer.learning.features import Features
from trainer.learning.loop import TrainingOutcome, train_model
from trainer.learning.reading import load_recipe
from trainer.learning.recipe import RecipeError
from trainer.learning.seen import clean_sides
from trainer.learning.state import load_state
from trainer.learning.tracker import NullTracker

pytestmark = pytest.mark.timeout(900)
PIXELS = FillLossSettings(perceptual=0.0, style=0.0)
RECIPE = InpainterRecipe(
    channels=(6, 8), kernels=(3, 3), decoder_channels=(6,), convolutions=1, fine=4, size=32, batch=2, epochs=2,
    steps_per_epoch=3, warmup_steps=1, checkpoint_every=2, validation_pictures=6, average=0.9, workers=0, threads=1,
    seed=11, second_share=0.34, loss=PIXELS, largest_hole=40,
)  # fmt: skip


def train(out: Path, log: str, stop_after: int = 0, recipe: InpainterRecipe = RECIPE) -> TrainingOutcome:
    """Train on the sample photos, with the mask of one annotated photo."""
    out.mkdir(exist_ok=True)
    tracker = LoggingTracker(out / log)
    return train_model(
        recipe, [example("train", "drawn", 90)], out, tracker,
        should_stop=lambda: bool(stop_after) and tracker.steps_seen >= stop_after,
    )  # fmt: skip


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    assert not train(out, "log").stopped
    return out


@pytest.mark.parametrize("stop_after", [2, 5])
def test_a_stopped_training_goes_on_bit_for_bit_in_either_phase(whole: Path, tmp_path: Path, stop_after: int) -> None:
    assert train(tmp_path, "first", stop_after).stopped
    assert not train(tmp_path, "second").stopped
    assert [line["step"] for line in lines(tmp_path / "second") if "loss" in line] == list(range(stop_after + 1, 7))
    first, second = load_state(whole / "state"), load_state(tmp_path / "state")
    assert first is not None
    assert second is not None
    for part in ("network", "averaged"):
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    assert (whole / "inpainter.safetensors").read_bytes() == (tmp_path / "inpainter.safetensors").read_bytes()


def test_what_is_kept_fills_photos_and_knows_its_largest_hole(whole: Path) -> None:
    assert Inpainter.load(whole / "inpainter.safetensors").largest_hole == 40
    told = lines(whole / "log")
    names = {key for line in told for key in line}
    assert {"0-10/psnr", "50-60/ssim", "10-20/psnr_navier_stokes", "hole_loss", "total_variation_loss"} <= names
    assert any(line.get("tag") == "features" and "off" in str(line["value"]) for line in told)
    assert any("picture" in line for line in told)


def test_the_encoder_keeps_its_statistics_in_the_second_phase(tmp_path: Path) -> None:
    train(tmp_path, "first", 4)  # the second phase begins after step 4 of 6
    before = load_state(tmp_path / "state")
    train(tmp_path, "second")
    after = load_state(tmp_path / "state")
    assert before is not None
    assert after is not None
    means = [key for key in before["network"] if key.endswith("running_mean")]
    for key in means:
        same = torch.equal(before["network"][key], after["network"][key])
        assert same == key.startswith("encoder."), key


def test_the_first_phase_moves_them(tmp_path: Path) -> None:
    learner = InpainterLearner.start(RECIPE, [], clean_sides(RECIPE, []), NullTracker())
    assert isinstance(learner.network, nn.Module)
    learner.begin(0)
    assert all(norm.training for norm in learner.network.encoder_norms())  # type: ignore[operator, union-attr]
    learner.begin(RECIPE.second_phase)
    assert not any(norm.training for norm in learner.network.encoder_norms())  # type: ignore[operator, union-attr]


def test_it_learns(tmp_path: Path) -> None:
    """The published form, which has to find every colour by itself."""
    recipe = replace(RECIPE, epochs=1, steps_per_epoch=60, batch=4, learning_rate=5e-3, second_share=0.0, average=0.0,
                     form="published", loss=replace(PIXELS, total_variation=0.0))  # fmt: skip
    train(tmp_path, "log", recipe=recipe)
    losses = [float(str(line["loss"])) for line in lines(tmp_path / "log") if "loss" in line]
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def _features() -> Features:
    torch.manual_seed(0)
    return Features("three layers for a test", [nn.Conv2d(before, 4, 3, padding=1) for before in (3, 4, 4)])


def test_other_features_get_weights_that_give_each_term_its_share() -> None:
    network = start_network(RECIPE, NullTracker())
    pictures = InpainterLearner.start(RECIPE, [], clean_sides(RECIPE, []), NullTracker()).pictures
    examples = [pictures[index] for index in range(2)]
    loss = FillLoss(FillLossSettings(), _features())
    loss.scales = scales_for(loss, network, examples)  # type: ignore[arg-type]
    true, valid = (torch.stack(each) for each in zip(*examples, strict=True))
    with torch.no_grad():
        parts = loss.parts(network.eval()(true, valid), true, valid)
        whole = sum(loss.weight(name) * float(part) for name, part in parts.items())
    for name, share in SHARES.items():
        assert loss.weight(name) * float(parts[name]) / whole == pytest.approx(share, rel=1e-4)


def test_a_logarithm_below_nothing_turns_no_feature_loss_round() -> None:
    network = start_network(RECIPE, NullTracker())
    pictures = InpainterLearner.start(RECIPE, [], clean_sides(RECIPE, []), NullTracker()).pictures
    examples = [pictures[index] for index in range(2)]
    plain, raised = (
        scales_for(FillLoss(settings, _features()), network, examples)  # type: ignore[arg-type]
        for settings in (FillLossSettings(), FillLossSettings(logarithm=2.0))
    )
    for name in SHARES:
        assert raised[name] > plain[name] > 0


def test_other_features_are_told_and_their_weights_kept(tmp_path: Path) -> None:
    recipe = replace(RECIPE, loss=FillLossSettings(), epochs=1, steps_per_epoch=2, features=str(shipped_detector()))
    train(tmp_path, "log", recipe=recipe)
    told = {str(line["tag"]): str(line["value"]) for line in lines(tmp_path / "log") if "tag" in line}
    assert told["features"].startswith("encoder of detector")
    assert "style ×" in told["feature_weights"]
    state = load_state(tmp_path / "state")
    assert state is not None
    assert set(state["learner"]["scales"]) == {"perceptual", "style"}
    assert state["learner"]["scales"]["style"] != 1.0


def shipped_detector() -> Path:
    from inference.shipped import shipped_path

    return shipped_path("detector")


def test_it_starts_from_weights_of_the_same_network_only(whole: Path) -> None:
    first = str(whole / "inpainter.safetensors")
    network = start_network(replace(RECIPE, init=first), NullTracker())
    kept = load_checkpoint(Path(first)).state
    assert all(torch.equal(value, kept[key]) for key, value in network.state_dict().items())
    with pytest.raises(RecipeError, match="another network"):
        start_network(replace(RECIPE, init=first, convolutions=2), NullTracker())


def test_weights_of_a_narrower_network_are_made_wider_and_it_is_told(whole: Path, tmp_path: Path) -> None:
    first = str(whole / "inpainter.safetensors")
    recipe = replace(RECIPE, init=first, channels=(6, 12), fine=8)
    train(tmp_path, "log", stop_after=1, recipe=recipe)
    assert {"tag": "start", "value": f"weights of {first}, made wider"} in lines(tmp_path / "log")
    network = start_network(recipe, NullTracker())
    kept = load_checkpoint(Path(first)).state["encoder.levels.1.0.partial.conv.weight"]
    assert torch.equal(network.encoder.levels[1][0].partial.conv.weight[:8], kept)  # type: ignore[index,union-attr]
    with pytest.raises(RecipeError, match="another network"):
        start_network(replace(RECIPE, init=first, channels=(4, 12)), NullTracker())


def test_the_published_recipe_trains_the_published_network() -> None:
    recipe = load_recipe(InpainterRecipe, Path("liu2018"))
    assert architecture_of(recipe) == replace(LIU2018, fine=recipe.fine)
    assert recipe.loss == FillLossSettings()
    assert recipe.rate_share(0) == 1.0
    assert recipe.learning_rate * recipe.rate_share(recipe.second_phase) == pytest.approx(5e-5)
