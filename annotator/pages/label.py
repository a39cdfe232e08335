"""Label: the mask editor on the next photo of the queue. It talks to our routes by itself, without a page rerun."""

import streamlit as st

from annotator import theme
from annotator.asked import asked_id
from annotator.parts import part


def page() -> None:
    """Mount the editor over the whole window. `?task=ID` in the page's address opens that task first."""
    theme.cover()
    part("editor", key="editor", data={"task_id": asked_id(st.query_params.get("task"))})
