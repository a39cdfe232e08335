"""Exclusive locks between processes: a file on one machine, an advisory lock of PostgreSQL for a team."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from db.addresses import normal_url
from db.settings import Settings
from trainer.errors import RunBusy

_PAUSE_S = 0.2


class HeldLock:
    """A lock that is held. `still_held` asks whether the database forgot it (a connection can be lost)."""

    def __init__(self, still_held: Callable[[], bool]) -> None:
        self.still_held = still_held


@contextmanager
def exclusive(settings: Settings, name: str, wait_s: float = 60.0) -> Iterator[HeldLock]:
    """Hold the lock `name` against every process of this platform; it ends with the process, however that ends.

    Raises RunBusy when another process still holds it after `wait_s` seconds.
    """
    url = normal_url(settings.database_url)
    if url.startswith("postgresql"):
        with _advisory(url, name, wait_s) as held:
            yield held
    else:
        with _file(lock_path(settings, name), name, wait_s) as held:
            yield held


def lock_path(settings: Settings, name: str) -> Path:
    """The file of a lock on one machine."""
    return settings.home.resolve() / "locks" / f"{name}.lock"


def is_free(path: Path) -> bool:
    """Whether no living process holds this lock file."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True


@contextmanager
def _file(path: Path, name: str, wait_s: float) -> Iterator[HeldLock]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait_s, poll_interval=_PAUSE_S)
    except Timeout as error:
        raise RunBusy(_busy(name, wait_s)) from error
    try:
        yield HeldLock(lambda: True)
    finally:
        lock.release()


@contextmanager
def _advisory(url: str, name: str, wait_s: float) -> Iterator[HeldLock]:
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    key = int.from_bytes(hashlib.sha256(f"heirloom {name}".encode()).digest()[:8], signed=True)
    with engine.connect() as connection:
        deadline = time.monotonic() + wait_s
        while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            if time.monotonic() > deadline:
                raise RunBusy(_busy(name, wait_s))
            time.sleep(_PAUSE_S)
        yield HeldLock(lambda: _answers(connection))


def _answers(connection: sa.Connection) -> bool:
    try:
        connection.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _busy(name: str, wait_s: float) -> str:
    return f"Another process still works on {name} after {wait_s:.0f} s. Wait for it to end, or end it, and try again."
