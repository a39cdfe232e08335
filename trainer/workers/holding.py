"""A process that holds a job gives signs of life, and learns that the job was cancelled or is no longer its own."""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from sqlalchemy.exc import SQLAlchemyError

from db import jobs as rows
from db.engine import Database
from db.settings import Settings
from trainer.locks import is_free, lock_path

HEARTBEAT_S = 1.0
_log = logging.getLogger(__name__)


def worker_name() -> str:
    """A name that no other process ever had."""
    return f"{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def was_here(worker: str | None) -> bool:
    """Whether the worker of this name ran on this machine."""
    return worker is not None and worker.rsplit("-", 2)[0] == _machine()


def _machine() -> str:
    return socket.gethostname()[:60]


@contextmanager
def alive(settings: Settings, worker: str) -> Iterator[None]:
    """While it lasts, others on this machine can see that this worker lives; a file lock ends with its process."""
    path = _sign(settings, worker)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield
    path.unlink(missing_ok=True)


def dead_workers(settings: Settings, workers: set[str]) -> set[str]:
    """Which of these workers are known to be dead: they lived on this machine and hold their lock no more."""
    return {worker for worker in workers if _sign(settings, worker).exists() and is_free(_sign(settings, worker))}


def _sign(settings: Settings, worker: str) -> Path:
    return lock_path(settings, f"worker-{worker}")


class Holding:
    """Signs of life for one job while the block runs; calls `stop` when the job should end here, and says why."""

    def __init__(self, database: Database, job_id: str, worker: str, stop: Callable[[], None]) -> None:
        self._database, self._job_id, self._worker, self._stop = database, job_id, worker, stop
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"holding {job_id}", daemon=True)
        self.cancelled = False
        """Somebody asked the job to stop."""
        self.lost = False
        """Another worker has it, or nobody could be told for so long that another may."""

    def __enter__(self) -> "Holding":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        told_at = time.monotonic()
        asked_to_stop = False
        while not self._over.wait(HEARTBEAT_S):
            try:
                if not self._beat():
                    return
                told_at = time.monotonic()
            except SQLAlchemyError as error:
                _log.warning("The sign of life for job %s could not be written: %s", self._job_id, error)
                self.lost = time.monotonic() - told_at > rows.EXPIRES_AFTER.total_seconds()
            if (self.cancelled or self.lost) and not asked_to_stop:
                asked_to_stop = True
                self._stop()

    def _beat(self) -> bool:
        """Whether the job still runs, here or elsewhere."""
        with self._database.unit_of_work() as session:
            job = rows.get_job(session, self._job_id)
            self.cancelled = job.cancel_requested
            self.lost = self._job_id not in rows.heartbeat(session, [self._job_id], self._worker)
        return job.status == "running"
