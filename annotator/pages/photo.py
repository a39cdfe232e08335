"""One photo: large, with its versions as a filmstrip and its story beside it."""

from html import escape
from typing import Any, cast

import streamlit as st

from annotator.asked import asked_id
from annotator.context import platform
from annotator.navigation import link
from annotator.pages.asking import ask_delete
from annotator.pages.jobbar import failure, running_jobs
from annotator.parts import ignore, part
from annotator.telling import tell
from annotator.views import actions
from annotator.views.colouring import colouring_data
from annotator.views.photo import NextStep, PhotoPage, photo_page
from annotator.views.words import STATE_SIGNS, STATE_WORDS, ago, exact, verbatim
from annotator.visitor import current
from db.errors import PlatformError
from db.models import Assessor, Photo
from db.stories import StoryEntry
from inference.methods import FillMethod

COLOURS = "colours"
"""In the address of a photo whose colours are being corrected."""
LEARNED = "learned"
METHODS = {LEARNED: "the inpainter", "telea": "Telea", "ns": "Navier–Stokes"}


def page() -> None:
    assessor = current()
    asked = asked_id(st.query_params.get("photo"))
    try:
        with platform().database.reading() as session:
            found = photo_page(session, asked or 0, assessor)
            colours = colouring_data(session, found.photo)
    except PlatformError:
        st.title("This photo is not here", anchor=False)
        st.write("It may have been deleted, or the address is not complete.")
        st.page_link(link("photos"), label="All photos", icon=":material/arrow_back:")
        return
    picture, beside = st.columns([2.6, 1], gap="large")
    correcting = colours is not None and COLOURS in st.query_params
    with picture:
        if correcting:
            _correct_colours(found.photo, colours, assessor)
        else:
            part("versions", key=f"versions-{found.photo.id}", data=found.component_data())
    with beside:
        _beside(found, assessor, can_correct=colours is not None and not correcting)


def _correct_colours(photo: Photo, colours: dict[str, Any] | None, assessor: Assessor) -> None:
    """In the picture's place: colours given by hand, until they are sent or left."""
    key = f"colours-{photo.id}"
    asked = part("colours", key=key, data=colours, on_asked_change=ignore, on_closed_change=ignore)
    if asked.asked:
        try:
            actions.recolour(platform(), photo, asked.asked, assessor)
        except PlatformError as error:
            tell(error)
            return
        st.toast("It will be coloured anew; the results join the filmstrip.")
    if asked.asked or asked.closed:
        del st.query_params[COLOURS]
        st.rerun()


def _beside(found: PhotoPage, assessor: Assessor, *, can_correct: bool) -> None:
    photo = found.photo
    st.page_link(link("photos"), label=verbatim(photo.collection) or "All photos", icon=":material/arrow_back:")
    st.header(verbatim(photo.filename), anchor=False)
    st.caption(f"{STATE_SIGNS[found.state]} {STATE_WORDS[found.state]}  \n{found.facts}")
    if found.next_step:
        _next(found.next_step, photo.id, assessor)
    if can_correct and st.button("Correct the colours", key="colours", icon=":material/palette:"):
        st.query_params[COLOURS] = "1"
        st.rerun()
    running_jobs(photo.id)
    if found.trouble:
        failure(found.trouble, found.last_job, assessor)
    st.html(_timeline(found.story))
    _more(found, assessor)


def _next(step: NextStep, photo_id: int, assessor: Assessor) -> None:
    st.write(step.said)
    if not st.button(step.button, type="primary", key="next"):
        return
    if step.action == "restore":
        _restore(photo_id, LEARNED, assessor)
    else:
        st.switch_page(link(step.action), query_params={"task": str(step.task_id)})


def _restore(photo_id: int, method: str, assessor: Assessor) -> None:
    classical = None if method == LEARNED else cast(FillMethod, method)
    actions.restore(platform(), [photo_id], assessor, classical)
    st.toast("It will be restored; the results join the filmstrip.")
    st.rerun()


def _timeline(story: tuple[StoryEntry, ...]) -> str:
    entries = "".join(
        f"<li><span>{escape(entry.who + ' ' if entry.who else '')}{escape(entry.what)}</span>"
        f'<time title="{exact(entry.at)}">{ago(entry.at)}</time></li>'
        for entry in story
    )
    return f'<ol class="hl-story">{entries}</ol>'


def _more(found: PhotoPage, assessor: Assessor) -> None:
    photo = found.photo
    with st.expander("More"):
        if photo.archived_at is None:
            method = st.segmented_control("Fill by", list(METHODS), format_func=METHODS.__getitem__, default=LEARNED)
            if st.button("Restore again" if found.results else "Restore it this way", key="again"):
                _restore(photo.id, method or LEARNED, assessor)
        if assessor.is_lead:
            other = "train" if photo.split == "validation" else "validation"
            said = "Use it for training" if other == "train" else "Use it for checking models"
            if st.button(said, key="split"):
                actions.move_split(platform(), photo.id, "train" if other == "train" else "validation", assessor)
                st.rerun()
        if st.button("Bring back" if photo.archived_at else "Put away", key="archive"):
            (actions.bring_back if photo.archived_at else actions.put_away)(platform(), [photo.id], assessor)
            st.rerun()
        if assessor.is_lead and st.button("Delete…", key="delete"):
            ask_delete([photo.id], leave=True)
