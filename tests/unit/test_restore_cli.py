"""`heirloom restore` as people and machines call it: files, record, resuming, contact sheet, models, failures."""

import errno
import json
import weakref
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image, ImageCms
from typer.testing import CliRunner

from inference.cli import commands
from inference.files import encode_png, not_written
from inference.names import ModelName
from inference.photo import Photo, decode, read_photo
from inference.restorer import RestorationResult, Restorer
from inference.results import ENDINGS
from tests.support.networks import noise, small_colorizer


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a JPEG, a 16-bit grey PNG deeper down, and a file that is no picture."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(noise(40, 50, 3)).save(folder / "a.damaged.jpg", quality=95)
    (folder / "deep" / "b.png").write_bytes(encode_png(noise(40, 50, dtype=np.uint16)))
    (folder / "notes.txt").write_text("aunt, 1943")
    return folder


@pytest.fixture
def restore(models: dict[str, Path]) -> Any:
    def call(*arguments: object, method: str | None = None) -> Result:
        needed = [path for kind, path in models.items() if kind != "inpainter" or method is None]
        chosen = [word for path in needed for word in ("--model", path)]
        words = ["restore", *arguments, *chosen, *(("--method", method) if method else ())]
        return CliRunner().invoke(commands, [str(word) for word in words])

    return call


def failing(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit), "an expected failure is a sentence, not a traceback"
    return str(result.stderr)


