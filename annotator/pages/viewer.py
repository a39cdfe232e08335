"""The viewer of the Review and Accept pages, over the whole window; it talks to our routes by itself."""

from typing import Literal

import streamlit as st

from annotator import theme
from annotator.asked import asked_id
from annotator.parts import part


def show_viewer(mode: Literal["review", "accept"]) -> None:
    """Mount the viewer. `?task=ID` in the page's address opens that task first."""
    theme.cover()
    part("viewer", key=f"viewer-{mode}", data={"mode": mode, "task_id": asked_id(st.query_params.get("task"))})
