"""People: who did what, and who may do what."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from db.engine import Database
from db.models import Annotation, Assessor, utc_now
from db.people import sign_in
from tests.support.databases import new_photo
from tests.support.pages import said


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


def test_people_says_what_roles_mean_without_buttons_to_press(show: Callable[..., AppTest]) -> None:
    page = show("people")
    assert "Engineers train, compare and promote models." in said(page)
    assert not [caption.value for caption in page.caption if caption.help]


def test_people_keeps_the_last_lead_and_says_so(show: Callable[..., AppTest], database: Database) -> None:
    page = show("people")
    page.toggle(key="is_lead-1").set_value(False).run()
    assert page.error[0].value == "Ada is the only lead; make somebody else lead first."
    assert page.toggle(key="is_lead-1").value is True
    with database.reading() as session:
        assert session.get_one(Assessor, 1).is_lead
    assert not page.run().error
