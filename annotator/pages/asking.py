"""Questions before something happens. Who answers is looked up then: a dialog may stay open while roles change."""

from collections.abc import Sequence
from dataclasses import astuple

import streamlit as st

from annotator.context import platform
from annotator.navigation import link
from annotator.routes.exports import export_url, results_url
from annotator.telling import tell
from annotator.views import actions
from annotator.views.exporting import FORMAT_WORDS, exportable, without_sentence
from annotator.views.photo import impact_sentence
from annotator.views.words import count, verbatim
from annotator.visitor import current
from db.deletion import deletion_impact
from db.errors import PlatformError
from db.export_formats import ExportFormat
from db.photos import collections

DELETIONS = "deletions"
"""How often this person deleted photos: the wall's choice ends then."""


@st.dialog("Add to a collection")
def ask_collection(photo_ids: Sequence[int]) -> None:
    with platform().database.reading() as session:
        names = [name for name, _ in collections(session) if name]
    name = st.selectbox(
        f"{count(len(photo_ids), 'photo goes', 'photos go')} to", names, index=None,
        placeholder="Choose or type a name", accept_new_options=True,
    )  # fmt: skip
    if st.button("Add", type="primary", disabled=not name):
        try:
            actions.set_collection(platform(), photo_ids, name or "", current())
        except PlatformError as error:
            tell(error)
        else:
            st.rerun()


@st.dialog("Export")
def ask_export(photo_ids: Sequence[int]) -> None:
    with platform().database.reading() as session:
        found = exportable(session, photo_ids)
    st.subheader("Restored photos", anchor=False)
    if found.restored:
        said = count(len(found.restored), "restored photo")
        st.link_button(f"Download all results of {said}", results_url(list(found.restored)))
    else:
        st.write("None of them is restored yet.")
    st.subheader("Accepted masks", anchor=False)
    if found.without:
        st.write(without_sentence(found.without))
    if not found.photo_ids:
        st.write("There is nothing to export: a mask has to be drawn and accepted first.")
        return
    formats = list(ExportFormat)
    kind = st.radio("Written as", formats, format_func=FORMAT_WORDS.__getitem__)
    said = count(len(found.photo_ids), "photo and its mask", "photos and their masks")
    st.link_button(f"Download {said}", export_url(list(found.photo_ids), kind))


@st.dialog("Delete for good?")
def ask_delete(photo_ids: Sequence[int], leave: bool = False) -> None:
    """Says what goes along. `leave`: go back to the wall afterwards."""
    with platform().database.reading() as session:
        impact = deletion_impact(session, photo_ids)
    if not impact.photos:
        _nothing_left(photo_ids, leave)
        return
    st.write(verbatim(impact_sentence(*astuple(impact))))
    with st.container(horizontal=True):
        if st.button("Delete", type="primary"):
            try:
                actions.delete(platform(), photo_ids, current())
            except PlatformError as error:
                tell(error)
                return
            st.session_state[DELETIONS] = st.session_state.get(DELETIONS, 0) + 1
            _leave(leave)
        if st.button("Keep"):
            st.rerun()


def _nothing_left(photo_ids: Sequence[int], leave: bool) -> None:
    st.write(f"Somebody has deleted {'this photo' if len(photo_ids) == 1 else 'these photos'} already.")
    if st.button("All right", type="primary", key="gone"):
        _leave(leave)


def _leave(leave: bool) -> None:
    if leave:
        st.switch_page(link("photos"))
    st.rerun()
