"""`heirloom db upgrade`, `db backup`, `snapshot` and `export`, as a person runs them."""

import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import create_engine, func, select
from typer.testing import CliRunner, Result

from db.annotations import add_annotation
from db.backup import BackupError
from db.blobs import BlobStore, open_blobs
from db.cli import commands
from db.engine import Database, open_database
from db.errors import BlobError, SchemaError
from db.exports import ExportError, ExportFormat, ExportItem, export_items, write_export, zip_export
from db.migrate import head_revision
from db.models import Photo
from db.photos import PhotoFacts, add_photo, archive
from db.settings import Settings
from tests.support.databases import TEMPLATE, sha
from tests.support.postgres import Cluster, postgres_binaries

MASK = np.zeros((30, 40), bool)
MASK[4:9, 10:30] = True


def heirloom(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words], catch_exceptions=True)


def png(array: np.ndarray) -> bytes:  # type: ignore[type-arg]
    written = io.BytesIO()
    Image.fromarray(array).save(written, "PNG")
    return written.getvalue()


def fill(database: Database, blobs: BlobStore, names: tuple[str, ...] = ("aunt.tif", "uncle.png")) -> list[Photo]:
    """Photos with accepted masks, the bytes in the store; the TIFF's view is another blob."""
    photos = []
    with database.unit_of_work() as session:
        for number, name in enumerate(names):
            view = blobs.put(png(np.full((30, 40), 50 + number, np.uint8)))
            original = view if name.endswith(".png") else blobs.put(f"TIFF {name}".encode())
            facts = PhotoFacts(
                original, name, "PNG", 40, 30, 1, 8, 99, view, blobs.put(b"thumb"), zlib.crc32(name.encode()) << 20
            )
            photo, _ = add_photo(session, facts)
            mask = MASK if number % 2 == 0 else np.zeros_like(MASK)
            add_annotation(
                session, photo, blobs.put(png(mask.astype(np.uint8) * 255)), float(mask.mean()), origin="imported"
            )
            photos.append(photo)
    return photos


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


def test_a_failing_dump_is_a_sentence_without_the_password(tmp_path: Path) -> None:
    from db.backup import BackupError, dump_postgres

    with pytest.raises(BackupError, match="pg_dump") as caught:
        dump_postgres("postgresql+psycopg://nobody:geheim@127.0.0.1:1/none", tmp_path / "x.dump")
    assert "geheim" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_export_writes_photos_and_masks(
    database: Database, settings: Settings, tmp_path: Path, kind: ExportFormat
) -> None:
    fill(database, open_blobs(settings))
    result = heirloom("export", tmp_path / "out", "--format", kind)
    assert result.exit_code == 0, result.output
    photos = "images" if kind is ExportFormat.CVAT else "photos"
    expected = {
        ExportFormat.PNG: {"masks/aunt.mask.png", "masks/uncle.mask.png"},
        ExportFormat.COCO: {"annotations.json"},
        ExportFormat.LABEL_STUDIO: {"tasks.json", "label-config.xml"},
        ExportFormat.CVAT: {"annotations.xml"},
    }[kind] | {f"{photos}/aunt.png", f"{photos}/uncle.png"}
    assert {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()} == expected
    with Image.open(tmp_path / "out" / photos / "aunt.png") as picture:
        assert picture.size == (40, 30)
    if kind is ExportFormat.PNG:
        with Image.open(tmp_path / "out" / "masks" / "aunt.mask.png") as mask:
            assert mask.mode == "L"
            assert (np.asarray(mask) == MASK * 255).all()
    again = heirloom("export", tmp_path / "out", "--format", kind)
    assert again.exit_code == 2
    assert "is not an empty folder" in again.output


def test_a_folder_that_cannot_be_made_is_wrong_use(database: Database, settings: Settings, tmp_path: Path) -> None:
    fill(database, open_blobs(settings))
    (tmp_path / "file").write_text("no folder")
    for words in (["export", "--format", "png"], ["db", "backup"]):
        for folder in (tmp_path / "file", tmp_path / "file" / "new", tmp_path / ("n" * 300)):
            result = heirloom(*words, folder)
            assert result.exit_code == 2, result.output
            assert "choose another" in result.output
    assert (tmp_path / "file").read_text() == "no folder"


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_an_export_that_the_disk_has_no_room_for_is_a_sentence(
    database: Database, settings: Settings, tmp_path: Path, kind: ExportFormat
) -> None:
    fill(database, open_blobs(settings))
    with database.reading() as session:
        items, blobs = export_items(session), open_blobs(settings)
    view = blobs.put(b"view")  # what is written of the masks is what there is no room for
    small = [replace(item, view_sha256=view) for item in items]
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, whole[1]))
    try:
        with pytest.raises(ExportError, match=r"no room for the export \(File too large\); make room"):
            write_export(small, blobs, tmp_path / "out", kind, lambda _: None)
        with pytest.raises(ExportError, match=r"no room for the export"), (tmp_path / "zip").open("wb") as file:
            zip_export(small, blobs, file, kind)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)


def test_export_refuses_an_unknown_format(database: Database, tmp_path: Path) -> None:
    result = heirloom("export", tmp_path / "out", "--format", "yolo")
    assert result.exit_code == 2
    assert database.is_sqlite
    assert not (tmp_path / "out").exists()


def test_export_takes_what_is_accepted_and_not_archived(database: Database, settings: Settings, tmp_path: Path) -> None:
    result = heirloom("export", tmp_path / "out", "--format", "png")
    assert "nothing to export" in str(result.exception)
    photos = fill(database, open_blobs(settings), ("a.tif", "A.png", "b.tif"))
    with database.unit_of_work() as session:
        archive(session, [photos[2].id])
        names = [item.photo_file for item in export_items(session)]
    assert names == [f"a-{photos[0].sha256[:8]}.png", f"A-{photos[1].sha256[:8]}.png"]


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path / "blobs"))
    small = blobs.put(png(np.zeros((3, 4), np.uint8)))
    item = ExportItem(1, "a", ".png", 40, 30, blobs.put(b"view"), small)
    with pytest.raises(BlobError, match="another size"):
        write_export([item], blobs, tmp_path / "out", ExportFormat.PNG, lambda _: None)
    with pytest.raises(BlobError, match=sha("gone")):
        write_export(
            [ExportItem(1, "a", ".png", 40, 30, sha("gone"), small)],
            blobs,
            tmp_path / "other",
            ExportFormat.PNG,
            lambda _: None,
        )


def test_the_room_and_its_commands_are_light() -> None:
    code = (
        "import sys, db.cli, db.photos, db.queue, db.reviews, db.snapshots, db.jobs, db.promotions, db.proposals;"
        "heavy = {'torch', 'mlflow', 'streamlit', 'numpy', 'cv2', 'albumentations'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


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
    whole = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, whole[1]))
    try:
        error = heirloom("db", "backup", copy).exception
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, whole)
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
