"""`heirloom import` as people and machines call it."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from annotator import cli
from annotator.context import Platform
from db.engine import Database, open_database
from db.errors import SchemaError
from db.models import Job, Photo
from db.settings import Settings
from tests.support.importable import mask, picture, write


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
