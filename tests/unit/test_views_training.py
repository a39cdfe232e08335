"""How long a training will take, by trainings of its own kind alone; recipes that pages can make without a network."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from annotator.views.training import ending, estimate, first_sentence, log_tail, newest_of_runs
from db.models import Job
from db.settings import Settings
from inference.networks.colorizer import ColorizerArchitecture
from trainer.colouring.recipe import ColorizerRecipe
from trainer.detecting.recipe import DetectorRecipe
from trainer.inpainting.recipe import InpainterRecipe
from trainer.learning.reading import CONFIGS, load_recipe
from trainer.learning.recipe import Recipe


def trained(recipe: Recipe, seconds: float, **params: object) -> Job:
    begun = datetime(2026, 5, 3, tzinfo=UTC)
    params = {"kind": recipe.kind, "recipe": recipe.to_dict(), **params}
    return Job(
        kind="train", status="done", params=params, started_at=begun, finished_at=begun + timedelta(seconds=seconds)
    )


def test_a_training_takes_as_long_as_the_last_of_its_kind_by_its_size() -> None:
    ran = ColorizerRecipe(epochs=1, steps_per_epoch=10, size=64)
    twice = ColorizerRecipe(epochs=2, steps_per_epoch=10, size=64)
    assert estimate(twice, [trained(ran, 60)]) == "About 2 min, going by the last training here."
    assert estimate(twice, [trained(DetectorRecipe(), 60)]) == (
        "How long it takes is known once such a training has run here."
    )


def test_a_run_that_goes_on_or_is_done_is_offered_by_no_older_training_whatever_the_clock() -> None:
    stopped = Job(id="first", status="cancelled", run_id="r", params={})
    for status in ("running", "done"):
        went_on = Job(id="second", status=status, run_id="r", params={"resume_run": "r"})
        assert newest_of_runs([stopped, went_on]) == {"second"}


def test_a_first_detector_is_guessed_and_another_encoder_tells_nothing() -> None:
    recipe = DetectorRecipe(epochs=1, steps_per_epoch=100, batch=8)
    assert estimate(recipe, [trained(DetectorRecipe(encoder="plain"), 1)]).endswith(
        "a guess until such a training has run here."
    )


def test_recipes_of_other_networks_tell_nothing_of_each_other() -> None:
    unknown = "How long it takes is known once such a training has run here."
    published = load_recipe(InpainterRecipe, CONFIGS / "inpainter" / "liu2018.yaml")
    assert estimate(published, [trained(InpainterRecipe(), 60)]) == unknown
    assert estimate(load_recipe(DetectorRecipe, CONFIGS / "detector" / "albunet18.yaml"), []) == unknown
    assert estimate(published, [trained(published, 60)]) == "About 60 s, going by the last training here."


def test_trainings_in_several_processes_tell_nothing_of_those_in_one() -> None:
    one, two = DetectorRecipe(), DetectorRecipe(processes=2)
    assert estimate(two, [trained(one, 60)]) == "How long it takes is known once such a training has run here."
    assert estimate(two, [trained(two, 60)]) == "About 60 s, going by the last training here."


def test_a_training_that_went_on_with_another_tells_nothing_of_a_whole_one() -> None:
    recipe = ColorizerRecipe(epochs=10)
    rest = trained(recipe, 6, resume_run="0f3c")
    assert estimate(recipe, [rest]) == "How long it takes is known once such a training has run here."
    assert estimate(recipe, [rest, trained(recipe, 60)]) == "About 60 s, going by the last training here."


def test_the_first_sentence_of_a_recipe_goes_on_behind_an_abbreviation() -> None:
    assert first_sentence(CONFIGS / "inpainter" / "liu2018.yaml").endswith(" its network, losses and rates.")
    assert first_sentence(CONFIGS / "detector" / "albunet18.yaml").endswith(" crops of 1024 px.")


def test_trainings_from_before_there_were_kinds_are_detectors() -> None:
    recipe = DetectorRecipe(epochs=1, steps_per_epoch=10)
    old = trained(recipe, 30)
    del old.params["kind"]
    assert estimate(recipe, [old]) == "About 30 s, going by the last training here."


def test_a_colorizers_recipe_has_the_networks_own_widths() -> None:
    recipe, network = ColorizerRecipe(), ColorizerArchitecture()
    assert (recipe.levels, recipe.decoder_channels) == (network.levels, network.decoder_channels)


def test_a_training_that_stopped_says_which_and_what_is_left_of_it() -> None:
    stopped = Job(kind="train", status="cancelled", progress=0.34, params={"kind": "inpainter"})
    assert ending(stopped, kept=True) == "Training an inpainter was stopped at 34 %; the last checkpoint is kept."
    assert ending(stopped, kept=False) == "Training an inpainter was stopped at 34 %; nothing of it is kept."
    stopped.progress = 0.0
    assert ending(stopped, kept=False) == "Training an inpainter was stopped before it began to learn."
    failed = Job(kind="train", status="failed", error="out of memory", params={"kind": "colorizer"})
    assert ending(failed, kept=False) == "Training a colorizer failed: out of memory"


def test_every_kind_of_job_has_a_log_to_look_into(tmp_path: Path) -> None:
    for path, said in {
        "jobs/7/log.txt": "epoch 1",
        "logs/pictures.log": "ImportError",
        "logs/proposals.log": "!",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(said)
    settings = Settings(home=tmp_path)
    assert log_tail(settings, Job(id="7", kind="train")) == "epoch 1"
    assert log_tail(settings, Job(id="8", kind="train")) == ""
    assert log_tail(settings, Job(id="9", kind="compare")) == "ImportError"
