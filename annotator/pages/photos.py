"""Photos: the wall, filters as chips, and what can be done with many at once."""

from typing import Any

import streamlit as st

from annotator.context import platform
from annotator.navigation import link
from annotator.pages.asking import DELETIONS, ask_collection, ask_delete, ask_export
from annotator.parts import ignore, part
from annotator.telling import tell_over_page
from annotator.views import actions
from annotator.views.wall import FILTERS, Wall, Wanted, component_data, gone_sentence, wall
from annotator.views.words import STATE_SIGNS, STATE_WORDS, count
from annotator.visitor import current
from db.errors import PlatformError
from db.models import Assessor
from db.photos import existing
from db.wall import PhotoState
from inference.containers import UNREAD_ENDINGS

NO_FILTER: dict[str, Any] = {"search": "", "state": None, "collection": None}
"""The filters by the keys of their widgets, as they begin."""


def page() -> None:
    assessor = current()
    head = st.container()
    wanted = _filters()
    with platform().database.reading() as session:
        found = wall(session, wanted)
    with head:
        _head(found, wanted)
    if not found.cards:
        st.subheader(found.emptiness, anchor=False)
        if found.everything or found.shows_put_away:
            st.button("Show all photos", type="primary", key="all", on_click=_show, args=(None,))
        elif found.put_away:
            st.button("Show what was put away", type="primary", key="put-away", on_click=_show, args=("archived",))
        return
    data = component_data(found, wanted, assessor, st.session_state.get(DELETIONS, 0))
    asked = part("wall", key="wall", data=data, on_open_change=ignore, on_act_change=ignore)
    _pager(found)
    if asked.open:
        st.switch_page(link("photo"), query_params={"photo": str(asked.open)})
    if asked.act:
        _act(asked.act, assessor)


def _head(found: Wall, wanted: Wanted) -> None:
    st.title(found.said, anchor=False)
    call = "Drop photos, a folder or a zip here, or press to choose"
    data = {"call": call, "collection": wanted.collection or "", "unread": UNREAD_ENDINGS}
    taken = part("drop", key="drop", data=data, on_taken_change=ignore).taken
    if taken and taken["ids"]:
        st.rerun()


def _filters() -> Wanted:
    """What is looked for. Streamlit forgets widgets on the way to another page, so we remember them."""
    with platform().database.reading() as session:
        unfiltered = wall(session, Wanted())
    if not unfiltered.everything and not unfiltered.put_away:
        return Wanted()
    names = unfiltered.collections
    for key, value in st.session_state.get("filters", {}).items():
        if key != "collection" or value in names:
            st.session_state.setdefault(key, value)
    with st.container(horizontal=True, vertical_alignment="center", key="filters"):
        text = st.text_input(
            "Search", placeholder="Search by name", label_visibility="collapsed", key="search", width=240
        )
        state = st.pills(
            "State",
            FILTERS,
            format_func=lambda name: f"{STATE_SIGNS[name]} {STATE_WORDS[name]}",
            label_visibility="collapsed",
            key="state",
        )
        collection = None
        if names:
            collection = st.selectbox(
                "Collection", names, index=None, placeholder="Any collection", label_visibility="collapsed",
                key="collection", width=220,
            )  # fmt: skip
    asked = {"search": text, "state": state, "collection": collection}
    if st.session_state.get("filters") != asked:
        st.session_state["filters"] = asked
        st.session_state["page"] = 1
    return Wanted(text, state, collection, st.session_state["page"])


def _show(state: PhotoState | None) -> None:
    """Let go of all filters but this state; runs before the page does, while they can still be changed."""
    st.session_state.update(NO_FILTER | {"state": state})


def _pager(found: Wall) -> None:
    if found.pages == 1:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        if st.button("Newer", disabled=found.page == 1, shortcut="n"):
            _turn(found.page - 1)
        st.write(f"{found.page} of {found.pages}")
        if st.button("Older", disabled=found.page == found.pages, shortcut="o"):
            _turn(found.page + 1)


def _turn(page_number: int) -> None:
    st.session_state["page"] = page_number
    st.rerun()


def _act(asked: dict[str, Any], assessor: Assessor) -> None:
    """Do it with those of the chosen photos that are still there, and say which ones are not."""
    chosen: dict[int, str] = dict(zip(asked["ids"], asked["names"], strict=True))
    with platform().database.reading() as session:
        ids = existing(session, chosen)
    gone = [name for photo_id, name in chosen.items() if photo_id not in ids]
    if asked["name"] == "delete":
        ask_delete(list(chosen))
        return
    if gone:
        tell_over_page(gone_sentence(gone))
    if ids:
        _act_on(asked["name"], ids, assessor, stay=bool(gone))


def _act_on(name: str, ids: list[int], assessor: Assessor, *, stay: bool) -> None:
    """`stay`: on this page something was said that another one would cover."""
    try:
        match name:
            case "restore":
                actions.restore(platform(), ids, assessor)
                st.toast(f"{count(len(ids), 'photo')} will be restored. Home shows how far it is.")
            case "label":
                actions.label_first(platform(), ids, assessor)
                if not stay:
                    st.switch_page(link("label"))
                st.toast(f"{count(len(ids), 'photo comes', 'photos come')} first in Label.")
            case "collection":
                ask_collection(ids)
            case "export":
                ask_export(ids)
            case "put away":
                actions.put_away(platform(), ids, assessor)
                st.rerun()
            case "bring back":
                actions.bring_back(platform(), ids, assessor)
                st.rerun()
    except PlatformError as error:
        tell_over_page(error)
