"""People: who is here, what they did, and who leads, engineers or has left."""

from typing import Any

import streamlit as st

from annotator import visitor
from annotator.context import platform
from annotator.views import actions
from annotator.views.people import Person, people
from annotator.views.words import ago, count, exact
from db.errors import PlatformError

TOGGLES = {"is_lead": "Leads", "is_engineer": "Engineers", "active": "Active"}
HELP = {
    "is_lead": "Accepts and returns masks, deletes photos, says who may do what.",
    "is_engineer": "Trains, compares and promotes models.",
    "active": "May sign in and work here. What somebody did stays when they leave.",
}
WIDTHS = [2.2, 3, 1, 1, 1]


def page() -> None:
    with platform().database.reading() as session:
        found = people(session)
    st.title(count(len(found), "person", "people"), anchor=False)
    st.caption("Whoever opens this app and says a name is listed here. Leads decide what each may do.")
    if refused := st.session_state.pop("refused", None):
        st.error(refused)
    for person in found:
        _row(person)


def _row(person: Person) -> None:
    with st.container(key=f"person-{person.id}"):
        name, did, *places = st.columns(WIDTHS, vertical_alignment="center")
        name.markdown(f"**{_plain(person.name)}**  \n{person.did}")
        did.caption(f"here since {ago(person.since)}", help=exact(person.since))
        for place, (field, said) in zip(places, TOGGLES.items(), strict=True):
            key = f"{field}-{person.id}"
            st.session_state[key] = getattr(person, field)
            place.toggle(said, key=key, on_change=_change, args=(person, field), help=HELP[field])


def _change(person: Person, field: str) -> None:
    wanted: dict[str, Any] = {name: getattr(person, name) for name in TOGGLES}
    wanted[field] = st.session_state[f"{field}-{person.id}"]
    by = visitor.visitor()
    if by is None:
        return
    try:
        actions.set_roles(platform(), person.id, by, **wanted)
    except PlatformError as error:
        st.session_state["refused"] = str(error)


def _plain(name: str) -> str:
    """The name with nothing in it that Markdown would read as more than text."""
    return "".join(f"\\{letter}" if not letter.isalnum() and not letter.isspace() else letter for letter in name)
