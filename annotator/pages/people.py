"""People: who is here, what they did, and who leads, engineers or has left."""

from html import escape

import streamlit as st

from annotator import visitor
from annotator.context import platform
from annotator.telling import tell
from annotator.views import actions
from annotator.views.people import Person, people
from annotator.views.words import ago, count, exact
from db.errors import PlatformError

TOGGLES: dict[actions.Role, str] = {"is_lead": "Leads", "is_engineer": "Engineers", "active": "Active"}
MEANINGS = (
    "Leads accept and return masks, delete photos, and say who may do what. "
    "Engineers train, compare and promote models. "
    "Who is not active cannot come in; what they did stays."
)
WIDTHS = [5, 1.2, 1.2, 1.2]
PAGE_WIDTH = 900


def page() -> None:
    with platform().database.reading() as session:
        found = people(session)
    with st.container(width=PAGE_WIDTH):
        st.title(count(len(found), "person", "people"), anchor=False)
        st.write("Whoever comes in and says a name is listed here. Leads decide what each may do.")
        st.caption(MEANINGS)
        if refused := st.session_state.pop("refused", None):
            tell(refused)
        _head()
        for person in found:
            _row(person)


def _head() -> None:
    with st.container(key="people-head"):
        _, *places = st.columns(WIDTHS)
        for place, said in zip(places, TOGGLES.values(), strict=True):
            place.caption(said)


def _row(person: Person) -> None:
    with st.container(key=f"person-{person.id}"):
        who, *places = st.columns(WIDTHS, vertical_alignment="center")
        who.html(_who(person))
        for place, (field, said) in zip(places, TOGGLES.items(), strict=True):
            key = f"{field}-{person.id}"
            st.session_state[key] = getattr(person, field)
            label = f"{person.name}: {said}"
            place.toggle(label, key=key, on_change=_change, args=(person, field), label_visibility="collapsed")


def _who(person: Person) -> str:
    since = f'<time title="{exact(person.since)}">came {ago(person.since)}</time>'
    return f'<div class="hl-person"><b>{escape(person.name)}</b><span>{person.did} · {since}</span></div>'


def _change(person: Person, field: actions.Role) -> None:
    by = visitor.visitor()
    if by is None:
        return
    try:
        actions.set_role(platform(), person.id, field, st.session_state[f"{field}-{person.id}"], by)
    except PlatformError as error:
        st.session_state["refused"] = str(error)
