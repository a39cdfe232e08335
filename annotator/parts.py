"""Our own small components: each is NAME.html, NAME.css and NAME.js in `static/`, mounted without an iframe."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

STATIC = Path(__file__).with_name("static")


@cache
def _text(name: str, ending: str) -> str | None:
    path = STATIC / f"{name}.{ending}"
    return path.read_text() if path.exists() else None


def part(name: str, *, key: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
    """Mount `name` with `data` and return its state. `key` keeps it mounted while `data` changes."""
    component = st.components.v2.component(
        f"heirloom_{name}", html=_text(name, "html"), css=_text(name, "css"), js=_text(name, "js")
    )
    return component(key=key, data=data, **options)


def ignore() -> None:
    """For a part's trigger: Streamlit delivers one only where a callback is given."""
