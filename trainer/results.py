"""Results as blobs, until a row refers to them or their photo turns out to be gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from db.deletion import keep_blobs, remove_unneeded
from db.errors import PlatformError
from inference.photo import decode
from inference.thumbnails import browser_view
from trainer.work import Work


class Made:
    """What a job makes of one photo."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stored: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Store bytes; returns the blob's name."""
        sha = self._work.blobs.put(data)
        self._stored[sha] = data
        return sha

    def put_result(self, data: bytes, name: str) -> tuple[str, str]:
        """Store a result, a PNG; returns the blobs of the picture and of what a browser shows of it."""
        return self.put(data), self.put(browser_view(decode(data, name), data))

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """In which rows come to refer to the blobs, whoever removes some; where it is refused (PlatformError), such as
        for a photo that is gone, the blobs go."""
        try:
            with self._work.database.unit_of_work() as session:
                keep_blobs(session, self._work.blobs, self._stored)
                yield session
        except PlatformError:
            remove_unneeded(self._work.database, self._work.blobs, self._stored)
            raise
