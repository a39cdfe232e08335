"""Names of outputs, and writing that never leaves half a file."""

import os
from pathlib import Path

import pytest

from inference import files
from inference.decoding import read_file
from inference.errors import OutputError, PhotoError, UsageProblem
from inference.files import left_out, left_out_words, plan_outputs
from inference.writing import check_name, check_png, write_file
from tests.support.folders import forbidding


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "new" / "a.png"
    write_file(target, b"old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match=r"a\.png cannot be written \(No space left on device\)"):
        write_file(target, b"half")
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_are_mirrored(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    touch(photos / "a.JPG", photos / "deep" / "er" / "b.x.tif", photos / "notes.txt", photos / ".hidden" / "c.png")
    plan = plan_outputs([photos, tmp_path / "gone.png"], out)
    assert [target for _, target in plan] == [out / "a", out / "deep" / "er" / "b.x", out / "gone"]


def test_earlier_results_inside_the_folder_are_no_inputs(tmp_path: Path) -> None:
    touch(tmp_path / "a.png", tmp_path / "out" / "a.mask.png")
    assert plan_outputs([tmp_path], tmp_path / "out") == [(tmp_path / "a.png", tmp_path / "out" / "a")]


def test_an_input_named_twice_is_done_once(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.png")
    assert len(plan_outputs([tmp_path / "in", tmp_path / "in" / "a.png"], tmp_path / "out")) == 1


@pytest.mark.parametrize("names", [("a.jpg", "a.png"), ("x/a.jpg", "y/a.jpg")])
def test_two_inputs_for_one_output_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    paths = [tmp_path / name for name in names]
    touch(*paths)
    with pytest.raises(UsageProblem, match="would both write"):
        plan_outputs(paths, tmp_path / "out")


def test_all_inputs_for_one_output_are_counted(tmp_path: Path) -> None:
    touch(*(tmp_path / f"{number}{ending}" for number in range(3) for ending in (".jpg", ".tif")))
    with pytest.raises(UsageProblem, match=r"0\.jpg and .*0\.tif would both write .*0\.\* \(and 2 more such\); rename"):
        plan_outputs([tmp_path], tmp_path / "out")


def test_pictures_of_other_kinds_in_a_folder_are_named(tmp_path: Path) -> None:
    touch(tmp_path / "a.HEIC", tmp_path / "deep" / "b.gif", tmp_path / "notes.txt", tmp_path / ".hidden" / "c.gif")
    found = left_out([tmp_path, tmp_path / "a.HEIC"])
    assert found == [tmp_path / "a.HEIC", tmp_path / "deep" / "b.gif"]
    words = left_out_words([str(path) for path in found])
    assert words.endswith("a.HEIC and 1 more (heirloom does not read .gif, .heic); save as JPEG, PNG or TIFF")
    with pytest.raises(UsageProblem, match=r"No pictures found in .*; left out: .*a\.HEIC and 1 more"):
        plan_outputs([tmp_path], tmp_path / "out")


def test_replacing_an_input_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "a.mask.png")
    with pytest.raises(UsageProblem, match=r"would replace the input .*a\.mask\.png"):
        plan_outputs([tmp_path / "a.jpg", tmp_path / "a.mask.png"], tmp_path, (".mask.png",))
    with pytest.raises(UsageProblem, match="both input and --out"):
        plan_outputs([tmp_path], tmp_path)


def test_a_folder_without_pictures_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="No pictures found"):
        plan_outputs([tmp_path], tmp_path / "out")


def test_paths_that_cannot_be_looked_at_are_inputs_like_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "closed" / "a.png", tmp_path / "b.png")
    (tmp_path / "round.png").symlink_to("round.png")
    forbidding(monkeypatch, tmp_path / "closed")
    paths = [tmp_path / "closed" / "a.png", tmp_path / f"{'x' * 300}.png", tmp_path / "round.png", tmp_path / "b.png"]
    plan = plan_outputs(paths, tmp_path / "out", (".mask.png",))
    assert [source for source, _ in plan] == paths
    for path in paths[:3]:
        with pytest.raises(PhotoError, match="cannot be read"):
            read_file(path)


def test_what_cannot_be_read_in_a_folder_is_an_input_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "photos", tmp_path / "out"
    touch(folder / "a.png", folder / "a" / "b.png", folder / "deep" / "c.png")
    (folder / "dangling.png").symlink_to("nowhere.png")
    (folder / "link").symlink_to(folder / "deep")
    os.mkfifo(folder / "pipe.png")
    forbidding(monkeypatch, folder / "a")
    plan = plan_outputs([folder], out, (".mask.png",))
    found = ["a", "a.png", "dangling.png", "deep/c.png"]
    assert [str(source.relative_to(folder)) for source, _ in plan] == found, "links to folders are not followed"
    for source, _ in (plan[0], plan[2]):
        with pytest.raises(PhotoError, match="cannot be read"):
            read_file(source)


def test_what_is_no_file_is_told_before_it_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (Path(os.devnull), tmp_path / "pipe.png"):  # the device first: reading a pipe would wait for a writer
        with pytest.raises(PhotoError, match=rf"{path.name} cannot be read \(it is not a regular file\)"):
            read_file(path)


@pytest.mark.parametrize("below", [".", "new/er"])
def test_an_impossible_folder_for_results_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    touch(tmp_path / "a.png", tmp_path / "file")
    with pytest.raises(UsageProblem, match=r"file is no folder; choose another"):
        plan_outputs([tmp_path / "a.png"], tmp_path / "file" / below)
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(UsageProblem, match=r"dangling is no folder"):
        plan_outputs([tmp_path / "a.png"], tmp_path / "dangling" / below)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    with pytest.raises(UsageProblem, match="is not yours to write in; choose another"):
        plan_outputs([tmp_path / "a.png"], tmp_path / below)
    sheet = tmp_path / "new.png"
    with pytest.raises(UsageProblem, match=f"^--sheet {sheet} cannot be written to: {tmp_path} is not yours"):
        check_png(sheet, "--sheet")


def test_names_may_be_as_long_as_the_file_system_lets_them(tmp_path: Path) -> None:
    longest = tmp_path / f"{'x' * 251}.png"
    check_name(longest)
    write_file(longest, b"all")
    assert longest.read_bytes() == b"all"
    assert list(tmp_path.iterdir()) == [longest]
    too_long = tmp_path / "new" / f"{'x' * 252}.png"
    for step in (check_name, lambda path: write_file(path, b"all")):
        with pytest.raises(OutputError, match=r"File name too long\); give the photo a shorter name"):
            step(too_long)
