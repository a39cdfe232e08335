"""Our routes and the built viewer on bare pages, without Streamlit: the same bundle, the same requests."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from annotator.access import AppSettings, Guard
from annotator.parts import STATIC
from annotator.routes import routes

PAGE = """<!doctype html><html lang="en"><title>viewer</title><body style="margin: 0"><div id="root"></div>
<script type="module">
import mount from "/static/viewer.js";
const parentElement = document.getElementById("root").attachShadow({ mode: "open" });
const task = new URLSearchParams(location.search).get("task");
window.unmount = mount({ data: { mode: location.pathname.slice(1), task_id: task && Number(task) }, parentElement });
</script>"""


def viewer_app() -> Starlette:
    """/review and /accept with the viewer on them, and everything under /api."""

    async def bare_page(_request: Request) -> Response:
        return HTMLResponse(PAGE)

    pages = [Route("/review", bare_page), Route("/accept", bare_page)]
    static = Mount("/static", StaticFiles(directory=STATIC))
    return Starlette(routes=[*routes, *pages, static], middleware=[Middleware(Guard, access=AppSettings())])
