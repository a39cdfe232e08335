"""What went wrong, said on a page as it stands: Streamlit would take it for Markdown."""

import streamlit as st

from annotator.views.words import verbatim


def tell(problem: object) -> None:
    """Show an error or its sentence; names of files and of people in it keep their characters."""
    st.error(verbatim(str(problem)))
