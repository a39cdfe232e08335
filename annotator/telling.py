"""What went wrong, said on a page as it stands: Streamlit would take it for Markdown."""

import streamlit as st

from annotator.views.words import verbatim


def tell(problem: object) -> None:
    """Show an error or its sentence; names of files and of people in it keep their characters."""
    st.error(verbatim(str(problem)))


def tell_over_page(problem: object) -> None:
    """The same where the end of the page may be out of sight; it stays until it is closed."""
    st.toast(verbatim(str(problem)), icon=":material/error:", duration="infinite")