def written(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def stamps(out: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


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
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Leica"
    rgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = rgb[:16] + b"GRAY" + rgb[20:]
    Image.fromarray(noise(40, 60, 3)).save(tmp_path / "rgb.jpg", exif=exif.tobytes(), icc_profile=rgb)
    Image.fromarray(noise(40, 60)).save(tmp_path / "grey.jpg", exif=exif.tobytes(), icc_profile=grey)
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


def test_json_is_all_there_is_on_stdout(restore: Any, photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
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


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[1]", b'{"format": 1, "input": 3}', b"\xff\xfe"])
def test_a_damaged_record_vouches_for_nothing(restore: Any, photos: Path, tmp_path: Path, damaged: bytes) -> None:
    assert restore(photos / "deep" / "b.png", "--out", tmp_path).exit_code == 0
    (tmp_path / "b.json").write_bytes(damaged)
    result = restore(photos / "deep" / "b.png", "--out", tmp_path, "--resume", "--json")
    assert [done["earlier"] for done in json.loads(result.stdout)["done"]] == [False]
    assert json.loads((tmp_path / "b.json").read_text())["format"] == 1


def test_no_record_vouches_for_files_while_they_are_written(
    restore: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import inference.results

    photo, out = photos / "deep" / "b.png", tmp_path / "out"
    assert restore(photo, "--out", out).exit_code == 0
    seen: list[bool] = []
    write = inference.results.write_file

    def watched(path: Path, data: bytes) -> None:
        seen.append((out / "b.json").exists())
        write(path, data)

    monkeypatch.setattr(inference.results, "write_file", watched)
    assert restore(photo, "--out", out, "--saturation", 0.5).exit_code == 0
    assert seen == [False] * 5


def test_the_sheet_has_a_row_for_every_photo(restore: Any, photos: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheets" / "all.png"
    (photos / "broken.png").write_bytes(b"no picture")
    result = restore(photos, "--out", tmp_path / "out", "--sheet", sheet)
    assert result.exit_code == 1
    assert str(sheet) in result.stdout
    first = sheet.read_bytes()
    resumed = restore(photos, "--out", tmp_path / "out", "--sheet", sheet, "--resume")
    assert resumed.stdout.count("done earlier") == 2
    before, after = decode(first, "first").pixels, read_photo(sheet).pixels
    assert before.shape == after.shape
    np.testing.assert_array_equal(before, after, "the rows of finished photos come from their files")


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("all.jpg", "does not end in .png"),
        ("out/deep/b.color.png", "a photo or a result"),
        ("photos/deep/b.png", "a photo"),
    ],
)
def test_a_sheet_never_replaces_a_picture(restore: Any, photos: Path, tmp_path: Path, name: str, cause: str) -> None:
    said = failing(restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / name), 2)
    assert cause in said
    assert not (tmp_path / "out").exists()


def test_a_sheet_that_cannot_be_written_is_told_at_the_end(
    restore: Any, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: bytes) -> None:
        raise not_written(path, OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr("inference.sheet.write_file", full)
    result = restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / "all.png")
    assert "all.png cannot be written" in failing(result, 1)
    assert (tmp_path / "out" / "deep" / "b.json").is_file()


def test_collisions_are_refused_before_work(restore: Any, photos: Path, tmp_path: Path) -> None:
    Image.fromarray(noise(40, 50, 3)).save(photos / "a.damaged.png")
    assert "would both write" in failing(restore(photos, "--out", tmp_path / "out"), 2)
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_is_a_failed_input(restore: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").write_text("a file where a folder should be")
    assert "cannot be written" in failing(restore(photos, "--out", tmp_path / "out"), 1)
    assert decode((tmp_path / "out" / "a.damaged.restored.png").read_bytes(), "a").size == (40, 50)


def test_two_models_of_one_kind_are_wrong_use(
    restore: Any, models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    said = failing(restore(photos, "--out", tmp_path / "out", "--model", "colorizer@production"), 2)
    assert "two models of kind colorizer" in said
    assert "colours.safetensors" in said
    assert "colorizer@production" in said


def test_a_model_that_is_not_needed_is_wrong_use(restore: Any, photos: Path, tmp_path: Path) -> None:
    said = failing(restore(photos, "--out", tmp_path / "out", "--model", "inpainter@production", method="ns"), 2)
    assert "inpainter@production is of kind inpainter, and none is needed here" in said


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        ("inpainter@production", "a model of a platform"),
        ("nowhere.safetensors", "no checkpoint file"),
        ("painter@production", "names of models are detector, inpainter, colorizer"),
        ("painter", "no checkpoint file painter"),
    ],
)
def test_models_that_are_not_there_are_wrong_use(photos: Path, tmp_path: Path, spec: str, cause: str) -> None:
    words = ["restore", str(photos), "--out", str(tmp_path / "out"), "--model", spec]
    said = failing(CliRunner().invoke(commands, words), 2)
    assert spec in said
    assert cause in said


def test_a_damaged_checkpoint_is_wrong_use(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"nothing")
    words = ["restore", str(photos), "--out", str(tmp_path / "out"), "--model", str(path)]
    assert "bad.safetensors: this is not a checkpoint" in failing(CliRunner().invoke(commands, words), 2)


def test_the_root_resolves_every_kind_by_its_name(models: dict[str, Path], photos: Path, tmp_path: Path) -> None:
    asked: list[tuple[str | None, str]] = []

    class Registry:
        def resolve_model(self, spec: str | None, kind: str) -> tuple[Path, ModelName]:
            asked.append((spec, kind))
            return models[kind], ModelName(kind, "3", "registry")

    words = ["restore", str(photos), "--out", str(tmp_path / "out"), "--model", "colorizer@3"]
    result = CliRunner().invoke(commands, words, obj=Registry())
    assert result.exit_code == 0, result.output
    assert asked == [(None, "detector"), (None, "inpainter"), ("colorizer@3", "colorizer")]
    assert "detector v3 (registry), inpainter v3 (registry)" in result.stdout
    assert "colorizer v3 (registry)" in result.stdout


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


@pytest.mark.parametrize("last", [f"{'x' * 252}.png", f"{'x' * 250}.png"], ids=["first page", "second page"])
def test_a_sheet_whose_name_is_too_long_is_refused_before_the_work(
    restore: Any, photos: Path, tmp_path: Path, last: str
) -> None:
    for number in range(24):
        (photos / f"{number}.png").write_bytes(encode_png(noise(20, 20)))
    said = failing(restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / last), 2)
    assert "cannot be: its name is too long; choose a shorter one." in said
    assert not (tmp_path / "out").exists()


def test_a_sheet_that_cannot_be_written_is_refused_before_the_work(restore: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    causes = {"file/all.png": "is no folder; choose another one", "folder.png": "is a folder; name a file"}
    for name, cause in causes.items():
        said = failing(restore(photos, "--out", tmp_path / "out", "--sheet", tmp_path / name), 2)
        assert "--sheet" in said
        assert cause in said
    assert not (tmp_path / "out").exists()
