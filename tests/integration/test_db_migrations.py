"""Migrations on both databases: up, down, up; the models are what they make; several processes at once."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, create_engine, inspect, text

from db.engine import Database, open_database
from db.errors import SchemaError
from db.migrate import compared, current_revision, downgrade, head_revision, upgrade
from db.models import Base
from db.settings import Settings


def names(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_up_down_up(empty_url: str) -> None:
    wanted = {table.name for table in Base.metadata.sorted_tables} | {"alembic_version"}
    assert current_revision(empty_url) is None
    upgrade(empty_url)
    assert current_revision(empty_url) == head_revision()
    assert names(empty_url) == wanted
    downgrade(empty_url, "base")
    assert current_revision(empty_url) is None
    assert names(empty_url) == {"alembic_version"}
    upgrade(empty_url)
    assert names(empty_url) == wanted


def test_the_models_are_what_the_migrations_make(empty_url: str) -> None:
    upgrade(empty_url)
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        visible = compared if connection.dialect.name == "sqlite" else None
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": visible})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_checks_and_keys_are_what_the_models_say(empty_url: str) -> None:
    """What Alembic does not compare: check constraints, what a key does on delete, and SQLite's descending index."""
    upgrade(empty_url)
    fresh = create_engine("sqlite://") if empty_url.startswith("sqlite") else None
    engine = create_engine(empty_url)
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        checks = {check["name"] for check in found.get_check_constraints(table.name)}
        assert checks == {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}, table.name
        keys = {key["name"]: key["options"].get("ondelete") for key in found.get_foreign_keys(table.name)}
        assert keys == {str(key.name): key.ondelete for key in table.foreign_key_constraints}, table.name
    if fresh is not None:
        Base.metadata.create_all(fresh)
        assert _index_sql(engine) == _index_sql(fresh)
        fresh.dispose()
    engine.dispose()


def _index_sql(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        return {name: " ".join(sql.split()) for name, sql in rows}


NOW = "2026-11-22 12:00:00+00"
AS_OF_0003 = (
    "INSERT INTO assessor (id, name, name_key, is_lead, is_engineer, active, created_at) "
    f"VALUES (7, 'Ada', 'ada', true, true, true, '{NOW}')",
    "INSERT INTO photo (id, sha256, filename, format, width, height, channels, bit_depth, byte_size, collection, "
    "origin, view_sha256, thumbnail_sha256, near_hash, split, created_at) "
    f"VALUES (3, 'a', 'a.jpg', 'JPEG', 40, 30, 1, 8, 1000, '', 'imported', 'a', 'b', 0, 'train', '{NOW}')",
)
"""A lead and a photo as tables of that revision take them, whatever the models say by now."""


def test_moves_of_the_split_outlive_migration_0004(empty_url: str) -> None:
    upgrade(empty_url, "0003")
    database = Database(empty_url)
    insert = f"INSERT INTO split_move (photo_id, split, assessor_id, created_at) VALUES (3, 'train', :by, '{NOW}')"
    with database.unit_of_work() as session:
        for statement in AS_OF_0003:
            session.execute(text(statement))
        session.execute(text(insert), {"by": 7})
    upgrade(empty_url)
    with database.unit_of_work() as session:
        session.execute(text(insert), {"by": None})
        assert session.scalars(text("SELECT assessor_id FROM split_move ORDER BY id")).all() == [7, None]
    downgrade(empty_url, "0003")
    with database.reading() as session:
        assert session.scalars(text("SELECT assessor_id FROM split_move")).all() == [7]
    database.dispose()


def test_processes_that_migrate_at_once_all_succeed(empty_url: str) -> None:
    code = "import sys; from db.migrate import upgrade; upgrade(sys.argv[1])"
    running = [subprocess.Popen([sys.executable, "-c", code, empty_url]) for _ in range(4)]
    assert [process.wait(timeout=240) for process in running] == [0, 0, 0, 0]
    assert current_revision(empty_url) == head_revision()


def test_the_journal_has_its_mode_before_several_open_the_file(tmp_path: Path) -> None:
    """Of several that set it at once, one fails at once: the app and the worker open the file in the same moment."""
    file = tmp_path / "heirloom.db"
    upgrade(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_failed_migration_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    made = op.create_index

    def stop(name: str, *arguments: object, **options: object) -> None:
        if name == "ix_task_queue":
            raise RuntimeError("power cut")
        made(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_index", stop)
    with pytest.raises(RuntimeError, match="power cut"):
        upgrade(empty_url)
    monkeypatch.undo()
    assert names(empty_url) == set()
    upgrade(empty_url)


def test_a_missing_platform_says_how_to_make_one(home: Path) -> None:
    with pytest.raises(SchemaError, match="run heirloom up or heirloom db upgrade"):
        open_database(Settings())
    assert not home.exists()


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(SchemaError, match="does not answer") as caught:
        open_database(Settings(database="postgresql://nobody:geheim@127.0.0.1:1/none"))
    assert "geheim" not in str(caught.value)


def test_tables_behind_the_code_are_refused(empty_url: str) -> None:
    Database(empty_url).engine.connect().close()
    with pytest.raises(SchemaError, match="run heirloom db upgrade"):
        open_database(Settings(database=empty_url))


def test_tables_ahead_of_the_code_are_refused(migrated_url: str) -> None:
    database = Database(migrated_url)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.dispose()
    with pytest.raises(SchemaError, match="newer heirloom"):
        open_database(Settings(database=migrated_url))
    for move in (upgrade, lambda url: downgrade(url, "base")):
        with pytest.raises(SchemaError, match=r"newer heirloom \(9999\); install that version"):
            move(migrated_url)
    assert current_revision(migrated_url) == "9999"
