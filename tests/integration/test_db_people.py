"""Who people are and what their roles permit."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from annotator.context import Platform
from annotator.views.actions import set_role
from db.blobs import BlobStore
from db.engine import Database
from db.errors import InvalidState, NotAllowed, NotFound
from db.models import Assessor
from db.people import (
    get_assessor,
    list_assessors,
    require_engineer,
    require_lead,
    set_roles,
    sign_in,
    sign_in_subject,
)
from db.settings import Settings
from tests.support.databases import start_waiting, two_people


def test_the_first_person_leads_and_engineers(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        first, second = two_people(session)
        assert (first.is_lead, first.is_engineer) == (True, True)
        assert (second.is_lead, second.is_engineer) == (False, False)
        require_lead(first)
        require_engineer(first)
        with pytest.raises(NotAllowed, match="Ben is not a lead"):
            require_lead(second)
        with pytest.raises(NotAllowed, match="Ben is not an engineer"):
            require_engineer(second)


def test_a_name_that_folds_to_many_more_characters_is_one_person(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        first = sign_in(session, "\ufdfa" * 80)
        assert sign_in(session, "\ufdfa" * 80).id == first.id


@pytest.mark.parametrize(
    "again",
    ["ÉLODIE Straße", "  élodie   STRASSE ", "Élodie strasse", "\u202eÉlodie\u200b Straße"],
)
def test_a_name_is_one_person_whatever_its_case(either_database: Database, again: str) -> None:
    with either_database.unit_of_work() as session:
        first = sign_in(session, "Élodie Straße")
        assert sign_in(session, again).id == first.id
        assert first.name == "Élodie Straße"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "\u202e \u200b\ud800"])
def test_a_name_must_be_one(either_database: Database, name: str) -> None:
    with either_database.unit_of_work() as session, pytest.raises(InvalidState, match="1 to 80"):
        sign_in(session, name)


def test_people_who_sign_in_at_once_make_one_lead(either_database: Database) -> None:
    barrier = threading.Barrier(6)

    def arrive(number: int) -> None:
        barrier.wait()
        with either_database.unit_of_work() as session:
            sign_in(session, "Ada" if number % 2 else "ADA")

    threads = [threading.Thread(target=arrive, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with either_database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Assessor)) == 1


def test_a_subject_is_one_person_whatever_the_name(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        sign_in(session, "Ada")
        ada = sign_in_subject(session, "idp|1", "ada")
        assert ada.name == "ada 2"
        assert sign_in_subject(session, "idp|1", "Ada Lovelace").id == ada.id


def test_subjects_of_any_length_are_told_apart(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        people = [sign_in_subject(session, "https://idp.example/" + "x" * 300 + end, "Ada").id for end in "aba"]
    assert people[0] == people[2] != people[1]


def test_the_last_lead_stays(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        with pytest.raises(InvalidState, match="only lead"):
            set_roles(session, ada, ada.id, is_lead=False, is_engineer=True)
        with pytest.raises(NotAllowed):
            set_roles(session, ben, ben.id, is_lead=True, is_engineer=False)
        set_roles(session, ada, ben.id, is_lead=True, is_engineer=False)
        set_roles(session, ben, ada.id, is_lead=False, is_engineer=True)
        assert [(p.name, p.is_lead) for p in list_assessors(session)] == [("Ada", False), ("Ben", True)]


def test_an_inactive_person_may_do_nothing(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        ada.active = False
        with pytest.raises(NotAllowed, match="no longer active"):
            sign_in(session, "Ada")
        with pytest.raises(NotAllowed, match="no longer active"):
            require_lead(ada)
        with pytest.raises(NotFound):
            get_assessor(session, 99)


def test_the_last_engineer_stays(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        with pytest.raises(InvalidState, match="Ada is the only engineer"):
            set_roles(session, ada, ada.id, is_lead=True, is_engineer=False)
        set_roles(session, ada, ben.id, is_lead=False, is_engineer=True)
        set_roles(session, ada, ada.id, is_lead=True, is_engineer=False)
        with pytest.raises(InvalidState, match="Ben is the only engineer"):
            set_roles(session, ada, ben.id, is_lead=False, is_engineer=True, active=False)


def test_nobody_leads_who_left(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        with pytest.raises(InvalidState, match="Ada is the only lead"):
            set_roles(session, ada, ada.id, is_lead=True, is_engineer=True, active=False)
        set_roles(session, ada, ben.id, is_lead=True, is_engineer=True, active=False)
        with pytest.raises(InvalidState, match="Ada is the only lead"):
            set_roles(session, ada, ada.id, is_lead=False, is_engineer=True)
        assert set_roles(session, ada, ben.id, is_lead=False, is_engineer=True).active is False
        set_roles(session, ada, ben.id, is_lead=True, is_engineer=True, active=True)
        assert set_roles(session, ben, ada.id, is_lead=False, is_engineer=False, active=False).active is False


def test_a_role_that_was_just_taken_no_longer_counts(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        set_roles(session, ada, ben.id, is_lead=True, is_engineer=True)
    with either_database.unit_of_work() as session:
        set_roles(session, ben, ada.id, is_lead=False, is_engineer=False)
    assert ada.is_lead, "what a page knew when it was drawn"
    with either_database.unit_of_work() as session, pytest.raises(NotAllowed, match="Ada is not a lead"):
        set_roles(session, ada, ben.id, is_lead=False, is_engineer=True)


def test_two_roles_that_are_given_at_once_are_both_given(either_database: Database, tmp_path: Path) -> None:
    here = Platform(Settings(home=tmp_path), either_database, BlobStore(str(tmp_path)))
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
    with either_database.unit_of_work() as session:
        set_roles(session, ada, ben.id, is_lead=True, is_engineer=False)
        second = start_waiting(either_database, lambda: set_role(here, ben.id, "is_engineer", True, ada))
    second.join()
    with either_database.reading() as session:
        stored = get_assessor(session, ben.id)
        assert (stored.is_lead, stored.is_engineer, stored.active) == (True, True, True)
