"""Recipes: every shipped one parses, every wrong one says which field."""

import subprocess
import sys
from pathlib import Path

import pytest

import trainer
from inference.networks.detector import ALBUNET18
from trainer.detecting.recipe import DetectorRecipe, LossSettings
from trainer.detecting.starting import architecture_of
from trainer.errors import WrongUse
from trainer.learning.kinds import recipe_class
from trainer.learning.reading import from_mapping, load_recipe
from trainer.learning.recipe import RecipeError

CONFIGS = sorted((Path(trainer.__file__).parent / "configs").glob("*/*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_recipe_parses(path: Path) -> None:
    kind = recipe_class(path.parent.name)
    recipe = load_recipe(kind, path)
    assert from_mapping(kind, recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    "path", [path for path in CONFIGS if path.parent.name == "detector"], ids=lambda path: path.stem
)
def test_every_shipped_detector_can_be_built(path: Path) -> None:
    architecture_of(load_recipe(DetectorRecipe, path))


def test_there_are_shipped_recipes() -> None:
    assert {path.name for path in CONFIGS} >= {"detector.yaml", "tiny.yaml", "shipped-detector.yaml"}


def test_a_kind_that_nobody_trains_is_named() -> None:
    with pytest.raises(WrongUse, match="A 'painter' cannot be trained; heirloom trains detector"):
        recipe_class("painter")


def test_a_bare_name_means_a_recipe_of_ours_unless_there_is_such_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    albunet = load_recipe(DetectorRecipe, Path("albunet18"), ["batch=4"])
    assert (architecture_of(albunet), albunet.size, albunet.batch) == (ALBUNET18, 1024, 4)
    assert (albunet.loss, albunet.positive_weight) == (LossSettings(bce=1, dice=1), "batch")
    with pytest.raises(RecipeError, match=r"'albunet' is no recipe of heirloom.*albunet18"):
        load_recipe(DetectorRecipe, Path("albunet"))
    Path("albunet18").write_text("size: 64")
    assert load_recipe(DetectorRecipe, Path("albunet18")).size == 64


def test_overrides_change_fields_of_any_kind() -> None:
    recipe = load_recipe(
        DetectorRecipe,
        None,
        ["epochs=3", "pretrained=no", "photos=a,b", "defects.dust=2", "defects.ageing.grey=0.1", "learning_rate=1e-4"],
    )
    assert (recipe.epochs, recipe.pretrained, recipe.photos) == (3, False, ("a", "b"))
    assert (recipe.defects.dust, recipe.defects.ageing.grey, recipe.learning_rate) == (2.0, 0.1, 1e-4)
    assert recipe.steps == 300


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("epoch=3", "no field 'epoch'"),
        ("epochs=many", "'epochs'"),
        ("epochs=2.5", "'epochs'"),
        ("epochs=0", "'epochs'"),
        ("synthetic_share=2", "between 0 and 1"),
        ("size=8", "'size'"),
        ("precision=double", "'precision'"),
        ("pretrained=perhaps", "'pretrained'"),
        ("defects.dust=-1", "dust"),
        ("defects=none", "'defects'"),
        ("decoder_channels=1,2", "'decoder_channels'"),
        ("learning_rate=nan", "'learning_rate'"),
        ("accumulate=0", "'accumulate'"),
        ("patience=-1", "'patience'"),
        ("shrink=0", "'shrink'"),
        ("stem=open", "'stem'.*full"),
        ("norm=group", "'norm'.*inplace"),
        ("positive_weight=photo", "'positive_weight'.*snapshot"),
        ("positive_weight=0", "'positive_weight'"),
        ("loss.dise=1", "no field 'loss.dise'"),
        ("loss.dice=-1", "loss.dice"),
        ("epochs", "key=value"),
    ],
)
def test_a_wrong_field_is_named(override: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        load_recipe(DetectorRecipe, None, [override])


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("textures:", "textures"),
        ("encoder: [folded]", "encoder"),
        ("encoder: true", "encoder"),
        ("photos:", "photos"),
        ("photos: [a, ]\ninit: {file: a}", "init"),
        ("photos: [null]", "photos"),
        ("decoder_channels: [128.5, 96, 64, 48, 32]", "decoder_channels"),
        ("decoder_channels: [true, 96, 64, 48, 32]", "decoder_channels"),
        ("learning_rate:", "learning_rate"),
        ("epochs: true", "epochs"),
    ],
)
def test_a_value_that_is_none_of_its_field_is_not_made_one(tmp_path: Path, line: str, field: str) -> None:
    """An empty line of YAML is no folder called None, and half a channel is no channel fewer."""
    (tmp_path / "own.yaml").write_text(line)
    with pytest.raises(RecipeError, match=f"The recipe's field '{field}' cannot be"):
        load_recipe(DetectorRecipe, tmp_path / "own.yaml")


def test_names_of_folders_may_be_numbers(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("photos: [1926, old]\ntextures: 7")
    recipe = load_recipe(DetectorRecipe, tmp_path / "own.yaml")
    assert (recipe.photos, recipe.textures) == (("1926", "old"), "7")


def test_an_unreadable_recipe_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("epochs: [")
    listed = tmp_path / "listed.yaml"
    listed.write_text("- epochs")
    for path in (broken, listed, tmp_path / "gone.yaml"):
        with pytest.raises(RecipeError, match=path.name):
            load_recipe(DetectorRecipe, path)


def test_an_encoder_that_nobody_knows_is_refused_before_training() -> None:
    with pytest.raises(RecipeError, match="resnet-eighteen"):
        architecture_of(DetectorRecipe(encoder="resnet-eighteen"))


def test_recipes_are_read_without_torch() -> None:
    light = "trainer.learning.recipe, trainer.learning.tracker, trainer.learning.clean, trainer.defects"
    code = f"import sys, {light}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_default_network_is_the_one_that_ships() -> None:
    from inference.networks.detector import DetectorArchitecture
    from trainer.detecting.starting import architecture_of

    assert architecture_of(DetectorRecipe()) == DetectorArchitecture()


def test_init_shipped_means_the_detector_that_comes_with_heirloom(tmp_path: Path) -> None:
    from inference.shipped import shipped_path

    assert DetectorRecipe(init="shipped").first_weights == shipped_path("detector")
    assert DetectorRecipe(init=str(tmp_path / "a.safetensors")).first_weights == tmp_path / "a.safetensors"
    assert DetectorRecipe().first_weights is None


def test_a_training_can_go_on_from_the_detector_that_ships() -> None:
    from inference.checkpoint import load_checkpoint
    from inference.shipped import shipped_path
    from trainer.detecting.starting import start_network
    from trainer.learning.tracker import NullTracker

    network = start_network(DetectorRecipe(init="shipped"), NullTracker())
    for key, weights in load_checkpoint(shipped_path("detector")).state.items():
        assert (network.state_dict()[key] == weights).all(), key


@pytest.mark.parametrize("override", ["epochs=1e400", "seed=99999999999999999999999", "defects.textures=somewhere"])
def test_what_no_training_could_use_is_refused_by_its_field(override: str) -> None:
    with pytest.raises(RecipeError, match=override.partition("=")[0]):
        load_recipe(DetectorRecipe, None, [override])
