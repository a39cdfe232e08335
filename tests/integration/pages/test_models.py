"""Train, Compare and Defects, for engineers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from annotator.pages.recipes import RECIPES
from annotator.views.comparing import moves
from annotator.views.runs import Run
from annotator.views.words import verbatim
from db.engine import Database
from db.errors import NotAllowed
from db.jobs import add_job, claim, end_cancelled, fail, finish, progress, request_cancel, set_run
from db.models import Assessor, Job
from db.people import sign_in
from db.promotions import record_promotion
from db.settings import Settings
from tests.support.pages import go, said
from trainer.colouring.recipe import ColorizerRecipe
from trainer.inpainting.recipe import InpainterRecipe
from trainer.jobs import job_folder
from trainer.learning.kinds import recipe_class
from trainer.learning.reading import CONFIGS, load_recipe
from trainer.learning.recipe import Recipe
from trainer.learning.state import save_state
from trainer.workers.holding import worker_name


def test_train_says_that_nothing_is_accepted(show: Callable[..., AppTest]) -> None:
    page = show("train")
    assert not page.exception
    assert "No training has run yet" in said(page)
    page.button(key="freeze").click().run()
    assert "No annotation is accepted yet" in page.error[0].value


def test_a_training_that_failed_shows_its_log(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        job = add_job(session, "train", {"kind": "detector"}, 1)
        fail(session, job.id, "It diverged.")
    page = show("train")
    assert not page.exception
    assert "Training a detector failed: It diverged." in said(page)
    assert [each.label for each in page.expander] == ["More settings", "Log"]


def test_a_training_that_took_long_ended_when_it_ended(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        job = add_job(session, "train", {"kind": "detector"}, 1)
        job.created_at -= timedelta(hours=9)
        finish(session, job.id, {"model": "detector", "version": "2"})
    page = show("train")
    assert not page.exception
    assert "Became detector@2" in said(page)
    assert "just now" in said(page)
    assert "9 hours ago" not in said(page)


def test_what_would_fail_again_at_once_is_not_offered_to_go_on(
    show: Callable[..., AppTest], database: Database, settings: Settings, tmp_path: Path
) -> None:
    textures = tmp_path / "dust_s"

    def failed(worker: str, recipe: dict[str, object]) -> str:
        with database.unit_of_work() as session:
            job = add_job(session, "train", {"kind": "detector", "recipe": recipe}, 1)
            job.run_id, job.worker = job.id, worker
            fail(session, job.id, "It ended.")
            return job.id

    here = failed(worker_name(), {"textures": str(textures)})
    elsewhere = failed("elsewhere-1-0a", {"textures": str(textures)})
    unreadable = failed("elsewhere-1-0a", {"unheard_of": 1})
    page = show("train")
    assert not page.exception
    assert {button.key for button in page.button if str(button.key).startswith("go-on")} == {f"go-on-{elsewhere}"}
    assert f"It cannot go on: {verbatim(str(textures))} is not there." in said(page)
    assert f"It cannot go on: A recipe has no field '{verbatim('unheard_of')}'." in said(page)
    textures.mkdir()
    page.run()
    offered = {button.key for button in page.button}
    assert offered >= {f"again-{here}", f"go-on-{elsewhere}"}
    assert not offered & {f"go-on-{here}", f"go-on-{unreadable}"}, "nothing is saved of the one"
    save_state(job_folder(settings, here) / "state", {})
    page.run()
    offered = {button.key for button in page.button}
    assert f"go-on-{here}" in offered
    assert f"again-{here}" not in offered


def test_a_training_of_which_nothing_was_saved_starts_again_in_a_run_of_its_own(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("annotator.views.actions._launch", lambda _here, _kind, params, _by: asked.append(params))
    params = {"kind": "detector", "recipe": {"epochs": 3}, "snapshot": None}
    with database.unit_of_work() as session:
        for more in ({}, {"resume_run": "r"}):
            job = add_job(session, "train", {**params, **more}, 1)
            job.run_id, job.worker = "r", worker_name()
            fail(session, job.id, "It ended.")
    page = show("train")
    page.button(key=f"again-{job.id}").click().run()
    assert not page.exception
    assert asked == [params]


def test_only_the_newest_training_of_a_run_goes_on(
    show: Callable[..., AppTest], database: Database, settings: Settings
) -> None:
    def asked(**params: object) -> Job:
        with database.unit_of_work() as session:
            return add_job(session, "train", {"kind": "detector", **params}, 1)

    def stopped(job: Job) -> Job:
        with database.unit_of_work() as session:
            set_run(session, job.id, "r")
            progress(session, claimed(session, job.id), 0.07, "")
            return end_cancelled(session, job.id)

    def claimed(session: Session, job_id: str) -> str:
        claim(session, job_id, worker_name())
        return job_id

    def offered() -> set[str | None]:
        page.run()
        assert not page.exception
        return {button.key for button in page.button if str(button.key).startswith(("go-on", "again"))}

    page = show("train")
    first = stopped(asked())
    save_state(job_folder(settings, first.id) / "state", {})
    assert offered() == {f"go-on-{first.id}"}
    second = asked(resume_run="r")
    assert offered() == set(), "it goes on already"
    with database.unit_of_work() as session:
        request_cancel(session, second.id)
    assert offered() == {f"go-on-{first.id}"}, "what was withdrawn before it began left all as it was"
    third = stopped(asked(resume_run="r"))
    assert offered() == {f"go-on-{third.id}"}
    assert "Training a detector was stopped at 7 %, and went on." in said(page)


def test_train_launches_what_was_chosen(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def launch(_here: object, recipe: Recipe, snapshot: int | None, _by: Assessor) -> None:
        asked.append({**recipe.to_dict(), "kind": recipe.kind, "snapshot": snapshot})

    monkeypatch.setattr("annotator.views.actions.train", launch)
    page = show("train")
    page.number_input(key="detector-epochs").set_value(3).run()
    page.number_input(key="detector-steps").set_value(7).run()
    page.button(key="launch").click().run()
    assert not page.exception
    assert page.toast[0].value.startswith("It begins as soon as a worker is free.")
    (recipe,) = asked
    assert (recipe["epochs"], recipe["steps_per_epoch"], recipe["snapshot"]) == (3, 7, None)
    assert recipe["synthetic_share"] == 1.0
    assert (recipe["encoder"], recipe["init"], recipe["pretrained"]) == ("folded", "shipped", False)
    page.selectbox(key="detector-encoder").select("resnet18").run()
    page.button(key="launch").click().run()
    assert (asked[1]["encoder"], asked[1]["init"], asked[1]["pretrained"]) == ("resnet18", "", True)


@pytest.mark.parametrize(
    ("name", "wrong", "right", "sentence"),
    [
        ("epochs", 100_000, 1000, "Epochs: from 1 to 1,000, not 100,000."),
        ("batch", 0, 1, "Batch: from 1 to 256, not 0."),
        ("steps", 0, 1, "Steps per epoch: from 1 to 100,000, not 0."),
        ("rate", 5.0, 0.1, "Learning rate: from 0.000001 to 0.1, not 5."),
        ("processes", 65, 64, "Processes that train: from 1 to 64, not 65."),
        ("workers", -1, 0, "Processes that make pictures: from 0 to 64, not -1."),
        ("seed", -1, 0, "Seed: from 0 to 2,147,483,648, not -1."),
    ],
)
def test_a_number_that_cannot_be_is_said_and_starts_nothing(
    show: Callable[..., AppTest], name: str, wrong: float, right: float, sentence: str
) -> None:
    page = show("train")
    page.number_input(key=f"detector-{name}").set_value(wrong).run()
    assert not page.exception
    assert [error.value for error in page.error] == [sentence]
    assert page.button(key="launch").disabled
    page.number_input(key=f"detector-{name}").set_value(right).run()
    assert not page.error
    assert not page.button(key="launch").disabled
    page.selectbox(key="detector-recipe").select("tiny").run()
    page.number_input(key=f"detector-tiny-{name}").set_value(wrong).run()
    assert [error.value for error in page.error] == [sentence]


def test_settings_are_there_again_after_another_page(show: Callable[..., AppTest]) -> None:
    page = show("train")
    page.segmented_control(key="trained kind").set_value("inpainter").run()
    page.number_input(key="inpainter-epochs").set_value(3).run()
    page.slider(key="inpainter-largest").set_value(64).run()
    page.segmented_control(key="trained kind").set_value("detector").run()
    page.selectbox(key="detector-encoder").select("plain").run()
    page.segmented_control(key="trained kind").set_value("inpainter").run()
    go(page, "defects")
    page.slider(key="defect crease").set_value(2.0).run()
    go(page, "train")
    assert page.title[0].value == "Train an inpainter"
    assert page.number_input(key="inpainter-epochs").value == 3
    assert page.slider(key="inpainter-largest").value == 64
    page.segmented_control(key="trained kind").set_value("detector").run()
    assert page.selectbox(key="detector-encoder").value == "plain"
    go(page, "defects")
    assert page.slider(key="defect crease").value == 2.0


@pytest.mark.parametrize("kind", list(RECIPES))
def test_recipes_that_come_along_are_trained_by_name(
    show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asked: list[Recipe] = []
    monkeypatch.setattr("annotator.views.actions.train", lambda _here, recipe, _snapshot, _by: asked.append(recipe))
    page = show("train")
    page.segmented_control(key="trained kind").set_value(kind).run()
    for name in RECIPES[kind]:
        page.selectbox(key=f"{kind}-recipe").select(name).run()
        page.number_input(key=f"{kind}-{name}-epochs").set_value(3).run()
        page.button(key="launch").click().run()
        assert not page.exception
        known = load_recipe(recipe_class(kind), CONFIGS / kind / f"{name}.yaml")
        share = {"synthetic_share": 1.0} if kind == "detector" else {}
        assert asked.pop() == replace(known, epochs=3, **share)
    assert "Two short epochs on sample photos" in said(page) or kind == "inpainter"


def test_a_colorizer_is_trained_on_a_folder_and_no_snapshot(
    show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Recipe, int | None]] = []
    monkeypatch.setattr(
        "annotator.views.actions.train", lambda _here, recipe, snapshot, _by: asked.append((recipe, snapshot))
    )
    page = show("train")
    page.segmented_control(key="trained kind").set_value("colorizer").run()
    assert page.title[0].value == "Train a colorizer"
    assert not [box for box in page.selectbox if str(box.key).endswith("snapshot")]
    page.text_input(key="colorizer-photos").set_value(" /photos ").run()
    page.selectbox(key="colorizer-stage").select("perceptual").run()
    page.toggle(key="colorizer-hints").set_value(False).run()
    page.button(key="launch").click().run()
    assert not page.exception
    [(recipe, snapshot)] = asked
    assert isinstance(recipe, ColorizerRecipe)
    assert (recipe.photos, recipe.loss.perceptual, recipe.loss.l1, recipe.hints) == (("/photos",), 1, 0, False)
    assert recipe.init == "", "what ships takes hints: its weights do not fit this network"
    assert snapshot is None


def test_a_folder_of_photos_that_is_not_there_is_said_and_may_be_elsewhere(
    show: Callable[..., AppTest], tmp_path: Path
) -> None:
    page = show("train")
    page.segmented_control(key="trained kind").set_value("colorizer").run()
    warned = "There is no such folder on this machine."
    assert warned not in said(page)
    page.text_input(key="colorizer-photos").set_value(str(tmp_path / "nowhere")).run()
    assert warned in said(page)
    assert not page.button(key="launch").disabled
    page.text_input(key="colorizer-photos").set_value(f" {tmp_path} ").run()
    assert warned not in said(page)


def test_an_inpainters_settings_go_together(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Recipe] = []
    monkeypatch.setattr("annotator.views.actions.train", lambda _here, recipe, _snapshot, _by: asked.append(recipe))
    page = show("train")
    page.segmented_control(key="trained kind").set_value("inpainter").run()
    snapshots = page.selectbox(key="inpainter-snapshot")
    assert snapshots.label == "Snapshot to train on", "what is read out says what the list chooses"
    assert "clean photos only, no snapshot" in snapshots.options
    page.slider(key="inpainter-largest").set_value(64).run()
    page.slider(key="inpainter-strokes").set_value(100).run()
    page.number_input(key="inpainter-rate").set_value(1e-4).run()
    page.button(key="launch").click().run()
    assert not page.exception
    [recipe] = asked
    assert isinstance(recipe, InpainterRecipe)
    assert (recipe.largest_hole, recipe.irregular_share, recipe.learning_rate) == (64, 1.0, 1e-4)
    assert recipe.second_rate < recipe.learning_rate, "the second phase is slower than the first, whatever that is"


def show_comparison(kind: str) -> None:
    from annotator.pages.comparison import comparison
    from db.models import Job

    spec = f"{kind}@1"
    report = {
        "kind": kind, "models": [{"spec": spec}], "figures": {spec: {}}, "counts": {}, "photos": [], "left_out": [],
    }  # fmt: skip
    comparison([Job(id="j", kind="compare", status="done", result=report)], set())


@pytest.mark.parametrize(
    ("kind", "needed"), [("detector", "photos with an accepted mask"), ("colorizer", "Bring in photos")]
)
def test_a_comparison_without_photos_says_what_it_takes(kind: str, needed: str) -> None:
    page = AppTest.from_function(show_comparison, args=(kind,), default_timeout=120).run()
    assert not page.exception
    assert "There is no photo to compare them on." in said(page)
    assert needed in said(page)
    assert "took part" not in said(page)


def test_the_table_of_models_says_whose_figures_it_has(
    show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Run("r", "1", "detector@1", "FINISHED", None, {}, {}, None)
    monkeypatch.setattr("annotator.pages.compare.list_runs", lambda _settings, _kind: [shipped])
    monkeypatch.setattr("annotator.pages.compare.curve", lambda *_: [])
    monkeypatch.setattr("annotator.pages.compare.part", lambda *_, **__: SimpleNamespace(chosen=[]))
    page = show("compare")
    assert not page.exception
    assert "The table has what each training measured" in said(page)


def test_a_promotion_names_both_models_alike(database: Database) -> None:
    with database.unit_of_work() as session:
        record_promotion(session, "detector", "2", "1", sign_in(session, "Ann").id)
        assert [move.said for move in moves(session, "detector")] == ["Ann promoted detector@2, in place of detector@1"]


def test_compare_leads_to_a_first_training(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.pages.compare.list_runs", lambda _settings, _kind: [])
    page = show("compare")
    assert not page.exception
    assert "There is no detector yet" in said(page)
    page.segmented_control(key="compared kind").set_value("colorizer").run()
    assert "There is no colorizer yet" in said(page)


def test_a_refused_button_says_why(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NotAllowed("Ada is not an engineer; ask an engineer to do this")

    monkeypatch.setattr("annotator.views.actions.train", refuse)
    page = show("train")
    page.button(key="launch").click().run()
    assert not page.exception
    assert page.error[0].value == "Ada is not an engineer; ask an engineer to do this"


def test_defects_follow_their_sliders_and_say_them_as_a_recipe(show: Callable[..., AppTest]) -> None:
    page = show("defects")
    assert not page.exception
    page.slider(key="defect crease").set_value(2.0).run()
    assert not page.exception
    assert "crease: 2.0" in page.code[0].value
    page.button(key="nothing").click().run()
    assert page.slider(key="defect crease").value == 0
    assert page.slider(key="defect covered_share").value > 0
    page.button(key="default").click().run()
    assert "As by default" in page.code[0].value


def test_a_folder_without_textures_is_said(show: Callable[..., AppTest], tmp_path: Path) -> None:
    page = show("defects")
    page.text_input(key="textures").set_value(str(tmp_path)).run()
    assert not page.exception
    assert "no PNG textures" in page.error[0].value
