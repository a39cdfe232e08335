"""`heirloom db backup`: what it copies can be put back, and it spoils nothing on the way."""

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select

import db.backup
from db.backup import BackupError, dump_postgres
from db.blobs import open_blobs
from db.engine import Database, open_database
from db.models import Photo
from db.settings import Settings
from tests.support.accepted import fill, heirloom
from tests.support.databases import TEMPLATE
from tests.support.folders import small_files
from tests.support.postgres import Cluster, postgres_binaries


def test_a_backup_can_be_put_back(database: Database, settings: Settings, tmp_path: Path) -> None:
    fill(database, open_blobs(settings))
    (settings.artifacts_dir / "1").mkdir(parents=True)
    (settings.artifacts_dir / "1" / "model").write_bytes(b"weights")
    with closing(sqlite3.connect(settings.home / "jobs.db")) as jobs:
        jobs.execute("CREATE TABLE queue (id)")
    first = heirloom("db", "backup", tmp_path / "copy", "--json")
    assert first.exit_code == 0, first.output
    report = json.loads(first.output)
    assert (report["databases"], report["failed"]) == (["heirloom", "jobs"], [])
    fill(database, open_blobs(settings), ("cousin.tif",))
    again = json.loads(heirloom("db", "backup", tmp_path / "copy", "--json").output)
    assert again["copied"] == again["blobs"] - report["blobs"] < again["blobs"]

    restored = Settings(home=tmp_path / "copy")
    copy = open_database(restored)
    with copy.reading() as session:
        photos = session.scalars(select(Photo)).all()
        assert len(photos) == 3
        for photo in photos:
            open_blobs(restored).get(photo.sha256)
    copy.dispose()
    assert (restored.artifacts_dir / "1" / "model").read_bytes() == b"weights"


def test_a_training_can_go_on_from_a_backup(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, open_blobs(settings))
    names = ("state/state.pt", "state/.state.pt.new", "journal.jsonl", "detector.safetensors")
    for file in (settings.home / "jobs" / "some-job" / name for name in names):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"so far")
    copied: list[str] = []
    copy = db.backup._copy_file
    monkeypatch.setattr("db.backup._copy_file", lambda source, to: (copied.append(source.name), copy(source, to)))
    assert heirloom("db", "backup", tmp_path / "copy").exit_code == 0
    there = tmp_path / "copy" / "jobs" / "some-job"
    found = sorted(str(path.relative_to(there)) for path in there.rglob("*") if path.is_file())
    assert found == ["detector.safetensors", "journal.jsonl", "state/state.pt"]
    assert copied[0] == "state.pt", "what a newer journal tells again is dropped; what it lacks would be lost"


def test_a_backup_says_which_models_are_not_in_it(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, open_blobs(settings))
    assert "MLflow" not in heirloom("db", "backup", tmp_path / "copy").output
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:geheim@mlflow:5000")
    said = heirloom("db", "backup", tmp_path / "copy").output
    assert said.endswith("Models and runs are not in it: MLflow at http://u:***@mlflow:5000 keeps them.\n")


