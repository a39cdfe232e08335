"""Photos in: files, folders, zips and masks; one bad file never stops the others."""

import io
import json
import os
import resource
import struct
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select
from typer.testing import CliRunner

from annotator import cli, importing, sources
from annotator.context import Platform
from annotator.importing import import_bytes, import_paths, import_sources
from annotator.sources import ImportProblem, zip_sources
from annotator.views import actions
from db import people
from db.blobs import open_blobs
from db.deletion import remove_unneeded
from db.engine import Database, open_database
from db.errors import SchemaError
from db.models import Annotation, Job, Photo, Task
from db.photos import PhotoFacts
from db.settings import Settings
from inference.errors import PhotoError
from inference.files import decode_mask, encode_mask, encode_png
from inference.thumbnails import thumbnail
from trainer.platform import prepare


@pytest.fixture
def here(settings: Settings, database: Database) -> Platform:
    return Platform(settings, database, open_blobs(settings))


@pytest.fixture
def prepared(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A platform whose MLflow store is left out: importing needs none, and making one takes long."""
    monkeypatch.setattr("trainer.platform._prepare_mlflow", lambda _settings: None)
    prepare(settings)
    return settings


def picture(seed: int, height: int = 40, width: int = 60) -> bytes:
    return encode_png(np.random.default_rng(seed).integers(0, 255, (height, width), dtype=np.uint8))


def mask(height: int = 40, width: int = 60) -> bytes:
    marked = np.zeros((height, width), dtype=np.bool_)
    marked[5:10, 5:25] = True
    return encode_mask(marked)


def write(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def rows(here: Platform, kind: type[Photo] | type[Annotation] | type[Task]) -> list[object]:
    with here.database.reading() as session:
        return list(session.scalars(select(kind)))


def test_a_photo_is_kept_as_it_came(here: Platform) -> None:
    data = picture(1)
    outcome = import_bytes(here, data, "a.png", "album")
    assert outcome.is_new
    with here.database.reading() as session:
        photo = session.scalars(select(Photo)).one()
        assert (photo.filename, photo.collection, photo.width, photo.height) == ("a.png", "album", 60, 40)
        assert (photo.channels, photo.bit_depth, photo.format) == (1, 8, "PNG")
        assert session.scalars(select(Task)).one().kind == "label"
    assert here.blobs.get(photo.sha256) == data
    assert here.blobs.exists(photo.view_sha256)
    assert here.blobs.get(photo.thumbnail_sha256).startswith(b"\xff\xd8")


def test_the_same_bytes_are_recognised_under_another_name(here: Platform) -> None:
    import_bytes(here, picture(1), "a.png")
    again = import_bytes(here, picture(1), "b.png")
    assert (again.is_new, again.known_as) == (False, "a.png")
    assert len(rows(here, Photo)) == 1


def stored(here: Platform) -> set[str]:
    with here.database.reading() as session:
        photo = session.scalars(select(Photo)).one()
    return {sha for sha in (photo.sha256, photo.view_sha256, photo.thumbnail_sha256) if here.blobs.exists(sha)}


def test_a_photo_imported_while_the_same_one_is_deleted_keeps_its_bytes(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.database.unit_of_work() as session:
        ada = people.sign_in(session, "Ada")
    first = import_bytes(here, picture(1), "a.png").photo_id
    before = stored(here)

    def import_first(*arguments: Any) -> None:
        import_bytes(here, picture(1), "b.png")
        remove_unneeded(*arguments)

    monkeypatch.setattr(actions, "remove_unneeded", import_first)
    actions.delete(here, [first], ada)
    assert stored(here) == before


def test_bytes_removed_while_their_photo_is_imported_are_stored_again(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = importing._facts

    def remove_first(*arguments: Any) -> PhotoFacts:
        remove_unneeded(here.database, here.blobs, list(here.blobs.hashes()))
        return made(*arguments)

    monkeypatch.setattr(importing, "_facts", remove_first)
    import_bytes(here, picture(1), "a.png", mask=mask())
    assert len(stored(here)) == len(set(here.blobs.hashes())) - 1 == 2, "the photo is its own view; a mask beside"


def test_bytes_that_are_no_photo_leave_nothing_behind(here: Platform) -> None:
    with pytest.raises(PhotoError, match=r"a\.png"):
        import_bytes(here, picture(1)[:60], "a.png")
    assert rows(here, Photo) == []


def test_a_folder_comes_in_with_its_folders_and_bad_files_are_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), bad__png=b"no picture", notes__txt=b"hello")
    write(folder / "deeper", b__png=picture(2))
    write(folder / ".hidden", c__png=picture(3))
    seen: list[tuple[int, int]] = []
    report = import_paths(here, [folder], progress=lambda done, total, _name: seen.append((done, total)))
    assert [outcome.name for outcome in report.outcomes] == ["a.png", "b.png"]
    (failure,) = report.failures
    assert failure.name.endswith("bad.png")
    assert failure.reason
    assert "bad.png" not in failure.reason  # it is shown once, as the name
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_masks_are_found_by_name_and_come_in_as_accepted(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2), c__png=picture(3))
    masks = write(tmp_path / "masks", a__png=mask(), b__mask__png=mask())
    report = import_paths(here, [folder], masks)
    assert [outcome.has_mask for outcome in report.outcomes] == [True, True, False]
    assert report.waiting_ids == [report.outcomes[2].photo_id]
    with here.database.reading() as session:
        annotations = list(session.scalars(select(Annotation)))
        open_tasks = list(session.scalars(select(Task).where(Task.status == "open")))
    assert [(row.status, row.origin) for row in annotations] == [("accepted", "imported")] * 2
    assert annotations[0].marked_share == pytest.approx(100 / 2400)
    kept = decode_mask(here.blobs.get(annotations[0].mask_sha256 or ""), (40, 60), "a")
    assert kept.sum() == 100
    assert [task.photo_id for task in open_tasks] == report.waiting_ids


def test_a_mask_that_may_be_inverted_is_not_accepted_unseen(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2))
    inverted = ~decode_mask(mask(), (40, 60), "a")
    masks = write(tmp_path / "masks", a__png=encode_mask(inverted), b__png=mask())
    report = import_paths(here, [folder], masks)
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    assert [failure.name for failure in report.failures] == [str(folder / "a.png")]
    assert "the mask of a.png marks 95.8 % of its photo; if black marks the defects" in report.failures[0].reason
    assert len(rows(here, Photo)) == len(rows(here, Annotation)) == 1


def test_the_same_mask_twice_is_one_annotation(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", a__png=mask())
    for _ in range(2):
        import_paths(here, [folder], masks)
    assert len(rows(here, Annotation)) == 1


@pytest.mark.parametrize("name", ["nowhere", "x" * 300])
def test_a_folder_of_masks_that_is_not_there_is_wrong_use(here: Platform, tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportProblem, match=r"is not a folder of masks"):
        import_paths(here, [tmp_path], tmp_path / name)


def test_masks_beside_their_photos_are_not_photos(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), a__mask__png=mask(), b__png=picture(2))
    report = import_paths(here, [folder], folder)
    assert [(outcome.name, outcome.has_mask) for outcome in report.outcomes] == [("a.png", True), ("b.png", False)]
    assert report.failures == []


@pytest.mark.parametrize("name", ["a.PNG", "a.MASK.PNG", "a.mask.Png"])
def test_a_masks_ending_may_be_in_capitals(here: Platform, tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "in", a__jpg=picture(1))
    masks = write(tmp_path / "masks", **{name: mask()})
    report = import_paths(here, [folder], masks)
    assert [outcome.has_mask for outcome in report.outcomes] == [True]
    assert report.failures == []


def test_a_mask_in_capitals_beside_its_photo_is_no_photo(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__PNG=picture(1), a__MASK__PNG=mask())
    report = import_paths(here, [folder], folder)
    assert [(outcome.name, outcome.has_mask) for outcome in report.outcomes] == [("a.PNG", True)]


def test_two_masks_for_one_photo_are_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", a__png=mask(), a__mask__png=mask())
    report = import_paths(here, [folder], masks)
    assert report.outcomes == []
    assert "Two masks bear this photo's name" in report.failures[0].reason


def test_a_mask_that_could_be_either_of_two_photos_goes_to_neither(here: Platform, tmp_path: Path) -> None:
    write(tmp_path / "in" / "one", a__png=picture(1))
    write(tmp_path / "in" / "two", a__png=picture(2), b__png=picture(3))
    masks = write(tmp_path / "masks", a__png=mask(), b__png=mask())
    report = import_paths(here, [tmp_path / "in"], masks)
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    assert ["2 photos are called a" in failure.reason for failure in report.failures] == [True, True]


def test_a_mask_of_another_size_is_refused_with_its_photo(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2))
    masks = write(tmp_path / "masks", a__png=mask(41))
    report = import_paths(here, [folder], masks)
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    assert "60×41" in report.failures[0].reason


def test_a_mask_without_a_photo_is_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    masks = write(tmp_path / "masks", other__png=mask())
    report = import_paths(here, [folder], masks)
    assert [failure.name for failure in report.failures] == [str(masks / "other.png")]


def zipped(**files: bytes) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return made


def test_a_zip_comes_in_and_its_bad_entries_are_named(here: Platform) -> None:
    made = zipped(a__png=picture(1), broken__png=b"x", readme__txt=b"hello")
    report = import_sources(here, zip_sources(made, "album.zip"))
    assert [outcome.name for outcome in report.outcomes] == ["a.png"]
    assert [failure.name for failure in report.failures] == ["album.zip/broken.png"]


def test_a_folder_may_hold_more_zips_than_files_may_be_open(here: Platform, tmp_path: Path) -> None:
    content = zipped(a__png=picture(1), broken__png=b"x").getvalue()
    folder = write(tmp_path / "in", **{f"{number}.zip": content for number in range(60)})
    used = os.open(os.devnull, os.O_RDONLY)
    os.close(used)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 30, before[1]))
    try:
        report = import_paths(here, [folder])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(report.outcomes) == 60
    assert {Path(failure.name).name for failure in report.failures} == {"broken.png"}


def test_a_zip_that_goes_before_it_is_read_is_named(here: Platform, tmp_path: Path) -> None:
    file = tmp_path / "album.zip"
    file.write_bytes(zipped(a__png=picture(1)).getvalue())
    found = zip_sources(file, "album.zip")
    file.unlink()
    (failure,) = import_sources(here, found).failures
    assert (failure.name, "No such file" in failure.reason) == ("album.zip/a.png", True)


def test_a_zip_that_is_none_is_named_and_the_rest_goes_on(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), album__zip=b"PK no")
    report = import_paths(here, [folder])
    assert len(report.outcomes) == 1
    assert "is not a zip that can be opened" in report.failures[0].reason


def test_a_torn_entry_of_any_packing_is_named_and_the_rest_goes_on(here: Platform) -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("a.png", picture(1), method)
            archive.writestr("b.png", picture(2))
        start = len("a.png") + 30 + 20
        torn = made.getvalue()[:start] + b"\xff" * 200 + made.getvalue()[start + 200 :]
        report = import_sources(here, zip_sources(io.BytesIO(torn), "album.zip"))
        assert [outcome.name for outcome in report.outcomes] == ["b.png"]
        assert [failure.name for failure in report.failures] == ["album.zip/a.png"]


def test_a_zip_of_a_newer_kind_or_with_a_torn_name_is_refused_with_a_sentence() -> None:
    honest = zipped(a__png=picture(1)).getvalue()
    entry = honest.rindex(b"PK\x01\x02")
    newer, torn = bytearray(honest), bytearray(honest)
    newer[entry + 6] = 99
    torn[entry + 8 : entry + 10] = struct.pack("<H", 0x800)
    torn[entry + 46] = 0xFF
    for data in (newer, torn):
        with pytest.raises(ImportProblem, match="is not a zip that can be opened"):
            zip_sources(io.BytesIO(bytes(data)), "album.zip")


def test_a_bomb_is_stopped_while_it_unpacks(here: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes in a zip's directory may lie: what counts is what comes out."""
    monkeypatch.setattr(sources, "Limits", type("Small", (), {"max_bytes": 1000}))
    made = zipped(bomb__png=b"\0" * 100_000)
    honest = made.getvalue()
    lying = io.BytesIO(honest.replace(struct.pack("<I", 100_000), struct.pack("<I", 900)))
    for archive in (made, lying):
        report = import_sources(here, zip_sources(archive, "bomb.zip"))
        assert report.outcomes == []
        assert len(report.failures) == 1


def test_a_zip_with_too_much_in_it_is_refused_before_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_ZIP_BYTES", 1000)
    with pytest.raises(ImportProblem, match="Split it"):
        zip_sources(zipped(a__png=b"\0" * 2000), "big.zip")


def test_paths_that_cannot_be_read_are_named_and_the_others_come_in(prepared: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    (folder / "dangling.png").symlink_to("gone.png")
    long = "n" * 300 + ".png"
    result = CliRunner().invoke(
        cli.commands, [str(tmp_path / "nowhere.jpg"), str(tmp_path / "x.zip"), long, str(folder)]
    )
    assert result.exit_code == 1
    assert "1 new, 0 known already" in result.output
    gone = ((name, "No such file") for name in ("nowhere.jpg", "x.zip", "dangling.png"))
    for name, why in (*gone, (long, "File name too long")):
        assert f"{name}: It cannot be read ({why}" in result.output


def test_what_is_no_file_is_named_and_the_others_come_in(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2))
    masks = write(tmp_path / "masks", a__png=mask())
    photo, packed, its_mask = tmp_path / "device.png", tmp_path / "device.zip", masks / "b.png"
    for device in (photo, packed, its_mask):
        device.symlink_to(os.devnull)
    report = import_paths(here, [photo, packed, folder], masks)
    assert [outcome.name for outcome in report.outcomes] == ["a.png"]
    assert {failure.name for failure in report.failures} == {str(photo), str(packed), str(folder / "b.png")}
    for failure in report.failures:
        assert failure.reason.startswith("It cannot be read (it is not a regular file)")


@pytest.mark.parametrize("variable", ["HEIRLOOM_DATABASE_URL", "HEIRLOOM_JOBS_DATABASE_URL"])
@pytest.mark.usefixtures("home")
def test_importing_names_the_database_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "postgresql://nobody:geheim@127.0.0.1:1/none")
    error = CliRunner().invoke(cli.commands, [str(write(tmp_path / "in", a__png=picture(1)))]).exception
    assert isinstance(error, SchemaError), error
    assert "nobody:***@127.0.0.1:1/none does not answer" in str(error)
    assert f"or set {variable} to another one" in str(error)


