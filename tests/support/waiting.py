"""Waiting for what comes in its own time: long enough for a slow, shared machine, and no longer than needed."""

import time
from collections.abc import Callable


def wait_for(happened: Callable[[], object], what: str, seconds: float = 600.0) -> None:
    """Until something happens; TimeoutError names what did not."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.05)
