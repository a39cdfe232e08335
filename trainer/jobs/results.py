"""Results as blobs, until a row refers to them or their photo turns out to be gone."""

from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from db.references import referring
from inference.decoding import decode
from inference.thumbnails import browser_view
from trainer.jobs.work import Work


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

    def unit_of_work(self) -> AbstractContextManager[Session]:
        """In which rows come to refer to the blobs (`db.references.referring`)."""
        return referring(self._work.database, self._work.blobs, self._stored)
