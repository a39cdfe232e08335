"""Photos, and a photo's own page."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from annotator import visitor
from annotator.views.wall import gone_sentence
from db.deletion import delete
from db.engine import Database
from db.errors import NotAllowed
from db.jobs import add_job, fail
from db.models import Assessor
from db.people import sign_in
from db.photos import archive
from tests.support.databases import new_photo, restored
from tests.support.pages import go, said


def test_photos_says_what_to_do_when_there_are_none(show: Callable[..., AppTest]) -> None:
    page = show("photos")
    assert not page.exception
    assert "No photos yet. Drop some above." in said(page)
    assert not page.text_input, "there is nothing to look for"


def test_photos_counts(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        for name in "abc":
            new_photo(session, name)
    page = show("photos")
    assert not page.exception
    assert page.title[0].value == "3 photos"
    page.text_input(key="search").set_value("a.j").run()
    assert page.title[0].value == "1 of 3 photos"


def test_pages_of_the_wall_turn_by_keys_that_are_not_the_browsers(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.views.wall.PER_PAGE", 1)
    with database.unit_of_work() as session:
        for name in "ab":
            new_photo(session, name)
    page = show("photos")
    newer, older = page.button
    assert (newer.proto.shortcut, older.proto.shortcut) == ("n", "o")
    older.click().run()
    assert not page.exception
    assert "2 of 2" in said(page)


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


def ask(monkeypatch: pytest.MonkeyPatch, asked: dict[str, object]) -> None:
    """What is to be done with chosen photos, as the wall says it."""
    answer = SimpleNamespace(taken=None, open=None, act=asked)
    monkeypatch.setattr("annotator.pages.photos.part", lambda _name, **_rest: answer)


def test_what_was_refused_is_said_where_the_wall_hides_the_end_of_the_page(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotAllowed("Ada has left.")

    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
    monkeypatch.setattr("annotator.views.actions.restore", refuse)
    ask(monkeypatch, {"name": "restore", "ids": [photo.id], "names": ["a.jpg"]})
    page = show("photos")
    assert not page.exception
    assert [each.value for each in page.toast] == ["Ada has left."]


@pytest.mark.parametrize("name", ["restore", "label"])
def test_what_is_done_with_many_photos_passes_over_those_that_are_gone_and_names_them(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    done: list[list[int]] = []
    monkeypatch.setattr("annotator.views.actions.restore", lambda _here, ids, _by: done.append(ids))
    monkeypatch.setattr("annotator.views.actions.label_first", lambda _here, ids, _by: done.append(ids))
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
    asked = {"name": name, "ids": [99, photo.id], "names": ["_b_.jpg", "a.jpg"]}
    ask(monkeypatch, asked)
    page = show("photos")
    assert not page.exception
    assert done.pop() == [photo.id]
    said_first, said_then = (each.value for each in page.toast)
    assert said_first == r"\_b\_.jpg was deleted meanwhile."
    assert said_then.startswith("1 photo ")
    asked |= {"ids": [98, 99], "names": ["b.jpg", "c.jpg"]}
    page.run()
    assert not page.exception
    assert [each.value for each in page.toast] == ["b.jpg and c.jpg were deleted meanwhile."]
    assert not done


def test_a_choice_on_the_wall_ends_with_other_filters_and_with_a_deletion(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices: list[str] = []
    answer = SimpleNamespace(taken=None, open=None, act=None)

    def part(_name: str, *, data: dict[str, Any], **_rest: object) -> SimpleNamespace:
        choices.extend([data["choice"]] if "choice" in data else [])
        return answer

    monkeypatch.setattr("annotator.pages.photos.part", part)
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
        new_photo(session, "ab")
    page = show("photos").run()
    assert choices[0] == choices[-1]
    page.text_input(key="search").set_value("a").run()
    assert choices[-1] != choices[0]
    searched, answer.act = choices[-1], {"name": "delete", "ids": [photo.id], "names": ["a.jpg"]}
    monkeypatch.setattr("annotator.views.actions.delete", lambda *_: None)
    page.run()
    assert choices[-1] == searched
    next(button for button in page.button if button.label == "Delete").click().run()
    assert not page.exception
    assert choices[-1] != searched


def test_what_can_be_exported_of_chosen_photos_is_offered(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.unit_of_work() as session:
        photos = [new_photo(session, name) for name in "ab"]
    asked: dict[str, object] = {"name": "export", "ids": [each.id for each in photos], "names": ["a.jpg", "b.jpg"]}
    ask(monkeypatch, asked)
    page = show("photos")
    assert not page.exception
    assert not page.get("link_button")
    assert "None of them is restored yet." in said(page)
    with database.unit_of_work() as session:
        restored(session, photos[1].id, "b")
    page.run()
    assert not page.exception
    (download,) = page.get("link_button")
    assert (download.proto.label, download.proto.url) == (
        "Download all results of 1 restored photo",
        "/api/results?photos=2",
    )


def test_of_many_photos_that_are_gone_a_few_are_named() -> None:
    assert gone_sentence(list("abcde")) == "a, b, c and 2 more were deleted meanwhile."


def test_photos_that_somebody_else_has_just_deleted_are_said_to_be_gone(
    show: Callable[..., AppTest], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.unit_of_work() as session:
        kept, gone = (new_photo(session, name) for name in "ab")
    asked: dict[str, object] = {"name": "delete", "ids": [gone.id], "names": ["b.jpg"]}
    ask(monkeypatch, asked)
    page = show("photos")
    assert "1 photo will be gone" in said(page)
    with database.unit_of_work() as session:
        delete(session, [gone.id], session.get_one(Assessor, 1))
    page.run()
    assert not page.exception
    assert "Somebody has deleted this photo already." in said(page)
    assert "0 photos" not in said(page)
    asked |= {"ids": [gone.id, kept.id], "names": ["b.jpg", "a.jpg"]}
    page.run()
    assert "1 photo will be gone" in said(page)


def test_a_photo_tells_its_story(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "a")
    page = show("photo", photo=str(photo.id))
    assert not page.exception
    assert page.header[0].value == "a.jpg"
    assert "It waits for a mask." in said(page)
    assert page.button(key="next").label == "Draw the mask"


def test_names_and_errors_show_as_they_stand(show: Callable[..., AppTest], database: Database) -> None:
    with database.unit_of_work() as session:
        photo = new_photo(session, "*a*")
        photo.collection = "_b_"
        job = add_job(session, "restore", {"photo_ids": [photo.id]}, 1)
        fail(session, job.id, "*a*.jpg is damaged.")
    page = show("photo", photo=str(photo.id))
    assert page.header[0].value == r"\*a\*.jpg"
    assert page.get("page_link")[0].proto.label == r"\_b\_"
    assert page.error[0].value == r"\*a\*.jpg is damaged."


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
    for number in ("99", str(2**70)):
        page = show("photo", photo=number)
        assert not page.exception
        assert page.title[0].value == "This photo is not here"
