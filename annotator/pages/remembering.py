"""What was chosen on a page, for whoever leaves it and comes back."""

import streamlit as st

MEMORY = "remembered"


def remember(*beginnings: str) -> None:
    """At the start of a page: keep the values of its widgets whose keys begin so.

    Streamlit forgets widgets that a run does not draw, such as those of a page that was left.
    """
    memory = st.session_state.setdefault(MEMORY, {})
    memory.update({key: value for key, value in st.session_state.items() if str(key).startswith(beginnings)})
    for key, value in memory.items():
        if key.startswith(beginnings):
            st.session_state.setdefault(key, value)
