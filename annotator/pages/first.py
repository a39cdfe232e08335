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
from inference.containers import UNREAD_ENDINGS

UNDER_WAY = "first photo"
"""The job that restores it. It stands in the address too, or whoever loads the page again would lose it."""
FOLLOWING = "following"
ANOTHER = "another photo"
"""Set while somebody who is no newcomer any more wants to drop one more."""
DROP = "first-drop"


def is_under_way(assessor: Assessor) -> bool:
    """Whether this person is in the middle of it, as this session or the address of the page knows."""
    if UNDER_WAY not in st.session_state and _is_theirs(asked := st.query_params.get(FOLLOWING, ""), assessor):
        st.session_state[UNDER_WAY] = asked
    followed = st.session_state.get(UNDER_WAY)
    if followed:
        st.query_params[FOLLOWING] = followed
    else:
        st.query_params.pop(FOLLOWING, None)
    return followed is not None


def _is_theirs(job_id: str, assessor: Assessor) -> bool:
    try:
        job = fresh(job_id)
    except NotFound:
        return False
    return job.kind == "restore" and job.created_by_id == assessor.id and bool(job.params.get("photo_ids"))


def wants_another() -> bool:
    """Whether this person asked to restore one more."""
    return ANOTHER in st.session_state


def first_photo(assessor: Assessor) -> None:
    """Drop → import → restore → the result, on one page."""
    if UNDER_WAY not in st.session_state:
        st.title("Restore another photo" if wants_another() else "Restore your first photo", anchor=False)
        call = {"call": "Drop a photo here, or press to choose one", "large": True, "unread": UNREAD_ENDINGS}
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
    st.session_state.pop(ANOTHER, None)
    st.session_state[UNDER_WAY] = actions.restore(platform(), taken["ids"], assessor).id


def _job() -> Job:
    return fresh(st.session_state[UNDER_WAY])


@st.fragment(run_every=1)
def _follow(assessor: Assessor) -> None:
    """Refreshed by itself until the job ends; a result that is looked at stands still."""
    if _job().status not in ACTIVE:
        st.rerun()
    _show(assessor)


def _show(assessor: Assessor) -> None:
    job = _job()
    photo_id = job.params["photo_ids"][0]
    try:
        with platform().database.reading() as session:
            found = photo_page(session, photo_id, assessor)
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
        _here_it_is(photo_id, compared)
        return
    part("versions", key=f"first-{photo_id}", data=found.component_data())
    if job.status not in ACTIVE:
        _afterwards(photo_id)


def _here_it_is(photo_id: int, compared: dict[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Here it is", anchor=False, width="content")
        _afterwards(photo_id)
    part("wipe", key=f"wipe-{photo_id}", data=compared)


def _afterwards(photo_id: int) -> None:
    with st.container(horizontal=True, width="content"):
        if st.button("Open its page", type="primary"):
            _let_go()
            st.switch_page(link("photo"), query_params={"photo": str(photo_id)})
        _offer_another()


def _let_go() -> None:
    """Follow the photo no further, nor after the page is loaded again."""
    del st.session_state[UNDER_WAY]
    st.query_params.pop(FOLLOWING, None)


def _offer_another() -> None:
    if st.button("Restore another"):
        _let_go()
        st.session_state[ANOTHER] = True
        st.rerun()
