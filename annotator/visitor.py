"""Who is looking at a page: the cookie, as Streamlit's script sees it."""

import streamlit as st

from annotator import identity
from annotator.context import assessor_of
from db.models import Assessor


def visitor() -> Assessor | None:
    """The person behind this browser's cookie, or None before they said who they are."""
    return assessor_of(st.context.cookies.get(identity.COOKIE))


def current() -> Assessor:
    """The person on a page. Pages run only for people with a name, so this always finds one."""
    assessor = visitor()
    if assessor is None:
        st.rerun()
    return assessor