def test_a_collection_with_too_long_a_name_is_told_before_anything_is_stored(
    here: Platform, prepared: Settings, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    result = CliRunner().invoke(cli.commands, [str(folder), "--collection", "x" * 121])
    assert result.exit_code == 2, result.exception
    assert "collection's name has at most 120 characters" in result.output
    assert not set(here.blobs.hashes())


def test_a_folder_that_holds_no_photo_is_wrong_use(prepared: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", notes__txt=b"none")
    result = CliRunner().invoke(cli.commands, [str(folder)])
    assert result.exit_code == 2
    assert f"No photos found in {folder}" in result.output


def test_a_name_that_is_not_utf8_is_told_of_what_comes_in_and_of_what_does_not(
    prepared: Settings, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), bad__png=b"x")
    (folder / "a.png").rename(os.fsdecode(bytes(folder) + b"/m\xe4dchen.png"))
    (folder / "bad.png").rename(os.fsdecode(bytes(folder) + b"/m\xe4.png"))
    for words, told in (([], "1 new"), ([], "known already: m?dchen.png"), (["--json"], '"name": "m?dchen.png"')):
        result = CliRunner(charset="utf-8").invoke(cli.commands, [str(folder), *words])
        assert result.exit_code == 1, result.exception
        assert told in result.output
        assert f"{folder}/m?.png" in result.output
    (failure,) = json.loads(result.output)["failures"]
    assert failure["name"] == f"{folder}/m?.png"
    assert "m?.png" not in failure["reason"], "the name is said once"


OUT_OF_MEMORY = (MemoryError(), cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes"))


@pytest.mark.parametrize("error", [*OUT_OF_MEMORY, ValueError("a fault of ours")])
def test_a_photo_that_memory_runs_out_for_is_named_and_the_others_come_in(
    here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2, width=61))

    def shrink(pixels: NDArray[np.uint8]) -> bytes:
        if pixels.shape[1] == 60:
            raise error
        return thumbnail(pixels)

    monkeypatch.setattr(importing, "thumbnail", shrink)
    if error not in OUT_OF_MEMORY:
        with pytest.raises(ValueError, match="of ours"):
            import_paths(here, [folder])
        return
    report = import_paths(here, [folder])
    assert [outcome.name for outcome in report.outcomes] == ["b.png"]
    said = [(failure.name, failure.reason) for failure in report.failures]
    assert said == [(str(folder / "a.png"), "It needs more memory than there is; cut it into parts.")]


def test_a_link_to_itself_beside_masks_is_named(here: Platform, tmp_path: Path) -> None:
    folder, masks = write(tmp_path / "in", a__png=picture(1)), write(tmp_path / "masks", a__png=mask())
    (tmp_path / "loop.png").symlink_to("loop.png")
    report = import_paths(here, [tmp_path / "loop.png", folder], masks)
    assert [outcome.has_mask for outcome in report.outcomes] == [True]
    assert [failure.name for failure in report.failures] == [str(tmp_path / "loop.png")]


def test_the_command_imports_proposes_and_says_what_failed(prepared: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1), b__png=picture(2), bad__png=b"x")
    masks = write(tmp_path / "masks", a__png=mask())
    result = CliRunner().invoke(cli.commands, [str(folder), "--masks", str(masks), "--collection", "album"])
    assert result.exit_code == 1
    assert "2 new, 0 known already, 1 with a mask." in result.output
    assert "bad.png" in result.output
    database = Database(prepared.database_url)
    with database.reading() as session:
        job = session.scalars(select(Job)).one()
        photo = session.scalars(select(Photo).where(Photo.filename == "b.png")).one()
    database.dispose()
    assert (job.kind, job.params) == ("propose", {"photo_ids": [photo.id]})
    assert photo.collection == "album"


