"""Batches that meet what nobody plans for: one photo is named, the others are finished, and what was done is told."""

import json
import os
import signal
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from inference.batch import Done, run_batch
from inference.cli import commands
from inference.decoding import read_photo
from inference.detector import Detector
from inference.errors import PhotoError
from inference.png import encode_png
from inference.progress import progress_bar
from tests.support.commands import failing
from tests.support.picture_files import noise

MARCHEN = os.fsdecode(b"m\xe4dchen.png")
"""A name in Latin-1, as old archives have them."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("a.png", "z.png")):
        (folder / name).write_bytes(encode_png(noise(40, 50, 3, seed=number)))
    return folder


@pytest.fixture
def heirloom(models: dict[str, Path]) -> Any:
    def call(command: str, *arguments: object) -> Result:
        needed = {"restore": list(models), "detect": ["detector"], "colorize": ["colorizer"], "inpaint": ["inpainter"]}
        chosen = [word for kind in needed[command] for word in ("--model", models[kind])]
        return CliRunner().invoke(commands, [str(word) for word in (command, *arguments, *chosen)])

    return call


@pytest.mark.parametrize("as_json", [True, False])
def test_failures_are_told_where_standard_output_takes_nothing(
    as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(number: int, _: object) -> Done:
        if number:
            raise PhotoError("b.png is empty.")
        return Done("a.png", {}, {})

    class Full(StringIO):
        def write(self, _: str) -> int:
            raise OSError("No space left on device")

    monkeypatch.setattr("sys.stdout", Full())
    with pytest.raises(OSError, match="No space left"):
        run_batch([Path("a.png"), Path("b.png")], step, as_json)
    assert capsys.readouterr().err == "Failed: b.png is empty.\n"


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("command", ["restore", "detect", "colorize"])
def test_names_that_are_not_utf8_are_read_and_told(
    heirloom: Any, photos: Path, tmp_path: Path, command: str, options: tuple[str, ...]
) -> None:
    (photos / MARCHEN).write_bytes(encode_png(noise(40, 50, 3)))
    result = heirloom(command, photos, "--out", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    assert "photos/m?dchen.png" in result.stdout
    written = [path.name for path in (tmp_path / "out").iterdir()]
    assert any(name.startswith(MARCHEN.removesuffix("png")) for name in written), "files keep the photo's own bytes"
    assert any(name.startswith("z.") for name in written)
    if command == "restore":
        record = json.loads((tmp_path / "out" / MARCHEN).with_suffix(".json").read_text(encoding="utf-8"))
        assert record["input"]["name"] == "m?dchen.png"
        assert record["outputs"]["mask"] == "m?dchen.mask.png"
        assert heirloom(command, photos, "--out", tmp_path / "out", "--resume").stdout.count("done earlier") == 3


def test_a_failure_under_a_name_that_is_not_utf8_is_told_everywhere(
    heirloom: Any, photos: Path, tmp_path: Path
) -> None:
    (photos / MARCHEN).write_bytes(b"no picture")
    sheet = tmp_path / "all.png"
    result = heirloom("restore", photos, "--out", tmp_path / "out", "--sheet", sheet, "--json")
    assert "m?dchen.png is not a picture" in failing(result, 1)
    told = json.loads(result.stdout)
    assert [Path(failed["input"]).name for failed in told["failed"]] == ["m?dchen.png"]
    assert len(told["done"]) == 2
    assert sheet.is_file()


def no_room_for(path: Path, monkeypatch: pytest.MonkeyPatch, reason: Callable[[], object]) -> None:
    """Let the detector do `reason` when it comes to the photo at `path`."""
    pixels, probability = read_photo(path).pixels, Detector.probability

    def seen(self: Detector, shown: np.ndarray, *others: object) -> np.ndarray:
        if np.array_equal(shown, pixels):
            reason()
        return probability(self, shown, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(Detector, "probability", seen)


def gpu_is_full() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.mark.parametrize(
    "reason",
    [
        lambda: torch.empty(10**15),
        lambda: np.zeros(10**15),
        lambda: cv2.resize(np.zeros((16, 16, 3), np.uint8), (2**30, 2**20)),
        gpu_is_full,
    ],
)
@pytest.mark.parametrize("command", ["restore", "detect"])
def test_a_photo_too_large_for_the_memory_is_named_and_the_others_finish(
    heirloom: Any, photos: Path, monkeypatch: pytest.MonkeyPatch, command: str, reason: Any
) -> None:
    out = photos.parent / "out"
    no_room_for(photos / "a.png", monkeypatch, reason)
    said = failing(heirloom(command, photos, "--out", out), 1)
    assert "a.png needs more memory than there is; cut it into parts." in said
    assert (out / "z.mask.png").is_file()
    assert not (out / "a.mask.png").exists()


def raising(error: type[BaseException]) -> Callable[[], None]:
    def stop() -> None:
        raise error

    return stop


def terminated() -> None:
    handler = signal.getsignal(signal.SIGTERM)
    assert callable(handler)
    handler(signal.SIGTERM, None)


@pytest.mark.parametrize(
    ("stop", "code"), [(raising(KeyboardInterrupt), 130), (terminated, 143), (raising(ZeroDivisionError), 1)]
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_was_done_is_told_when_the_work_is_broken_off(
    heirloom: Any,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stop: Callable[[], None],
    code: int,
    options: tuple[str, ...],
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    (photos / "b.png").write_bytes(b"no picture")
    no_room_for(photos / "z.png", monkeypatch, stop)
    sheet = photos.parent / "all.png"
    result = heirloom("restore", photos, "--out", photos.parent / "out", "--sheet", sheet, *options)
    assert result.exit_code == code
    assert code != 1 or isinstance(result.exception, ZeroDivisionError), "a fault of ours keeps its traceback"
    assert signal.getsignal(signal.SIGTERM) == before
    assert "a.png" in result.stdout
    assert str(sheet) in result.stdout
    assert "b.png is not a picture" in result.stderr
    if options:
        told = json.loads(result.stdout)
        assert [len(told["done"]), len(told["failed"])] == [1, 1]


@pytest.mark.parametrize("command", ["restore", "detect", "colorize"])
def test_results_that_could_not_be_written_are_refused_before_work(
    heirloom: Any, photos: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    for out in (tmp_path / "file", tmp_path / "file" / "new"):
        assert "file is no folder; choose another" in failing(heirloom(command, photos, "--out", out), 2)


def test_inpaint_writes_a_file_into_a_folder(heirloom: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder.png").mkdir()
    call = ("inpaint", photos / "a.png", photos / "z.png", "--out")
    assert "file is no folder" in failing(heirloom(*call, tmp_path / "file" / "b.png"), 2)
    assert "folder.png is a folder; name a file" in failing(heirloom(*call, tmp_path / "folder.png"), 2)


def test_a_name_too_long_for_its_results_is_told_before_work(
    heirloom: Any, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = photos / f"{'x' * 236}.png"
    (photos / "z.png").rename(longest)
    (photos / f"{'x' * 237}.png").write_bytes(encode_png(noise(40, 50, 3, seed=7)))
    no_room_for(photos / f"{'x' * 237}.png", monkeypatch, lambda: pytest.fail("worked in vain"))
    out = photos.parent / "out"
    assert "x.restored-color.png cannot be written (File name too long); give the photo a shorter name." in failing(
        heirloom("restore", photos, "--out", out), 1
    )
    assert sorted({path.name[:3] for path in out.iterdir()}) == ["a.c", "a.j", "a.m", "a.r", "xxx"]
    assert len(list(out.iterdir())) == 10


def test_a_dangling_link_in_a_folder_is_a_photo_that_failed(heirloom: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "m.png").symlink_to("nowhere.png")
    said = failing(heirloom("detect", photos, "--out", tmp_path / "out"), 1)
    assert "m.png cannot be read (No such file or directory); check the path" in said
    assert (tmp_path / "out" / "z.mask.png").is_file()


def test_a_model_of_an_impossible_name_is_wrong_use(photos: Path, tmp_path: Path) -> None:
    for command in ("restore", "detect"):
        words = [command, str(photos), "--out", str(tmp_path / "out"), "--model", "x" * 300]
        assert "There is no checkpoint file xxx" in failing(CliRunner().invoke(commands, words), 2)


def test_the_progress_bar_shows_any_name_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("inference.progress._PATIENCE_S", -1)
    with progress_bar(2) as show:
        show(f"[b]{MARCHEN}", 1)
    assert "[b]m?dchen.png" in capsys.readouterr().err
