"""Results as blobs, and what becomes of them when their photo is gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from db.deletion import remove_unneeded
from db.errors import NotFound
from inference.photo import decode
from inference.thumbnails import browser_view
from trainer.work import Work


def store_result(work: Work, data: bytes, name: str) -> tuple[str, str]:
    """Keep a result, a PNG; returns the blobs of the picture and of what a browser shows of it."""
    return work.blobs.put(data), work.blobs.put(browser_view(decode(data, name), data))


@contextmanager
def unless_deleted(work: Work, *made: str) -> Iterator[None]:
    """The blobs made of a photo that turns out to be gone (NotFound) go as well."""
    try:
        yield
    except NotFound:
        remove_unneeded(work.database, work.blobs, set(made))
        raise
