"""`heirloom db upgrade` and `snapshot` as a person runs them, and databases that will not do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from db.backup import BackupError
from db.blobs import open_blobs
from db.engine import Database, open_database
from db.errors import SchemaError
from db.migrate import head_revision
from db.settings import Settings
from tests.support.accepted import fill, heirloom


def test_upgrade_makes_the_database_and_says_what_it_did(settings: Settings) -> None:
    first, second = heirloom("db", "upgrade"), heirloom("db", "upgrade")
    assert first.exit_code == second.exit_code == 0
    assert f"is at revision {head_revision()}" in first.output
    assert f"is already at revision {head_revision()}" in second.output
    open_database(settings).dispose()


@pytest.mark.parametrize("name", ["file/home", "x" * 300])
@pytest.mark.usefixtures("home")
def test_a_home_that_cannot_be_made_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEIRLOOM_HOME", str(tmp_path / name))
    result = heirloom("db", "upgrade")
    assert result.exit_code == 2, result.exception
    assert "heirloom.db cannot be made (" in result.output
    assert "choose another HEIRLOOM_HOME" in result.output
    assert isinstance(heirloom("snapshot").exception, SchemaError)
    assert not Settings().has_platform()


@pytest.mark.usefixtures("home")
def test_commands_without_a_platform_say_so(tmp_path: Path) -> None:
    for words in (["snapshot"], ["export", tmp_path / "out", "--format", "png"]):
        result = heirloom(*words)
        assert isinstance(result.exception, SchemaError)
    assert "no platform" in str(heirloom("db", "backup", tmp_path / "copy").exception)
    assert not (tmp_path / "copy").exists()
    assert not (tmp_path / "out").exists()


def test_snapshot(database: Database, settings: Settings) -> None:
    fill(database, open_blobs(settings))
    told = json.loads(heirloom("snapshot", "--name", "spring", "--json").output)
    assert told["name"] == "spring"
    assert told["real_train"] + told["real_validation"] == 2
    assert "spring" in heirloom("snapshot").output, "the same content is the same snapshot"


@pytest.mark.parametrize("name", ["", " ", "x" * 121])
def test_a_snapshot_without_a_name_or_with_too_long_a_one_is_wrong_use(name: str) -> None:
    result = heirloom("snapshot", "--name", name)
    assert result.exit_code == 2, result.exception
    assert "1 to 120 characters" in result.output


def test_a_folder_that_cannot_be_made_is_wrong_use(database: Database, settings: Settings, tmp_path: Path) -> None:
    fill(database, open_blobs(settings))
    (tmp_path / "file").write_text("no folder")
    for words in (["export", "--format", "png"], ["db", "backup"]):
        for folder in (tmp_path / "file", tmp_path / "file" / "new", tmp_path / ("n" * 300)):
            result = heirloom(*words, folder)
            assert result.exit_code == 2, result.output
            assert "choose another" in result.output
    assert (tmp_path / "file").read_text() == "no folder"


def test_the_room_and_its_commands_are_light() -> None:
    code = (
        "import sys, db.cli, db.photos, db.queue, db.reviews, db.snapshots, db.jobs, db.promotions, db.proposals;"
        "heavy = {'torch', 'mlflow', 'streamlit', 'numpy', 'cv2', 'albumentations'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_database_that_is_none_is_named_with_the_remedy(settings: Settings, tmp_path: Path) -> None:
    settings.home.mkdir()
    file = settings.home / "heirloom.db"
    file.write_bytes(b"no database at all " * 400)
    for words in (["snapshot"], ["db", "upgrade"], ["export", tmp_path / "out", "--format", "png"]):
        error = heirloom(*words).exception
        assert isinstance(error, SchemaError), error
        assert f"{file} is damaged or no database (file is not a database); restore it from a backup." in str(error)
    error = heirloom("db", "backup", tmp_path / "copy").exception
    assert isinstance(error, BackupError), error
    assert f"{file} cannot be copied (file is not a database)" in str(error)
    assert not any(path.is_file() for path in (tmp_path / "copy").rglob("*"))


def test_damage_within_the_database_is_named(database: Database, settings: Settings) -> None:
    database.dispose()
    file = settings.home / "heirloom.db"
    with file.open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\xff" * (file.stat().st_size - 100))
    for words in (["snapshot"], ["db", "upgrade"]):
        error = heirloom(*words).exception
        assert isinstance(error, SchemaError), error
        assert f"{file} is damaged" in str(error)


@pytest.mark.usefixtures("home")
def test_a_postgresql_that_does_not_answer_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIRLOOM_DATABASE_URL", "postgresql://nobody:geheim@127.0.0.1:1/none")
    for words in (["snapshot"], ["db", "upgrade"]):
        error = heirloom(*words).exception
        assert isinstance(error, SchemaError), error
        assert "postgresql://nobody:***@127.0.0.1:1/none does not answer (connection" in str(error)
        assert "set HEIRLOOM_DATABASE_URL to another one" in str(error)
