"""`heirloom restore` as people and machines call it: files, record, what is told, failures."""

import json
import re
import weakref
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from inference.cli import commands
from inference.decoding import decode, read_photo
from inference.photo import Photo
from inference.png import encode_png
from inference.restorer import RestorationResult, Restorer
from inference.results import ENDINGS
from tests.support.commands import failing
from tests.support.picture_files import jpeg_with_profile, noise


def written(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def test_a_folder_is_mirrored_with_five_files_a_photo(restore: Any, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = restore(photos, "--out", out)
    assert result.exit_code == 0, result.output
    expected = [f"{name}{ending}" for name in ("a.damaged", "deep/b") for ending in ENDINGS.values()]
    assert written(out) == sorted(expected)
    assert {".mask.png", ".restored.png", ".restored-color.png", ".color.png", ".json"} == set(ENDINGS.values())
    for named in ("detector tiny.safetensors@", "inpainter fill.safetensors@", "colorizer colours.safetensors@"):
        assert named in result.stdout


@pytest.mark.parametrize("method", [None, "telea", "ns"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_files_keep_depth_channels_and_what_lies_outside_the_mask(
    restore: Any, tmp_path: Path, channels: int, dtype: type, method: str | None
) -> None:
    source = noise(40, 50, channels, dtype=dtype)
    (tmp_path / "a.png").write_bytes(encode_png(source[..., 0] if channels == 1 else source))
    assert restore(tmp_path / "a.png", "--out", tmp_path / "out", method=method).exit_code == 0
    before = read_photo(tmp_path / "a.png")
    files = {what: read_photo(tmp_path / "out" / f"a{ENDINGS[what]}") for what in ENDINGS if what != "record"}
    marked = files["mask"].source > 0
    assert files["mask"].channels == 1
    assert set(np.unique(files["mask"].source)) == {0, 255}
    restored = files["restored"]
    assert (restored.channels, restored.bit_depth) == (before.channels, before.bit_depth)
    np.testing.assert_array_equal(restored.source[~marked], before.source[~marked])
    assert (restored.source[marked] != before.source[marked]).any()
    if channels in (2, 4):
        np.testing.assert_array_equal(restored.source[..., -1], before.source[..., -1])
    for what in ("restored_color", "color"):
        assert (files[what].channels, files[what].bit_depth) == (3, before.bit_depth)


def test_the_files_are_what_the_restorer_makes(
    restore: Any, models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    assert restore(photos, "--out", tmp_path, "--saturation", 1.5).exit_code == 0
    photo = read_photo(photos / "a.damaged.jpg")
    loaded = Restorer.load(*models.values())
    result = loaded.restore(photo, saturation=1.5)
    for what in ("restored", "restored_color", "color"):
        found = read_photo(tmp_path / f"a.damaged{ENDINGS[what]}").source
        np.testing.assert_array_equal(found, getattr(result, what))


def test_exif_and_profile_travel_into_the_files_they_are_true_of(restore: Any, tmp_path: Path) -> None:
    rgb, grey = jpeg_with_profile(tmp_path / "rgb.jpg", "rgb"), jpeg_with_profile(tmp_path / "grey.jpg", "grey")
    result = restore(tmp_path / "rgb.jpg", tmp_path / "grey.jpg", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("colour profile for grey; it was left out") == 1
    for name, profile in (("rgb", rgb), ("grey", grey)):
        for what in ("restored", "restored_color", "color"):
            picture = Image.open(tmp_path / "out" / f"{name}{ENDINGS[what]}")
            assert picture.size == (40, 60)
            assert (picture.getexif()[0x0112], picture.getexif()[0x010F]) == (1, "Leica")
            kept = profile if what == "restored" or name == "rgb" else None
            assert picture.info.get("icc_profile") == kept


def test_the_record_tells_how_the_results_came_about(
    restore: Any, models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    assert restore(photos, "--out", tmp_path, "--threshold", 0.52, "--saturation", 0.5).exit_code == 0
    record = json.loads((tmp_path / "deep" / "b.json").read_text())
    data = (photos / "deep" / "b.png").read_bytes()
    assert record["input"] == {
        "name": "b.png", "sha256": sha256(data).hexdigest(), "width": 50, "height": 40, "channels": 1, "bits": 16,
    }  # fmt: skip
    assert set(record["models"]) == {"detector", "inpainter", "colorizer"}
    for part, path in models.items():
        assert record["models"][part]["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert record["models"]["inpainter"]["name"] == "inpainter fill.safetensors"
    assert record["settings"] == {"threshold": 0.52, "saturation": 0.5}
    mask = read_photo(tmp_path / "deep" / "b.mask.png").source
    assert record["marked_share"] == pytest.approx((mask > 0).mean())
    assert set(record["seconds"]) == {"read", "detect", "fill", "color", "restored_color", "write"}
    assert record["outputs"]["restored_color"] == "b.restored-color.png"
    assert record["warnings"] == []
    assert record["heirloom"]


def test_one_bad_file_is_named_and_the_others_finish(restore: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(encode_png(noise(40, 50, 3))[:500])
    missing = tmp_path / "gone.jpg"
    said = failing(restore(photos, missing, "--out", tmp_path / "out"), 1)
    assert "broken.png" in said
    assert "gone.jpg" in said
    assert (tmp_path / "out" / "a.damaged.json").is_file()
    assert (tmp_path / "out" / "deep" / "b.json").is_file()
    assert not list((tmp_path / "out").rglob("broken*"))


def test_the_outcome_is_a_short_line_a_photo_and_a_count(restore: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "deep" / "b.png").rename(photos / "deep" / "b\n\x1b[2J.png")
    (photos / "broken.png").write_bytes(b"no picture")
    (photos / "phone.heic").touch()
    result = restore(photos, "--out", tmp_path / "out")
    first, second, count = result.stdout.splitlines()
    assert re.fullmatch(rf"{photos}/a\.damaged\.jpg → {tmp_path}/out/a\.damaged\.\* \([\d.]+ % marked\)", first)
    assert f"{photos}/deep/b??[2J.png → {tmp_path}/out/deep/b??[2J.*" in second
    assert count.startswith("2 done, 1 failed, by detector ")
    assert f"Left out: {photos}/phone.heic (heirloom does not read .heic)" in result.stderr


def test_json_is_all_there_is_on_stdout(restore: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    (photos / "phone.heic").touch()
    result = restore(photos, "--out", tmp_path / "out", "--json", "--sheet", tmp_path / "all.png")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [Path(done["input"]).name for done in told["done"]] == ["a.damaged.jpg", "b.png"]
    first = told["done"][0]
    assert set(first["outputs"]) == set(ENDINGS)
    assert all(Path(path).is_file() for path in first["outputs"].values())
    assert set(first["models"]) == {"detector", "inpainter", "colorizer"}
    assert 0 < first["marked_share"] < 1
    assert 0 < first["threshold"] < 1
    assert first["seconds"]["detect"] > 0
    assert first["earlier"] is False
    assert [Path(failed["input"]).name for failed in told["failed"]] == ["broken.png"]
    assert "not a picture" in told["failed"][0]["reason"]
    assert told["sheets"] == [str(tmp_path / "all.png")]
    assert told["left_out"] == [str(photos / "phone.heic")]


def test_collisions_are_refused_before_work(restore: Any, photos: Path, tmp_path: Path) -> None:
    Image.fromarray(noise(40, 50, 3)).save(photos / "a.damaged.png")
    assert "would both write" in failing(restore(photos, "--out", tmp_path / "out"), 2)
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_is_a_failed_input(restore: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").write_text("a file where a folder should be")
    assert "cannot be written" in failing(restore(photos, "--out", tmp_path / "out"), 1)
    assert decode((tmp_path / "out" / "a.damaged.restored.png").read_bytes(), "a").size == (40, 50)


@pytest.mark.parametrize("resume", [(), ("--resume",)])
@pytest.mark.parametrize("foreign", ['{"version": "5.0", "shapes": [], "imagePath": "b.png"}', "[1]", '"words"'])
def test_json_of_other_programs_beside_a_photo_is_left_alone(
    restore: Any, photos: Path, foreign: str, resume: tuple[str, ...]
) -> None:
    beside = photos / "deep" / "b.json"
    beside.write_text(foreign)
    said = failing(restore(photos / "deep" / "b.png", photos / "a.damaged.jpg", "--out", photos / "deep", *resume), 1)
    assert f"{beside} is there already and is no record of heirloom; move it, or choose another folder" in said
    assert beside.read_text() == foreign
    assert written(photos / "deep") == sorted(["b.json", "b.png", *(f"a.damaged{end}" for end in ENDINGS.values())])


@pytest.mark.parametrize(
    "arguments",
    [(), ("a.png",), ("a.png", "--out", "o", "--method", "magic"), ("a.png", "--out", "o", "--saturation", "5")],
)
def test_wrong_calls_leave_with_two(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(commands, ["restore", *arguments]).exit_code == 2


@pytest.mark.parametrize("threshold", [0, 1.5])
def test_impossible_thresholds_are_wrong_use(restore: Any, photos: Path, tmp_path: Path, threshold: float) -> None:
    result = restore(photos, "--out", tmp_path / "out", "--threshold", threshold)
    assert f"A threshold of {threshold} is not possible" in failing(result, 2)


def test_nothing_of_a_photo_is_kept_when_the_next_begins(
    restore: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import inference.restoring

    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(encode_png(noise(40, 50, 3, seed=number)))
    (tmp_path / "1.png").write_bytes(b"no picture")
    kept: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []

    def counted(data: bytes, name: str) -> Photo:
        alive.append(sum(each() is not None for each in kept))
        photo = decode(data, name)
        kept.append(weakref.ref(photo.source))
        return photo

    def restored(self: Restorer, photo: Photo, *others: object, **named: object) -> RestorationResult:
        result = whole(self, photo, *others, **named)  # type: ignore[arg-type]
        kept.extend(weakref.ref(each) for each in (result.probability, result.restored, result.color))
        return result

    whole = Restorer.restore
    monkeypatch.setattr(inference.restoring, "decode", counted)
    monkeypatch.setattr(Restorer, "restore", restored)
    photos = [tmp_path / f"{number}.png" for number in range(4)]
    assert restore(*photos, "--out", tmp_path / "out", "--sheet", tmp_path / "s.png").exit_code == 1
    assert len(kept) == 3 * 4
    assert alive == [0, 0, 0, 0]
