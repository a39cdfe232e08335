"""Memory that is free but still held by the process."""

import ctypes
import sys
from functools import cache
from typing import Any


def give_back() -> None:
    """Return to the system what freed tiles have left behind; where the C library cannot, nothing happens.

    glibc keeps freed blocks of up to 32 MB for later, and tiles of many shapes leave hundreds of megabytes of them.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
