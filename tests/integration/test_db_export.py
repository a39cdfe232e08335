"""`heirloom export`: photos and masks for other tools."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.blobs import BlobStore, open_blobs
from db.engine import Database
from db.errors import BlobError
from db.export_formats import ExportFormat, ExportItem
from db.exports import ExportError, export_items, unique_names, write_export, zip_export
from db.photos import archive
from db.settings import Settings
from tests.support.accepted import MASK, fill, heirloom, png
from tests.support.databases import sha
from tests.support.folders import small_files


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


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_an_export_that_the_disk_has_no_room_for_is_a_sentence(
    database: Database, settings: Settings, tmp_path: Path, kind: ExportFormat
) -> None:
    fill(database, open_blobs(settings))
    with database.reading() as session:
        items, blobs = export_items(session), open_blobs(settings)
    view = blobs.put(b"view")  # what is written of the masks is what there is no room for
    small = [replace(item, view_sha256=view) for item in items]
    with small_files(20):
        with pytest.raises(ExportError, match=r"no room for the export \(File too large\); make room"):
            write_export(small, blobs, tmp_path / "out", kind, lambda _: None)
        with pytest.raises(ExportError, match=r"no room for the export"), (tmp_path / "zip").open("wb") as file:
            zip_export(small, blobs, file, kind)


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


def test_a_photo_that_is_called_what_another_is_cut_to_takes_no_name_of_it() -> None:
    shas = [sha(name) for name in "abc"]
    names = unique_names([("a.png", shas[0]), ("a.jpg", shas[1]), (f"A-{shas[0][:8]}.png", shas[2])])
    assert names == shas


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


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_a_photo_whose_bytes_are_gone_is_named_and_the_others_are_written(
    database: Database, settings: Settings, tmp_path: Path, kind: ExportFormat
) -> None:
    blobs = open_blobs(settings)
    photos = fill(database, blobs, ("a.png", "b.png"))
    blobs.delete(photos[0].view_sha256)
    result = heirloom("export", tmp_path / "out", "--format", kind, "--json")
    assert result.exit_code == 1, result.exception
    told = json.loads(result.stdout)
    assert told["photos"] == 1
    assert "a.png was left out: Blob" in told["failed"][0]
    assert "a.png was left out: Blob" in result.stderr
    found = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "b.png" in found
    assert "a.png" not in found
    assert len(found) > 1, "the masks are there as well"
