"""Web apps served from a thread of the test's own process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from tests.support.waiting import wait_for


@contextmanager
def serving_here(app: Starlette) -> Iterator[str]:
    """Serve `app`; gives its address. Its port is taken before it is named, so that nobody else comes by it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        wait_for(lambda: server.started or not thread.is_alive(), "the server of the test")
        assert server.started, "the server of the test ended by itself"
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
