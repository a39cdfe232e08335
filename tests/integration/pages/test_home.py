"""Home: a newcomer's first photo, and what waits for everybody else."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from annotator.pages.first import ANOTHER, FOLLOWING, UNDER_WAY
from annotator.parts import ignore
from annotator.routes.pictures import photo_url, result_file_url, result_url
from db.engine import Database
from db.jobs import add_job, finish, list_jobs
from db.models import Job, JobKind, ResultKind
from db.people import sign_in
from db.reviews import add_restoration
from tests.support.databases import new_photo, sha
from tests.support.pages import said


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
        {"label": label, "src": result_url(result), "file": result_file_url(result)}
        for label, result in zip(("restored", "restored in colour", "only coloured"), made.results, strict=True)
    ]
    offer_another(page, monkeypatch)


def test_a_first_photo_is_followed_by_whoever_loads_the_page_again(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.pages.first.part", lambda *_, **__: None)
    with database.unit_of_work() as session:
        new_photo(session, "a").imported_by_id = 1
        mine, somebody = add_job(session, "restore", {"photo_ids": [1]}, 1), sign_in(session, "Ben")
        others = add_job(session, "restore", {"photo_ids": [1]}, somebody.id)
    page = show("home")
    page.session_state[UNDER_WAY] = mine.id
    page.run()
    address = page.query_params[FOLLOWING]
    page = show("home", following=address[0] if isinstance(address, list) else address)
    assert not page.exception
    assert page.title[0].value == "Your photo is being restored"
    with database.unit_of_work() as session:
        finish(session, mine.id, {})
    next(button for button in page.run().button if button.label == "Restore another").click().run()
    assert not page.exception
    assert FOLLOWING not in page.query_params
    for wrong in (others.id, "none", ""):
        page = show("home", following=wrong)
        assert not page.exception
        assert "Your photo is being restored" not in said(page)
        assert FOLLOWING not in page.query_params


def test_a_photo_dropped_while_the_drop_zone_goes_breaks_nothing(
    show: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def part(name: str, *, on_taken_change: Callable[[], None] = ignore, **_: object) -> None:
        if name == "drop":
            on_taken_change()

    monkeypatch.setattr("annotator.pages.first.part", part)
    assert not show("home").exception


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
    page.session_state[UNDER_WAY] = job.id
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
    assert [title.value for title in page.title] == ["1 photo waits for a mask"]
    assert [button.label for button in page.button] == ["Label"]


def test_home_has_one_title_where_a_newcomer_may_also_help(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        new_photo(session, "a")
    page = show("home")
    assert [title.value for title in page.title] == ["Restore your first photo"]
    assert "1 photo waits for a mask" in said(page)
