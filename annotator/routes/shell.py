"""Streamlit's own page, with our name on it and with the theme that was chosen once; ours where there is no page."""

from base64 import b64encode
from functools import cache
from pathlib import Path

import streamlit
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from annotator import navigation, theme

STATIC = Path(streamlit.__file__).with_name("static")
PAGES = ("", *(entry.module for entry in navigation.PAGES if entry.module != "home"))
STREAMLITS = ("_stcore", "static", "media", "component", "auth", "oauth2callback", "favicon.png", "manifest.json")
"""How the addresses begin that Streamlit answers beside pages."""
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
TABS_SCRIPT = """<script>
  window.heirloomTabs = new BroadcastChannel("heirloom");
  window.heirloomTabs.onmessage = () => location.reload();
</script>"""
"""Who leaves or comes in says so to the other tabs: Streamlit asks for the cookie once, when a page is loaded."""
PHONE_SCRIPT = """<script>
  addEventListener("click", ({ target }) => {
    if (!matchMedia("(max-width: 768px)").matches || !target.closest('[data-testid="stSidebarNavLink"]')) return;
    setTimeout(() => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click());
  });
</script>"""
"""On a phone the navigation lies over the page, where Streamlit leaves it after a page was chosen."""
HISTORY_SCRIPT = """<script>(() => {
  const push = history.pushState.bind(history);
  let queried = null;
  history.pushState = (state, title, url) => {
    const [from, to] = [new URL(location.href), new URL(url ?? location.href, location.href)];
    const sent = queried === from.href && to.search === from.search && to.pathname !== from.pathname;
    sent ? history.replaceState(state, title, url) : push(state, title, url);
    queried = to.pathname === from.pathname ? to.href : null;
  };
})();</script>"""
"""Streamlit sends people on to /photo?photo=7 by way of /photos?photo=7, where Back would find them again."""


@cache
def shell() -> str:
    """index.html as Streamlit ships it, plus our title and the scripts that go before its own."""
    page = (STATIC / "index.html").read_text()
    ours = f"<title>heirloom</title>{THEME_SCRIPT}{TABS_SCRIPT}{PHONE_SCRIPT}{HISTORY_SCRIPT}"
    return page.replace("<title>Streamlit</title>", ours, 1)


async def index(_request: Request) -> Response:
    return HTMLResponse(shell(), headers={"cache-control": "no-cache"})


class Nowhere(StringConvertor):
    """An address that is neither Streamlit's nor ends in a slash, which Streamlit takes away."""

    regex = rf"(?!(?:{'|'.join(STREAMLITS)})(?:/|$)).*[^/]"


register_url_convertor("nowhere", Nowhere())


@cache
def nowhere_page() -> str:
    """What is shown where no page is, in the theme that was chosen."""
    icon = b64encode(theme.FAVICON.read_bytes()).decode()
    page = (theme.STATIC / "nowhere.html").read_text().replace("{icon}", icon)
    for name in ("textColor", "backgroundColor", "primaryColor"):
        page = page.replace(f"{{{name}}}", f"light-dark({theme.LIGHT[name]}, {theme.DARK[name]})")
    return page


async def nowhere(_request: Request) -> Response:
    return HTMLResponse(nowhere_page(), 404)


async def home(_request: Request) -> Response:
    """The default page lives at the root; Streamlit does not know it by its name."""
    return RedirectResponse("/")


nowhere_route = Route("/{address:nowhere}", nowhere, methods=["GET"])
"""Comes after all other routes of ours."""
routes = [Route("/home", home, methods=["GET"]), *(Route(f"/{page}", index, methods=["GET"]) for page in PAGES)]
