"""The mask editor on a bare page beside our routes: what its browser tests and benchmarks drive, without Streamlit.

`python -m tests.support.editor_app PORT` serves the platform that HEIRLOOM_HOME names.
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import uvicorn
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import annotator
from annotator import identity
from annotator.access import AppSettings, Guard
from annotator.ports import free_port
from annotator.routes import drafts, pictures, session, tasks
from db.blobs import open_blobs
from db.engine import Database, open_database
from db.migrate import upgrade
from db.models import Assessor, Photo
from db.people import sign_in
from db.photos import PhotoFacts, add_photo
from db.proposals import add_proposal
from db.settings import Settings

STATIC = Path(annotator.__file__).with_name("static")
ROOT = STATIC.parents[1]
PAGE = """<!doctype html><html lang="en"><title>Label</title><body style="margin:0;background:#1b1a19">
<div id="root"></div>
<script type="module">
import mount, { editorIn } from "/static/editor.js";
const task = new URLSearchParams(location.search).get("task");
const root = document.getElementById("root");
const parentElement = root.attachShadow({ mode: "open" });
mount({ data: { task_id: task ? Number(task) : null }, parentElement });
root.editor = editorIn(parentElement);
</script></body></html>"""


async def _page(_request: Request) -> Response:
    return HTMLResponse(PAGE)


def build() -> Starlette:
    return Starlette(
        routes=[
            Route("/label", _page),
            *session.routes,
            *pictures.routes,
            *tasks.routes,
            *drafts.routes,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, access=AppSettings())],
    )


class EditorHome:
    """A platform with people and photos to label."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        home.mkdir(parents=True, exist_ok=True)
        upgrade(self.settings.database_url)
        self.database: Database = open_database(self.settings)
        self.blobs = open_blobs(self.settings)

    def add_person(self, name: str = "Ada") -> Assessor:
        with self.database.unit_of_work() as rows:
            return sign_in(rows, name)

    def add_photo(
        self, pixels: NDArray[np.uint8], name: str, probability: NDArray[np.uint8] | None = None, threshold: float = 0.5
    ) -> Photo:
        """pixels: uint8 H×W×3; probability: uint8 H×W, offered as a proposal where given."""
        sha = self.blobs.put(_png(pixels[..., ::-1]))
        small = self.blobs.put(_png(cv2.resize(pixels, (80, 60))))
        facts = PhotoFacts(
            sha256=sha,
            filename=name,
            format="PNG",
            width=pixels.shape[1],
            height=pixels.shape[0],
            channels=3,
            bit_depth=8,
            byte_size=len(self.blobs.get(sha)),
            view_sha256=sha,
            thumbnail_sha256=small,
            near_hash=int(sha[:15], 16),
        )
        with self.database.unit_of_work() as rows:
            photo, _created = add_photo(rows, facts, collection="family-album")
            if probability is not None:
                add_proposal(
                    rows,
                    photo.id,
                    model="detector v1",
                    probability_sha256=self.blobs.put(_png(probability)),
                    threshold=threshold,
                    uncertainty=0.4,
                )
        return photo

    def cookie(self, person: Assessor, address: str) -> dict[str, str]:
        """A session cookie as a browser context takes it."""
        return {"name": identity.COOKIE, "value": identity.sign(person.id, self.settings), "url": address}


def _png(pixels: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".png", pixels)
    assert done
    return data.tobytes()


class Server:
    """The harness as a process of its own, so that a test may kill it in the middle of anything."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "HEIRLOOM_HOME": str(self.home)}
        command = [sys.executable, "-m", "tests.support.editor_app", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"{self.address}/label", timeout=1)
            except OSError:
                assert self.process.poll() is None, "the editor's server ended by itself"
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the editor's server did not start")

    def kill(self) -> None:
        """As the power going off: no clean-up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """The harness as a process of its own."""
    server = Server(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()


if __name__ == "__main__":
    uvicorn.run(build(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
