"""Streamlit's own page, with our name on it and with the theme that was chosen once, wherever it was chosen."""

from functools import cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from annotator import navigation

STATIC = Path(streamlit.__file__).with_name("static")
PAGES = ("", *(entry.module for entry in navigation.PAGES if entry.module != "home"))
THEME_SCRIPT = """<script>(() => {
  const key = (path) => `stActiveTheme-${path}-v2`;
  try {
    const own = key(location.pathname);
    const chosen = localStorage.getItem("heirloom-theme") ?? '"Dark"';
    localStorage.setItem(own, chosen);
    addEventListener("pagehide", () => localStorage.setItem("heirloom-theme", localStorage.getItem(own) ?? chosen));
  } catch { /* Without storage the system's theme is what remains. */ }
})();</script>"""
"""Streamlit keeps the theme by address, so that every page would forget what was chosen on another."""


@cache
def shell() -> str:
    """index.html as Streamlit ships it, plus our title and the script that goes before its own."""
    page = (STATIC / "index.html").read_text()
    return page.replace("<title>Streamlit</title>", f"<title>heirloom</title>{THEME_SCRIPT}", 1)


async def index(_request: Request) -> Response:
    return HTMLResponse(shell(), headers={"cache-control": "no-cache"})


async def home(_request: Request) -> Response:
    """The default page lives at the root; Streamlit does not know it by its name."""
    return RedirectResponse("/")


routes = [Route("/home", home, methods=["GET"]), *(Route(f"/{page}", index, methods=["GET"]) for page in PAGES)]
