"""Every page runs, says what it should to whom, and loads no network."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

import annotator
from annotator import navigation, visitor
from annotator.context import platform
from annotator.navigation import PAGES, may_open
from annotator.pages.first import ANOTHER, UNDER_WAY
from annotator.pages.recipes import RECIPES
from annotator.parts import ignore
from annotator.routes.pictures import photo_url, result_url
from annotator.views import actions
from db.engine import Database
from db.errors import NotAllowed
from db.jobs import add_job, fail, finish, list_jobs
from db.models import Annotation, Assessor, Job, JobKind, ResultKind, utc_now
from db.people import sign_in
from db.photos import archive
from db.reviews import add_restoration
from tests.support.databases import new_photo, sha
from trainer.colouring.recipe import ColorizerRecipe
from trainer.inpainting.recipe import InpainterRecipe
from trainer.kinds import recipe_class
from trainer.recipe import CONFIGS, Recipe, load_recipe

MODULES = sorted(path.stem for path in (Path(annotator.__file__).parent / "pages").glob("[a-z]*.py"))
TEXTS = ("title", "header", "subheader", "markdown", "caption", "html")


def run_page(module: str) -> None:
    from annotator.navigation import _runner

    _runner(module)()


@pytest.fixture
def show(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Run a page as Ada, who leads and engineers."""
    with database.unit_of_work() as session:
        ada = sign_in(session, "Ada")
    monkeypatch.setattr(visitor, "visitor", lambda: ada)
    monkeypatch.setattr("annotator.views.runs.list_runs", lambda _settings, _kind: [])

    def run(module: str, **query: str) -> AppTest:
        page = AppTest.from_function(run_page, args=(module,), default_timeout=120)
        for name, value in query.items():
            page.query_params[name] = value
        return page.run()

    yield run
    platform().database.dispose()


def go(page: AppTest, module: str) -> None:
    page.args = (module,)
    page.run()
    assert not page.exception


def said(page: AppTest) -> str:
    return "\n".join(str(element.value) for kind in TEXTS for element in page.get(kind))


def test_home_asks_a_newcomer_for_a_photo(show: Callable[..., AppTest]) -> None:
    page = show("home")
    assert not page.exception
    assert page.title[0].value == "Restore your first photo"


