"""`heirloom restore --resume` leaves what the same models made of the same bytes, and does all else again."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import inference.results
from inference.decoding import read_photo
from inference.results import ENDINGS
from tests.support.networks import small_colorizer
from tests.support.picture_files import noise


def stamps(out: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def test_resume_leaves_what_is_done(restore: Any, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert restore(photos, "--out", out).exit_code == 0
    before = stamps(out)
    result = restore(photos, "--out", out, "--resume", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["done"]
    assert [done["earlier"] for done in told] == [True, True]
    assert told[0]["marked_share"] > 0
    assert stamps(out) == before
    assert "done earlier" in restore(photos, "--out", out, "--resume").stdout
    assert restore(photos, "--out", out).exit_code == 0
    assert all(stamp > before[name] for name, stamp in stamps(out).items()), "without --resume all is done again"


@pytest.mark.parametrize("what", list(ENDINGS))
def test_resume_does_again_what_lacks_a_file(restore: Any, photos: Path, tmp_path: Path, what: str) -> None:
    assert restore(photos, "--out", tmp_path).exit_code == 0
    missing = tmp_path / f"a.damaged{ENDINGS[what]}"
    missing.unlink()
    other = (tmp_path / "deep" / "b.mask.png").stat().st_mtime_ns
    result = restore(photos, "--out", tmp_path, "--resume", "--json")
    assert [done["earlier"] for done in json.loads(result.stdout)["done"]] == [False, True]
    assert missing.is_file()
    assert (tmp_path / "deep" / "b.mask.png").stat().st_mtime_ns == other


@pytest.mark.parametrize("what", ["mask", "restored"])
@pytest.mark.parametrize("kept", [0, 60])
def test_resume_does_again_what_is_damaged(restore: Any, photos: Path, tmp_path: Path, what: str, kept: int) -> None:
    out, sheet = tmp_path / "out", tmp_path / "all.png"
    assert restore(photos, "--out", out).exit_code == 0
    damaged = out / f"a.damaged{ENDINGS[what]}"
    whole = damaged.read_bytes()
    for options in ((), ("--sheet", sheet)) if kept == 0 else (("--sheet", sheet),):
        damaged.write_bytes(whole[:kept])
        result = restore(photos, "--out", out, "--resume", "--json", *options)
        assert result.exit_code == 0, result.output
        assert [done["earlier"] for done in json.loads(result.stdout)["done"]] == [False, True]
        assert damaged.read_bytes() == whole


@pytest.mark.parametrize("options", [("--threshold", 0.53), ("--saturation", 0.5)])
def test_resume_does_again_what_other_settings_made(
    restore: Any, photos: Path, tmp_path: Path, options: tuple[object, ...]
) -> None:
    assert restore(photos, "--out", tmp_path).exit_code == 0
    for earlier in (False, True):
        told = json.loads(restore(photos, "--out", tmp_path, "--resume", "--json", *options).stdout)
        assert [done["earlier"] for done in told["done"]] == [earlier, earlier]


def test_resume_does_again_what_other_models_or_bytes_made(
    restore: Any, models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    def earlier(**others: str) -> list[bool]:
        told = json.loads(restore(photos, "--out", tmp_path / "out", "--resume", "--json", **others).stdout)
        return [done["earlier"] for done in told["done"]]

    assert earlier() == [False, False]
    assert earlier(method="ns") == [False, False]
    record = json.loads((tmp_path / "out" / "a.damaged.json").read_text())["models"]["inpainter"]
    assert (record["name"], record["source"], "sha256" in record) == ("ns", "opencv", False)
    Image.fromarray(noise(40, 50, 3, seed=1)).save(photos / "a.damaged.jpg", quality=95)
    assert earlier(method="ns") == [False, True]
    kept = models["colorizer"].read_bytes()
    try:
        small_colorizer(models["colorizer"], seed=1)
        assert earlier(method="ns") == [False, False]
    finally:
        models["colorizer"].write_bytes(kept)


@pytest.mark.parametrize("damaged", [b"", b"{}", b'{"format": 1, "input": 3}', b"\xff\xfe"])
def test_a_damaged_record_vouches_for_nothing(restore: Any, photos: Path, tmp_path: Path, damaged: bytes) -> None:
    assert restore(photos / "deep" / "b.png", "--out", tmp_path).exit_code == 0
    (tmp_path / "b.json").write_bytes(damaged)
    result = restore(photos / "deep" / "b.png", "--out", tmp_path, "--resume", "--json")
    assert [done["earlier"] for done in json.loads(result.stdout)["done"]] == [False]
    assert json.loads((tmp_path / "b.json").read_text())["format"] == 1


def test_no_record_vouches_for_files_while_they_are_replaced(
    restore: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, out = photos / "deep" / "b.png", tmp_path / "out"
    assert restore(photo, "--out", out).exit_code == 0
    seen: list[bool] = []
    replace = Path.replace

    def watched(part: Path, path: Path) -> Path:
        seen.append((out / "b.json").exists())
        return replace(part, path)

    monkeypatch.setattr(Path, "replace", watched)
    assert restore(photo, "--out", out, "--saturation", 0.5).exit_code == 0
    assert seen == [False] * 5


def test_two_that_restore_a_photo_at_once_leave_the_files_of_one(
    restore: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, out = photos / "deep" / "b.png", tmp_path / "out"
    encode, begun = inference.results.encode_colour, []

    def encode_after_another_restored(*arguments: Any) -> bytes:
        begun.append(True)
        if len(begun) == 1:
            assert restore(photo, "--out", out, "--threshold", 0.53).exit_code == 0
        return encode(*arguments)

    monkeypatch.setattr(inference.results, "encode_colour", encode_after_another_restored)
    assert restore(photo, "--out", out).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(f"b{ending}" for ending in ENDINGS.values())
    marked = read_photo(out / "b.mask.png").source > 0
    assert json.loads((out / "b.json").read_text())["marked_share"] == marked.mean()
