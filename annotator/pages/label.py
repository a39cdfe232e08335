"""Label: the mask editor on the next photo of the queue. It talks to our routes by itself, without a page rerun."""

import streamlit as st

from annotator import theme
from annotator.parts import part
from annotator.views.viewer import asked_task


def page() -> None:
    """Mount the editor over the whole window. `?task=ID` in the page's address opens that task first."""
    theme.cover()
    part("editor", key="editor", data={"task_id": asked_task(st.query_params.get("task"))})
