"""Restore your first photo: drop it, wait a moment, look at it."""

from typing import Any

import streamlit as st

from annotator import visitor
from annotator.context import platform
from annotator.navigation import link
from annotator.pages.jobbar import bar, failure, fresh
from annotator.parts import part
from annotator.views import actions
from annotator.views.photo import photo_page
from db.errors import NotFound
from db.jobs import ACTIVE
from db.models import Assessor, Job

UNDER_WAY = "first photo"
ANOTHER = "another photo"
"""Set while somebody who is no newcomer any more wants to drop one more."""
DROP = "first-drop"


def is_under_way() -> bool:
    """Whether this person is in the middle of it."""
    return UNDER_WAY in st.session_state


def wants_another() -> bool:
    """Whether this person asked to restore one more."""
    return ANOTHER in st.session_state


def first_photo(assessor: Assessor) -> None:
    """Drop → import → restore → the result, on one page."""
    if not is_under_way():
        st.title("Restore another photo" if wants_another() else "Restore your first photo", anchor=False)
        call = {"call": "Drop a photo here, or press to choose one", "large": True}
        part("drop", key=DROP, data=call, on_taken_change=_taken)
        if wants_another():
            st.button("Not now", key="not-now", on_click=st.session_state.pop, args=(ANOTHER, None))
        return
    (_follow if _job().status in ACTIVE else _show)(assessor)


def _taken() -> None:
    """Before the page runs again: by then this person has brought in a photo and is no newcomer any more.

    What was dropped while the page was already leaving the drop zone came in all the same, and is not followed.
    """
    dropped, assessor = st.session_state.get(DROP), visitor.visitor()
    if dropped is None or not dropped.taken or not dropped.taken["ids"] or assessor is None:
        return
    taken = dropped.taken
    here = platform()
    job = actions.restore(here, taken["ids"], assessor)
    st.session_state.pop(ANOTHER, None)
    st.session_state[UNDER_WAY] = {"photo": taken["ids"][0], "job": job.id}


def _job() -> Job:
    return fresh(st.session_state[UNDER_WAY]["job"])


@st.fragment(run_every=1)
def _follow(assessor: Assessor) -> None:
    """Refreshed by itself until the job ends; a result that is looked at stands still."""
    if _job().status not in ACTIVE:
        st.rerun()
    _show(assessor)


def _show(assessor: Assessor) -> None:
    state, job = st.session_state[UNDER_WAY], _job()
    try:
        with platform().database.reading() as session:
            found = photo_page(session, state["photo"], assessor)
    except NotFound:
        st.title("Your photo is not here any more", anchor=False)
        st.write("It was deleted, and with it all that was made of it.")
        _offer_another()
        return
    compared = found.wipe_data()
    if job.status in ACTIVE:
        st.title("Your photo is being restored", anchor=False)
        bar(job)
        st.caption("You may leave this page; nothing is lost.")
    elif job.status != "done" or compared is None:
        st.title("This did not work", anchor=False)
        failure(job.error or found.trouble or "The restoration was stopped.", job, assessor)
    else:
        _here_it_is(state["photo"], compared)
        return
    part("versions", key=f"first-{state['photo']}", data=found.component_data())
    if job.status not in ACTIVE:
        _afterwards(state["photo"])


def _here_it_is(photo_id: int, compared: dict[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Here it is", anchor=False, width="content")
        _afterwards(photo_id)
    part("wipe", key=f"wipe-{photo_id}", data=compared)


def _afterwards(photo_id: int) -> None:
    with st.container(horizontal=True, width="content"):
        if st.button("Open its page", type="primary"):
            del st.session_state[UNDER_WAY]
            st.switch_page(link("photo"), query_params={"photo": str(photo_id)})
        _offer_another()


def _offer_another() -> None:
    if st.button("Restore another"):
        del st.session_state[UNDER_WAY]
        st.session_state[ANOTHER] = True
        st.rerun()
