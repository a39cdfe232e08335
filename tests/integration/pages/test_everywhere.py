"""Every page runs for whom it is meant, and loads no network."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

import annotator
from annotator import navigation
from annotator.context import platform
from annotator.navigation import PAGES, may_open
from annotator.troubles import AWAY
from annotator.views import actions
from db.engine import Database
from db.errors import NotAllowed
from db.jobs import add_job
from db.models import Assessor
from db.people import sign_in
from tests.support.pages import said

MODULES = sorted(path.stem for path in (Path(annotator.__file__).parent / "pages").glob("[a-z]*.py"))


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


def run_app() -> None:
    from annotator.navigation import show

    show()


@pytest.mark.usefixtures("show")
def test_a_page_that_breaks_says_whose_fault_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("annotator.pages.welcome.page", lambda: 1 / 0)
    page = AppTest.from_function(run_app, default_timeout=120).run()
    assert page.error[0].value == navigation.BROKEN
    assert "division by zero" in caplog.text


@pytest.mark.usefixtures("show")
def test_a_page_whose_database_is_away_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("SELECT 1", None, Exception("the database system is starting up"))

    monkeypatch.setattr("annotator.pages.welcome.page", away)
    page = AppTest.from_function(run_app, default_timeout=120).run()
    assert page.error[0].value == AWAY


@pytest.mark.parametrize("module", ["label", "review", "accept"])
def test_what_lies_under_a_page_over_the_whole_window_takes_no_focus(show: Callable[..., AppTest], module: str) -> None:
    page = show(module)
    assert not page.exception
    assert "[data-testid='stHeader'], [data-testid='stSkipToContent'] { visibility: hidden; }" in said(page)


def test_every_page_of_the_navigation_is_there() -> None:
    assert {entry.module for entry in navigation.PAGES} <= set(MODULES)


def test_importing_every_page_loads_no_torch_and_no_mlflow() -> None:
    imports = "; ".join(f"import annotator.pages.{module}" for module in MODULES)
    kinds = "from inference.names import KINDS; from trainer.learning.kinds import recipe_class"
    recipes = f"{kinds}; [recipe_class(kind)() for kind in KINDS]"
    check = "import sys; print(sorted({'torch', 'mlflow', 'albumentations'} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}; import annotator.app, annotator.cli, annotator.serve; {recipes}; {check}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1] == "[]"
