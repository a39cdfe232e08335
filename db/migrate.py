"""Moves a database's tables from revision to revision; safe to call from several processes at once."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text

from db.addresses import normal_url, shown_url, sqlite_file
from db.answering import answering
from db.errors import SchemaError, WrongFolder

SCRIPTS = Path(__file__).parent / "migrations"
SORTED_DOWN = "ix_task_queue"
ADVISORY_LOCK = 0x6865_6972  # any number that only our migrations use


def upgrade(url: str, revision: str = "head") -> None:
    """Brings the tables at `url` up to `revision`; makes a SQLite file and its folder when there are none.

    Raises SchemaError when the database does not answer or is damaged, or the tables come from a newer heirloom.
    """
    with _locked_connection(url) as connection:
        refuse_newer(url, _answered_revision(url, connection))
        command.upgrade(_config(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Takes the tables at `url` back to `revision` (`base`: none are left). What those tables held is lost.

    Raises SchemaError when the database does not answer or is damaged, or the tables come from a newer heirloom.
    """
    with _locked_connection(url) as connection:
        refuse_newer(url, _answered_revision(url, connection))
        command.downgrade(_config(connection), revision)


def current_revision(url: str) -> str | None:
    """The revision of the tables at `url`; None when there are none yet. Raises SchemaError as `upgrade` does."""
    file = sqlite_file(url)
    if file is not None and not os.path.exists(file):
        return None
    engine = create_engine(normal_url(url), poolclass=NullPool)
    with answering(url), engine.connect() as connection:
        return stored_revision(connection)


def stored_revision(connection: Connection) -> str | None:
    """The revision of the tables behind a connection; None when there are none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def _answered_revision(url: str, connection: Connection) -> str | None:
    with answering(url):
        return stored_revision(connection)


def refuse_newer(url: str, revision: str | None) -> None:
    """Raises SchemaError when `revision`, that of the tables at `url`, is none that this code knows."""
    if revision is not None and revision not in known_revisions():
        raise SchemaError(
            f"The tables of {shown_url(url)} come from a newer heirloom ({revision}); install that version."
        )


@cache
def head_revision() -> str | None:
    """The revision that this code works with."""
    return _scripts().get_current_head()


@cache
def known_revisions() -> frozenset[str]:
    """All revisions that this code can upgrade from."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def compared(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """What Alembic compares with the models: on SQLite it cannot see that an index sorts downwards (a test can)."""
    return not (kind == "index" and name == SORTED_DOWN)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _lock_beside(file: Path) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return Path(f"{file}.migrate-lock").open("w")
    except OSError as error:
        raise WrongFolder(f"{file} cannot be made ({error.strerror}); choose another HEIRLOOM_HOME.") from error


@contextmanager
def _locked_connection(url: str) -> Iterator[Connection]:
    """A connection in one transaction, held under a lock that all migrating processes share."""
    file = sqlite_file(url)
    if file is None:
        engine = create_engine(normal_url(url), poolclass=NullPool)
        with _begun(url, engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield connection
        return
    with _lock_beside(file) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 60})
        # foreign keys stay off here: rebuilding a table would otherwise cascade into those that refer to it
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", lambda opened: opened.exec_driver_sql("BEGIN IMMEDIATE"))
        with _begun(url, engine) as connection:
            yield connection


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """The file keeps its journal's mode. Here nobody else sets it: of two at once, one fails whatever its patience."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _begun(url: str, engine: Engine) -> Iterator[Connection]:
    """A transaction; what fails in the work within it, and not in its beginning, is no matter of the database's."""
    with ExitStack() as stack:
        with answering(url):
            connection = stack.enter_context(engine.begin())
        yield connection
