"""What goes out: results and masks of chosen photos as one zip each, and a result by itself.

Named are also the photos that stay behind.
"""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annotator import identity
from annotator.context import platform
from annotator.routes import routes
from annotator.routes.exports import export_url, results_url
from annotator.routes.pictures import result_file_url
from annotator.views.exporting import Exportable, exportable
from db.annotations import add_annotation
from db.blobs import BlobStore, open_blobs
from db.engine import Database
from db.export_formats import ExportFormat
from db.exports import export_items, write_export
from db.models import Restoration, ResultKind
from db.people import sign_in
from db.photos import PhotoFacts, add_photo
from db.reviews import add_restoration
from db.settings import Settings

KINDS: tuple[ResultKind, ...] = ("restored", "restored_color", "color")


def png(value: int, kind: type[np.generic] = np.uint8) -> bytes:
    written = io.BytesIO()
    Image.fromarray(np.full((30, 40), value, kind)).save(written, "PNG")
    return written.getvalue()


def fill(database: Database, blobs: BlobStore) -> list[int]:
    """Three photos; the first two have accepted masks."""
    with database.unit_of_work() as session:
        ids = []
        for number, name in enumerate(("aunt.png", "uncle.png", "baby.png")):
            sha = blobs.put(png(50 + number))
            facts = PhotoFacts(sha, name, "PNG", 40, 30, 1, 8, 99, sha, sha, (number + 1) << 40)
            photo, _ = add_photo(session, facts)
            if number < 2:
                add_annotation(session, photo, blobs.put(png(255 * number)), float(number), origin="imported")
            ids.append(photo.id)
    return ids


@pytest.fixture
def client(database: Database, settings: Settings) -> Iterator[TestClient]:
    with database.unit_of_work() as session:
        ada = sign_in(session, "Ada")
    with TestClient(Starlette(routes=routes), base_url="http://localhost") as opened:
        opened.cookies.set(identity.COOKIE, identity.sign(ada.id, settings))
        yield opened
    platform().database.dispose()


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_the_zip_holds_what_the_command_writes(
    client: TestClient, database: Database, settings: Settings, tmp_path: Path, kind: ExportFormat
) -> None:
    blobs = open_blobs(settings)
    aunt, uncle, _baby = fill(database, blobs)
    answer = client.get(export_url([aunt, uncle], kind))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert f"heirloom-{kind}.zip" in answer.headers["content-disposition"]
    with database.reading() as session:
        write_export(export_items(session), blobs, tmp_path / "out", kind, lambda _done: None)
    written = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == written


def test_only_chosen_photos_with_an_accepted_mask_go_along(
    client: TestClient, database: Database, settings: Settings
) -> None:
    _aunt, uncle, baby = fill(database, open_blobs(settings))
    answer = client.get(export_url([uncle, baby], ExportFormat.PNG))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert set(packed.namelist()) == {"photos/uncle.png", "masks/uncle.mask.png"}
    with database.reading() as session:
        assert exportable(session, [baby, uncle]) == Exportable((uncle,), ("baby.png",))


def test_what_cannot_be_exported_is_a_sentence(client: TestClient, database: Database, settings: Settings) -> None:
    *_, baby = fill(database, open_blobs(settings))
    assert "nothing to export" in client.get(export_url([baby], ExportFormat.PNG)).json()["error"]
    assert "choose among png" in client.get(f"/api/export?format=yolo&photos={baby}").json()["error"]
    assert "by their numbers" in client.get("/api/export?format=png&photos=all").json()["error"]
    client.cookies.clear()
    assert client.get(export_url([baby], ExportFormat.PNG)).status_code == 401


def restore(database: Database, blobs: BlobStore, photo_id: int, value: int) -> None:
    """Results of 16 bits, and what a browser shows of them."""
    view = blobs.put(png(value))
    stored = [blobs.put(png(256 * value + number, np.uint16)) for number in range(len(KINDS))]
    with database.unit_of_work() as session:
        add_restoration(
            session, photo_id, detector="detector v1", inpainter="inpainter v1", colorizer="colorizer v1",
            threshold=0.5, mask_sha256=view, warnings=[],
            results={kind: (sha, view) for kind, sha in zip(KINDS, stored, strict=True)},
        )  # fmt: skip


def test_a_result_is_downloaded_whole_under_the_name_that_the_command_gives_it(
    client: TestClient, database: Database, settings: Settings
) -> None:
    blobs = open_blobs(settings)
    aunt, *_ = fill(database, blobs)
    restore(database, blobs, aunt, 7)
    with database.reading() as session:
        _, coloured, _ = session.scalars(select(Restoration)).one().results
        answer = client.get(result_file_url(coloured))
    assert answer.content == png(256 * 7 + 1, np.uint16)
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''aunt.restored-color.png"


def test_the_newest_results_of_chosen_photos_are_downloaded_as_one_zip(
    client: TestClient, database: Database, settings: Settings
) -> None:
    blobs = open_blobs(settings)
    aunt, uncle, baby = fill(database, blobs)
    assert "nothing to download" in client.get(results_url([baby])).json()["error"]
    for photo_id, value in ((aunt, 1), (aunt, 2), (uncle, 3), (baby, 4)):
        restore(database, blobs, photo_id, value)
    with zipfile.ZipFile(io.BytesIO(client.get(results_url([aunt, uncle])).content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    endings = ".restored.png", ".restored-color.png", ".color.png"
    assert files == {
        f"{name}{ending}": png(256 * value + number, np.uint16)
        for name, value in (("aunt", 2), ("uncle", 3))
        for number, ending in enumerate(endings)
    }
    with database.reading() as session:
        assert exportable(session, [uncle, aunt]).restored == (aunt, uncle)


def test_a_zip_lies_nowhere_once_it_is_sent_or_could_not_be_made(
    client: TestClient, database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, places = open_blobs(settings), tmp_path / "temporary"
    aunt, *_ = fill(database, blobs)
    places.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(places))
    assert client.get(export_url([aunt], ExportFormat.PNG)).status_code == 200
    assert not list(places.iterdir())
    blobs.delete_all(list(blobs.hashes()))
    assert client.get(export_url([aunt], ExportFormat.PNG)).status_code == 422
    assert not list(places.iterdir())
