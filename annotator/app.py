"""The web app: Streamlit's pages and our own routes in one process."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from annotator.access import AppSettings, Guard
from annotator.routes import routes, shell

SCRIPT = Path(__file__).parent / "entry" / "script.py"


def build_app(access: AppSettings) -> st.App:
    """The ASGI app. Every request passes the guard first, Streamlit's own included."""
    return st.App(
        SCRIPT,
        routes=[*shell.routes, *routes, shell.nowhere_route],
        middleware=[Middleware(Guard, access=access)],
    )