def test_the_command_leaves_zero_when_all_came_in(prepared: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    for said in ("1 new, 0 known", "0 new, 1 known"):
        result = CliRunner().invoke(cli.commands, [str(folder)])
        assert result.exit_code == 0, result.output
        assert said in result.output


def test_a_known_photo_joins_a_collection_if_it_is_in_none_and_else_stays(prepared: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a__png=picture(1))
    for collection, told in (("", ""), ("album", ""), ("attic", "; it stays in the collection album")):
        result = CliRunner().invoke(cli.commands, [str(folder), "--collection", collection])
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        assert result.stdout.endswith(f"a.png{told}\n") or not collection
    with open_database(prepared).reading() as session:
        assert session.scalars(select(Photo)).one().collection == "album"


def test_json_tells_where_photos_of_one_name_came_from(prepared: Settings, tmp_path: Path) -> None:
    for number, name in enumerate(("one", "two")):
        write(tmp_path / "in" / name, a__png=picture(number))
    result = CliRunner().invoke(cli.commands, [str(tmp_path / "in"), "--json"])
    assert prepared.has_platform()
    told = json.loads(result.stdout)["outcomes"]
    assert [(each["name"], each["path"]) for each in told] == [
        ("a.png", str(tmp_path / "in" / name / "a.png")) for name in ("one", "two")
    ]
