"""What passes, told from what is broken: by errors that SQLite itself raises."""

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from annotator.troubles import AWAY, NO_ROOM, passing
from trainer import errors

WRITE = "INSERT INTO photo VALUES (zeroblob(100000))"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "some.db") as made:
        made.execute("CREATE TABLE photo (bytes BLOB)")
    return tmp_path / "some.db"


def refused(file: Path, statement: str, *, pages: int = 1000) -> DatabaseError:
    """What SQLAlchemy makes of SQLite's no, in a database that may have so many pages."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0})
    with engine.connect() as connection:
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(DatabaseError) as caught:
            connection.execute(text(statement))
    engine.dispose()
    return caught.value


def test_a_locked_database_is_away(file: Path) -> None:
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert passing(refused(file, WRITE)) == AWAY


def test_a_full_disk_is_named_whoever_meets_it(file: Path) -> None:
    no_room = OSError(errno.ENOSPC, "No space left on device")
    assert [passing(error) for error in (no_room, refused(file, WRITE, pages=1))] == [NO_ROOM, NO_ROOM]
    assert errors.sentence(no_room).startswith("The disk of the computer that did it is full.")


def test_faults_of_ours_are_no_passing_trouble(file: Path) -> None:
    for error in (refused(file, "SELECT * FROM nothing"), OSError(errno.EACCES, "Permission denied"), KeyError("a")):
        assert passing(error) is None