def test_a_newcomer_follows_the_photo_that_was_dropped(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[tuple[str, dict[str, object]]] = []

    def part(name: str, *, key: str, data: dict[str, object], on_taken_change: Callable[[], None] = ignore) -> None:
        parts.append((name, data))
        if name == "drop":
            with database.unit_of_work() as session:
                new_photo(session, "a").imported_by_id = 1
            streamlit.session_state[key] = SimpleNamespace(taken={"ids": [1]})
            on_taken_change()

    def launch(_settings: object, _database: object, kind: JobKind, params: dict[str, object], by_id: int) -> Job:
        with database.unit_of_work() as session:
            return add_job(session, kind, params, by_id)

    monkeypatch.setattr("annotator.pages.first.part", part)
    monkeypatch.setattr("annotator.views.actions.jobs.launch", launch)
    page = show("home").run()
    assert not page.exception
    assert page.title[0].value == "Your photo is being restored"
    with database.unit_of_work() as session:
        for job in list_jobs(session):
            finish(session, job.id, {})
        kinds: tuple[ResultKind, ...] = ("restored", "restored_color", "color")
        made = add_restoration(
            session, 1, detector="detector v1", inpainter="inpainter v1", colorizer="colorizer v1", threshold=0.5,
            mask_sha256=sha("mask"), warnings=[], results={kind: (sha(kind), sha(f"view {kind}")) for kind in kinds},
        )  # fmt: skip
    page.run()
    assert page.title[0].value == "Here it is"
    name, compared = parts[-1]
    assert (name, compared["before"]) == ("wipe", photo_url(1, sha("a")))
    assert compared["results"] == [
        {"label": label, "src": result_url(result)}
        for label, result in zip(("restored", "restored in colour", "only coloured"), made.results, strict=True)
    ]
    offer_another(page, monkeypatch)


@pytest.mark.parametrize("ended", [False, True])
def test_a_first_photo_that_is_deleted_is_told_until_another_is_wanted(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch, *, ended: bool
) -> None:
    monkeypatch.setattr("annotator.pages.first.part", lambda *_, **__: None)
    with database.unit_of_work() as session:
        job = add_job(session, "restore", {"photo_ids": [1]}, 1)
        if ended:
            finish(session, job.id, {})
    page = show("home")
    page.session_state[UNDER_WAY] = {"photo": 1, "job": job.id}
    for _ in range(2):
        page.run()
        assert not page.exception
        assert [title.value for title in page.title] == ["Your photo is not here any more"]
    next(button for button in page.button if button.label == "Restore another").click().run()
    assert not page.exception
    assert page.title[0].value == "Restore another photo"


def offer_another(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for another may drop one, or go back to what waits."""
    monkeypatch.setattr("annotator.pages.first.part", lambda *_, **__: None)
    next(button for button in page.button if button.label == "Restore another").click().run()
    assert not page.exception
    assert page.title[0].value == "Restore another photo"
    button = page.button(key="not-now").click()
    del page.session_state[ANOTHER]  # as the first press of two does
    button.run()
    assert not page.exception
    assert page.button(key="open-review").label == "Review"


def test_home_says_what_waits(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
        photo.imported_by_id = 1
    page = show("home")
    assert not page.exception
    assert "1 photo waits for a mask" in said(page)
    assert [button.label for button in page.button] == ["Label"]


def test_photos_says_what_to_do_when_there_are_none(show: Callable[..., AppTest]) -> None:
    page = show("photos")
    assert not page.exception
    assert "No photos yet. Drop some above." in said(page)


def test_photos_counts(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        for name in "abc":
            new_photo(session, name)
    page = show("photos")
    assert not page.exception
    assert page.title[0].value == "3 photos"
    page.text_input(key="search").set_value("a.j").run()
    assert page.title[0].value == "1 of 3 photos"


def test_photos_remember_what_was_looked_for(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        for name in "abc":
            new_photo(session, name)
    page = show("photos")
    page.text_input(key="search").set_value("a.j").run()
    go(page, "people")
    assert page.title[0].value == "1 person"
    go(page, "photos")
    assert page.title[0].value == "1 of 3 photos"
    assert page.text_input(key="search").value == "a.j"


def test_photos_that_no_filter_leaves_are_one_press_away(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        new_photo(session, "a")
    page = show("photos")
    page.text_input(key="search").set_value("z").run()
    assert "No photo fits" in said(page)
    page.button(key="all").click().run()
    assert not page.exception
    assert page.title[0].value == "1 photo"


def test_photos_that_were_all_put_away_are_one_press_away(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        archive(session, [new_photo(session, name).id for name in "ab"])
    page = show("photos")
    assert "No photos yet" not in said(page)
    assert "2 photos were put away." in said(page)
    page.button(key="put-away").click().run()
    assert not page.exception
    assert page.title[0].value == "2 photos put away"


def test_a_photo_tells_its_story(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
    page = show("photo", photo=str(photo.id))
    assert not page.exception
    assert page.header[0].value == "a.jpg"
    assert "It waits for a mask." in said(page)
    assert page.button(key="next").label == "Draw the mask"


def test_a_restoration_that_failed_shows_its_log_or_whom_to_ask(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
        job = add_job(session, "restore", {"photo_ids": [photo.id]}, 1)
        fail(session, job.id, "ValueError: odd. The job's log tells more.")
        ben = sign_in(session, "Ben")
    page = show("photo", photo=str(photo.id))
    assert page.error[0].value == "ValueError: odd. The job's log tells more."
    assert [each.label for each in page.expander] == ["Log", "More"]
    monkeypatch.setattr(visitor, "visitor", lambda: ben)
    page.run()
    assert page.error[0].value == "ValueError: odd. Ask an engineer, who can read the job's log."
    assert [each.label for each in page.expander] == ["More"]


def test_a_photo_that_is_being_restored_is_not_offered_again(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a", queue=False)
    page = show("photo", photo=str(photo.id))
    assert page.button(key="next").label == "Restore it"
    with database.unit_of_work() as session:
        add_job(session, "restore", {"photo_ids": [photo.id]}, 1)
    page.run()
    assert not page.exception
    assert not [button for button in page.button if button.key == "next"]
    assert "It was never restored." not in said(page)


def test_a_photo_that_is_gone_says_so(show: Callable[..., AppTest]) -> None:
    page = show("photo", photo="99")
    assert not page.exception
    assert page.title[0].value == "This photo is not here"


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


def test_an_inpainters_settings_go_together(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Recipe] = []
    monkeypatch.setattr("annotator.views.actions.train", lambda _here, recipe, _snapshot, _by: asked.append(recipe))
    page = show("train")
    page.segmented_control(key="trained kind").set_value("inpainter").run()
    assert "clean photos only, no snapshot" in page.selectbox(key="inpainter-snapshot").options
    page.slider(key="inpainter-largest").set_value(64).run()
    page.slider(key="inpainter-strokes").set_value(100).run()
    page.number_input(key="inpainter-rate").set_value(1e-4).run()
    page.button(key="launch").click().run()
    assert not page.exception
    [recipe] = asked
    assert isinstance(recipe, InpainterRecipe)
    assert (recipe.largest_hole, recipe.irregular_share, recipe.learning_rate) == (64, 1.0, 1e-4)
    assert recipe.second_rate < recipe.learning_rate, "the second phase is slower than the first, whatever that is"


def test_compare_leads_to_a_first_training(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.pages.compare.list_runs", lambda _settings, _kind: [])
    page = show("compare")
    assert not page.exception
    assert "There is no detector yet" in said(page)
    page.segmented_control(key="compared kind").set_value("colorizer").run()
    assert "There is no colorizer yet" in said(page)


def test_people_says_who_did_what_and_changes_roles(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        ben = sign_in(session, "B<n")
        photo = new_photo(session, "a")
        session.add(Annotation(photo_id=photo.id, assessor_id=ben.id, status="submitted", submitted_at=utc_now()))
    page = show("people")
    assert not page.exception
    assert page.title[0].value == "2 people"
    assert "<b>B&lt;n</b><span>1 mask drawn" in said(page)
    page.toggle(key=f"is_lead-{ben.id}").set_value(True).run()
    page.toggle(key=f"active-{ben.id}").set_value(False).run()
    assert not page.exception
    with database.reading() as session:
        stored = session.get_one(Assessor, ben.id)
        assert (stored.is_lead, stored.is_engineer, stored.active) == (True, False, False)


def test_people_keeps_the_last_lead_and_says_so(show: Callable[..., AppTest], database: Database) -> None:
    page = show("people")
    page.toggle(key="is_lead-1").set_value(False).run()
    assert page.error[0].value == "Ada is the only lead; make somebody else lead first."
    assert page.toggle(key="is_lead-1").value is True
    with database.reading() as session:
        assert session.get_one(Assessor, 1).is_lead
    assert not page.run().error


def test_roles_open_pages() -> None:
    plain = Assessor(name="Ben", is_lead=False, is_engineer=False)
    assert [entry.module for entry in PAGES if may_open(plain, entry)] == ["home", "photos", "photo", "label", "review"]
    lead = Assessor(name="Ada", is_lead=True, is_engineer=False)
    assert {"accept", "people"} <= {entry.module for entry in PAGES if may_open(lead, entry)}
    engineer = Assessor(name="Eve", is_lead=False, is_engineer=True)
    assert {"train", "compare"} <= {entry.module for entry in PAGES if may_open(engineer, entry)}


def test_only_engineers_stop_what_only_engineers_start(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr("trainer.jobs.cancel", lambda _settings, _database, job_id: stopped.append(job_id))
    with database.unit_of_work() as session:
        ada, ben = sign_in(session, "Ada"), sign_in(session, "Ben")
        training, restoring = add_job(session, "train", {}, ada.id), add_job(session, "restore", {}, ada.id)
    with pytest.raises(NotAllowed, match="Ben is not an engineer"):
        actions.stop(platform(), training.id, ben)
    actions.stop(platform(), restoring.id, ben)
    actions.stop(platform(), training.id, ada)
    assert stopped == [restoring.id, training.id]
    platform().database.dispose()


def test_a_refused_button_says_why(show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NotAllowed("Ada is not an engineer; ask an engineer to do this")

    monkeypatch.setattr("annotator.views.actions.train", refuse)
    page = show("train")
    page.button(key="launch").click().run()
    assert not page.exception
    assert page.error[0].value == "Ada is not an engineer; ask an engineer to do this"


@pytest.mark.parametrize("module", ["label", "review", "accept"])
def test_what_lies_under_a_page_over_the_whole_window_takes_no_focus(show: Callable[..., AppTest], module: str) -> None:
    page = show(module)
    assert not page.exception
    assert "[data-testid='stHeader'], [data-testid='stSkipToContent'] { visibility: hidden; }" in said(page)


def test_every_page_of_the_navigation_is_there() -> None:
    assert {entry.module for entry in navigation.PAGES} <= set(MODULES)


def test_importing_every_page_loads_no_torch_and_no_mlflow() -> None:
    imports = "; ".join(f"import annotator.pages.{module}" for module in MODULES)
    recipes = "from trainer.kinds import KINDS, recipe_class; [recipe_class(kind)() for kind in KINDS]"
    check = "import sys; print(sorted({'torch', 'mlflow', 'albumentations'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}; import annotator.app, annotator.cli, annotator.serve; {recipes}; {check}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1] == "[]"


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
