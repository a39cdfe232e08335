"""A page that this person's roles do not open."""

import streamlit as st

from annotator.navigation import link


def page() -> None:
    st.title("This page is for leads and engineers", anchor=False)
    st.write("Leads accept work and give roles, engineers train models. Ask a lead to give you the role.")
    st.page_link(link("home"), label="Back to what waits for you")
