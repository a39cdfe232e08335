"""Memory that is free but still held by the process, and memory that ran out."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from inference.errors import InferenceError, PhotoError

_SIGNS = ("can't allocate memory", "cannot allocate memory", "not enough memory", "out of memory",
          "insufficient memory", "alloc_failed")  # fmt: skip


def ran_out(error: Exception) -> bool:
    """Whether `error` says that memory ran out: torch and OpenCV have their own ways beside Python's MemoryError."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _SIGNS)


def too_large(name: str) -> str:
    """What to say of a photo for which memory ran out."""
    return f"{name} needs more memory than there is; cut it into parts."


@contextmanager
def room_for(name: str) -> Iterator[None]:
    """What runs out of memory in the block becomes a PhotoError about the photo `name`: others may well go on."""
    try:
        yield
    except InferenceError:
        raise
    except Exception as error:
        if not ran_out(error):
            raise
        raise PhotoError(too_large(name)) from error


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
