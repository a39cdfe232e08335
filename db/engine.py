"""The database and its units of work: commit or nothing, on SQLite and on PostgreSQL."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

from db.addresses import normal_url, shown_url, sqlite_file
from db.answering import answering
from db.errors import SchemaError
from db.settings import Settings

BUSY_SECONDS = 10
READ_ONLY = "heirloom_read_only"
CHUNK = 500
Value = TypeVar("Value", int, str)


class Database:
    """One engine; make it once per process and dispose of it at the end."""

    def __init__(self, url: str) -> None:
        """`url` is a SQLAlchemy address: `sqlite:///FILE` or `postgresql+psycopg://…`."""
        self.url = normal_url(url)
        self.is_sqlite = make_url(self.url).get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)
        self._reading = self.engine.execution_options(
            **({READ_ONLY: True} if self.is_sqlite else {"postgresql_readonly": True})
        )

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls everything back when it raises.

        On SQLite it takes the write lock with its first statement, so that two processes wait for each other instead of
        failing half-way; keep it short. Rows stay readable after the commit.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking only: it never waits for a writer, and writing in it is an error."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """The platform's database, whose tables must be those of this code.

    Raises SchemaError: no database there, it does not answer or is damaged, or its schema is behind or ahead.
    """
    from db.migrate import head_revision, refuse_newer, stored_revision

    location = sqlite_file(settings.database_url)
    if location is not None and not os.path.exists(location):
        raise SchemaError(f"There is no platform at {location}; run heirloom up or heirloom db upgrade to make one.")
    database = Database(settings.database_url)
    with answering(settings.database_url), database.engine.connect() as connection:
        revision = stored_revision(connection)
    if revision == head_revision():
        return database
    database.dispose()
    refuse_newer(settings.database_url, revision)
    raise SchemaError(
        f"The tables of {shown_url(settings.database_url)} are behind this code; run heirloom db upgrade."
    )


def serialise(session: Session, key: str) -> None:
    """Until the commit, nobody else passes a `serialise` with the same key.

    On SQLite a unit of work holds the write lock from its first statement on, and from here on at the latest.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"heirloom {key}"})


def chunks(values: Iterable[Value]) -> Iterator[Sequence[Value]]:
    """Each of the values once, sorted: databases take so many of them in one statement and no more."""
    unique = sorted(set(values))
    for start in range(0, len(unique), CHUNK):
        yield unique[start : start + CHUNK]


def _postgres_engine(url: str) -> Engine:
    # compiling queries to machine code made counting a large wall four times slower
    return create_engine(url, pool_pre_ping=True, connect_args={"options": "-c jit=off"})


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own transactions begin too late: we begin them ourselves
    # FULL: in WAL mode the lesser NORMAL may lose committed strokes when the power goes
    # 64 MiB of cache: with a hundred thousand photos the default 2 MB doubles the time of most queries
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own knows A to Z only: a search for übung would not find ÜBUNG
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
