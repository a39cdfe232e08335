"""Photos in zips: read one after the other, bounded, and what is torn is named."""

import io
import os
import resource
import struct
import zipfile
from pathlib import Path

import pytest

from annotator import sources
from annotator.context import Platform
from annotator.importing import import_paths, import_sources
from annotator.sources import ImportProblem, zip_sources
from tests.support.importable import picture, write


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


def test_pictures_that_are_not_read_are_named(here: Platform, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", album__zip=zipped(a__png=picture(1), b__heic=b"x").getvalue(), c__gif=b"x")
    assert import_paths(here, [folder]).left_out == [f"{folder}/c.gif", f"{folder}/album.zip/b.heic"]


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
