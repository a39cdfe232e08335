"""What a job's code is given: the platform, its row, a way to say how far it is, and whether it should stop."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError

from db import jobs as rows
from db.answering import is_away
from db.blobs import BlobStore
from db.engine import Database
from db.models import Job
from db.settings import Settings
from trainer.errors import Stopped

_TELL_EVERY_S = 0.5
_log = logging.getLogger(__name__)


@dataclass
class Work:
    """One job being done in this process."""

    settings: Settings
    database: Database
    blobs: BlobStore
    job: Job
    should_stop: Callable[[], bool]
    _told_at: float = field(default=0.0, repr=False)

    @property
    def params(self) -> dict[str, Any]:
        return self.job.params

    def progress(self, fraction: float | None, message: str) -> None:
        """Tell the job's row, at most twice a second; None leaves it as far as it was.

        A database that is away for a while ends no work: it is told later.
        """
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY_S and fraction != 1:
            return
        self._told_at = now
        try:
            with self.database.unit_of_work() as session:
                rows.progress(session, self.job.id, fraction, message)
        except OperationalError as error:
            if not is_away(error):
                raise
            _log.warning("How far job %s is could not be written: %s", self.job.id, error)

    def go_on(self) -> None:
        """Raises Stopped once the job was asked to stop; call it between pieces of work."""
        if self.should_stop():
            raise Stopped(f"Job {self.job.id} was asked to stop.")

    def cancelled(self) -> bool:
        """Whether a person asked it to stop; otherwise it stops because its process has to, and goes on elsewhere."""
        with self.database.reading() as session:
            return rows.cancelled(session, self.job.id)
