"""Databases that do not answer, or are none: a sentence that names the address, or the file, and the remedy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, OperationalError

from db.addresses import shown_url, sqlite_file
from db.errors import FULL, SchemaError

DISK_FULL = "53100"
"""PostgreSQL's word for it."""


def is_away(error: BaseException) -> bool:
    """Whether it says that a database does not answer now, such as while it starts anew, is locked or its disk is full.

    A statement that SQLite never takes is of the same class there; waiting does not help it.
    """
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def lacks_room(error: BaseException) -> bool:
    """Whether it says that a disk, that of a database among them, is full."""
    if isinstance(error, OSError):
        return error.errno in FULL
    if not isinstance(error, OperationalError):
        return False
    cause = error.orig
    return (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", None) == DISK_FULL
    )


@contextmanager
def answering(url: str, variable: str = "HEIRLOOM_DATABASE_URL") -> Iterator[None]:
    """Raises SchemaError where the database at `url`, which `variable` sets, cannot be opened or is damaged."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        said = " ".join(str(cause).split())
        file = sqlite_file(url)
        if isinstance(error, (OperationalError, sqlite3.OperationalError)):
            remedy = "see who may read and write it, and whether another program holds it"
            if file is None:
                remedy = f"see that it runs, or set {variable} to another one"
            elif getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                remedy = "make room on the disk that it lies on"
            raise SchemaError(f"{file or shown_url(url)} does not answer ({said}); {remedy}.") from error
        if type(cause) is sqlite3.DatabaseError:
            raise SchemaError(f"{file} is damaged or no database ({said}); restore it from a backup.") from error
        raise