def test_models_are_copied_again_only_where_they_changed(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    fill(database, open_blobs(settings))
    settings.artifacts_dir.mkdir()
    for name in ("same", "other"):
        (settings.artifacts_dir / name).write_bytes(b"weights")
    copies = [tmp_path / "copy" / "artifacts" / name for name in ("same", "other")]
    assert heirloom("db", "backup", tmp_path / "copy").exit_code == 0
    before = [copy.stat().st_ino for copy in copies]
    (settings.artifacts_dir / "other").write_bytes(b"WEIGHTS")
    os.utime(settings.artifacts_dir / "other", ns=(0, 0))
    assert heirloom("db", "backup", tmp_path / "copy").exit_code == 0
    assert [copy.stat().st_ino == inode for copy, inode in zip(copies, before, strict=True)] == [True, False]
    assert [copy.read_bytes() for copy in copies] == [b"weights", b"WEIGHTS"]


def test_a_file_that_goes_while_models_are_copied_is_left_out(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    fill(database, open_blobs(settings))
    settings.artifacts_dir.mkdir()
    (settings.artifacts_dir / "gone").symlink_to(tmp_path / "nothing")
    (settings.artifacts_dir / "model").write_bytes(b"weights")
    result = heirloom("db", "backup", tmp_path / "copy")
    assert result.exit_code == 0, result.exception
    assert os.listdir(tmp_path / "copy" / "artifacts") == ["model"]


def test_a_backup_taken_while_somebody_writes_is_whole(database: Database, settings: Settings, tmp_path: Path) -> None:
    fill(database, open_blobs(settings))
    with database.unit_of_work() as session:
        session.execute(Photo.__table__.update().values(collection="half-way"))
        session.flush()
        assert heirloom("db", "backup", tmp_path / "copy").exit_code == 0
    copy = open_database(Settings(home=tmp_path / "copy"))
    with copy.reading() as session:
        assert set(session.scalars(select(Photo.collection))) == {""}
    copy.dispose()


def test_a_corrupt_blob_is_named_and_the_rest_is_copied(database: Database, settings: Settings, tmp_path: Path) -> None:
    fill(database, open_blobs(settings))
    bad = next(open_blobs(settings).hashes())
    (settings.home / "blobs" / bad[:2] / bad).write_bytes(b"rotten")
    result = heirloom("db", "backup", tmp_path / "copy", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert len(report["failed"]) == 1
    assert bad in report["failed"][0]
    assert report["blobs"] == sum(1 for _ in open_blobs(settings).hashes()) - 1


def test_a_corrupt_blob_is_named_with_its_place_as_it_stands(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rich takes what stands in brackets for marks."""
    monkeypatch.setenv("HEIRLOOM_BLOBS_URL", str(tmp_path / "[old] disk"))
    blobs = open_blobs(Settings())
    fill(database, blobs)
    bad = next(blobs.hashes())
    (tmp_path / "[old] disk" / bad[:2] / bad).write_bytes(b"rotten")
    assert f"Blob {bad} in {tmp_path}/[old] disk is corrupt" in heirloom("db", "backup", tmp_path / "copy").stderr


def test_a_postgresql_backup_can_be_put_back(
    postgres_url: str, migrated_cluster: Cluster, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = postgres_binaries()
    assert binaries is not None
    monkeypatch.setenv("PATH", f"{binaries}:{os.environ['PATH']}")
    with migrated_cluster.fresh_database(template=TEMPLATE) as url:
        monkeypatch.setenv("HEIRLOOM_DATABASE_URL", url)
        database = Database(url)
        fill(database, open_blobs(settings))
        database.dispose()
        result = heirloom("db", "backup", tmp_path / "copy")
    assert result.exit_code == 0, result.output
    target = postgres_url.replace("+psycopg", "")
    subprocess.run(["pg_restore", "--dbname", target, tmp_path / "copy" / "heirloom.dump"], check=True)
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Photo)) == 2
    engine.dispose()


@pytest.mark.parametrize("address", ["nobody:geheim@127.0.0.1:1/none", "nobody@127.0.0.1:1/none?password=geheim"])
def test_a_failing_dump_is_a_sentence_without_the_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(BackupError, match="pg_dump") as caught:
        dump_postgres(f"postgresql+psycopg://{address}", tmp_path / "x.dump")
    assert "geheim" not in str(caught.value)
    assert "geheim" not in str(caught.value.__cause__), "nor in the command, which others see"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_nobody_may_write_to_is_refused_before_the_backup(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, open_blobs(settings))
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)  # for root may write anywhere
    result = heirloom("db", "backup", tmp_path / "closed")
    assert result.exit_code == 2
    assert "closed cannot be written to; choose another one" in result.output
    assert not list((tmp_path / "closed").iterdir())


@pytest.mark.parametrize("name", ["home", "home/blobs/x", "home/copies", ".", "link", "disk"])
def test_a_backup_into_the_live_platform_is_refused_before_anything_is_written(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "link").symlink_to(settings.home)
    monkeypatch.setenv("HEIRLOOM_BLOBS_URL", str(tmp_path / "disk" / "blobs"))
    fill(database, open_blobs(Settings()))
    before = sorted(tmp_path.rglob("*"))
    result = heirloom("db", "backup", tmp_path / name)
    assert result.exit_code == 2, result.exception
    assert f"{tmp_path / name} is, holds or lies in " in result.output
    assert "which the platform works with; choose a folder apart from it" in result.output
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("what", ["blob", "model"])
def test_a_backup_that_the_disk_has_no_room_for_is_a_sentence_and_leaves_the_one_before_whole(
    database: Database, settings: Settings, tmp_path: Path, what: str
) -> None:
    fill(database, open_blobs(settings))
    (settings.artifacts_dir / "1").mkdir(parents=True)
    (settings.artifacts_dir / "1" / "model").write_bytes(b"weights")
    copy = tmp_path / "copy"
    assert heirloom("db", "backup", copy).exit_code == 0
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    fill(database, open_blobs(settings), ("cousin.png",))
    if what == "blob":
        open_blobs(settings).put(bytes(2 << 20))
    if what == "model":
        (settings.artifacts_dir / "1" / "model").write_bytes(bytes(2 << 20))
    with small_files(1 << 20):
        error = heirloom("db", "backup", copy).exception
    assert isinstance(error, BackupError), error
    assert f"no room for the backup in {copy} (" in str(error)
    after = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before
    assert all(path.is_relative_to(copy / "blobs") for path in after.keys() - before.keys())


def test_a_database_whose_copy_the_disk_has_no_room_for_is_not_called_damaged(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def small(file: Path) -> sqlite3.Connection:
        connection = connect(file)
        if file.is_relative_to(tmp_path / "copy"):
            connection.execute("PRAGMA max_page_count = 3")
        return connection

    database.dispose()
    monkeypatch.setattr("db.backup.sqlite3.connect", small)
    error = heirloom("db", "backup", tmp_path / "copy").exception
    assert isinstance(error, BackupError), error
    assert "no room for the backup" in str(error)
    assert "damaged" not in str(error)
    assert not any((tmp_path / "copy").iterdir())


@pytest.mark.usefixtures("home")
def test_a_backup_over_a_database_that_lies_elsewhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEIRLOOM_DATABASE_URL", f"sqlite:///{tmp_path}/apart/heirloom.db")
    assert heirloom("db", "upgrade").exit_code == 0
    before = (tmp_path / "apart" / "heirloom.db").stat().st_ino
    result = heirloom("db", "backup", tmp_path / "apart")
    assert result.exit_code == 2, result.exception
    assert (tmp_path / "apart" / "heirloom.db").stat().st_ino == before, "it would be replaced by its copy"
