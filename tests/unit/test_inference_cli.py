"""restore, detect and inpaint as people and machines call them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from inference.checkpoint import Checkpoint, save_checkpoint
from inference.cli import commands
from inference.detector import Detector
from inference.files import encode_mask, encode_png
from inference.names import ModelName
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.photo import decode, read_photo


def invoke(*arguments: object, obj: object = None) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], obj=obj)


def failing(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit), "an expected failure is a sentence, not a traceback"
    return str(result.stderr)


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real checkpoint with random weights; its threshold marks about half of a noisy photo."""
    torch.manual_seed(0)
    architecture = DetectorArchitecture("plain", 3, (16, 8, 8))
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    network = build_detector(architecture)
    name = ModelName("detector", "1", "file")
    threshold = float(np.median(Detector(network, 0.5, name, device="cpu").probability(noise(40, 50, 3))))
    settings = {"threshold": threshold}
    save_checkpoint(path, Checkpoint("detector", architecture.to_dict(), settings, {}, network.state_dict()))
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a JPEG, a 16-bit PNG deeper down, a file of another kind and one that is no picture."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(noise(40, 50, 3)).save(folder / "a.damaged.jpg", quality=95)
    (folder / "deep" / "b.png").write_bytes(encode_png(noise(40, 50, dtype=np.uint16)))
    (folder / "notes.txt").write_text("aunt, 1943")
    return folder


def test_restore_mirrors_a_folder(photos: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("restore", photos, "--out", out, "--model", model)
    assert result.exit_code == 0, result.output
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    names = ["a.damaged.mask.png", "a.damaged.restored.png", "deep/b.mask.png", "deep/b.restored.png"]
    assert written == names
    assert "detector tiny.safetensors@" in result.stdout
    assert "telea (OpenCV" in result.stdout


@pytest.mark.parametrize("method", ["telea", "ns"])
def test_restored_files_keep_depth_and_what_lies_outside_the_mask(
    photos: Path, model: Path, tmp_path: Path, method: str
) -> None:
    assert invoke("restore", photos, "--out", tmp_path, "--model", model, "--method", method).exit_code == 0
    for source, target in (("a.damaged.jpg", "a.damaged"), ("deep/b.png", "deep/b")):
        before, after = read_photo(photos / source), read_photo(tmp_path / f"{target}.restored.png")
        mask = read_photo(tmp_path / f"{target}.mask.png")
        assert (after.channels, after.bit_depth) == (before.channels, before.bit_depth)
        assert mask.channels == 1
        assert set(np.unique(mask.source)) <= {0, 255}
        marked = mask.source > 0
        assert marked.any()
        np.testing.assert_array_equal(after.source[~marked], before.source[~marked])


def test_exif_and_profile_travel_into_the_restored_file(model: Path, tmp_path: Path) -> None:
    from PIL import ImageCms

    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Leica"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(noise(40, 60, 3)).save(tmp_path / "a.jpg", exif=exif.tobytes(), icc_profile=profile)
    assert invoke("restore", tmp_path / "a.jpg", "--out", tmp_path / "out", "--model", model).exit_code == 0
    restored = Image.open(tmp_path / "out" / "a.restored.png")
    assert restored.size == (40, 60)
    assert restored.getexif()[0x0112] == 1
    assert restored.getexif()[0x010F] == "Leica"
    assert restored.info["icc_profile"] == profile


def test_one_bad_file_is_named_and_the_others_finish(photos: Path, model: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(encode_png(noise(40, 50, 3))[:500])
    missing = tmp_path / "gone.jpg"
    result = invoke("restore", photos, missing, "--out", tmp_path / "out", "--model", model)
    said = failing(result, 1)
    assert "broken.png" in said
    assert "gone.jpg" in said
    assert (tmp_path / "out" / "a.damaged.restored.png").is_file()
    assert (tmp_path / "out" / "deep" / "b.restored.png").is_file()
    assert not list((tmp_path / "out").rglob("broken*"))


def test_json_is_all_there_is_on_stdout(photos: Path, model: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    result = invoke("restore", photos, "--out", tmp_path / "out", "--model", model, "--json")
    assert result.exit_code == 1
    told: dict[str, Any] = json.loads(result.stdout)
    assert [Path(done["input"]).name for done in told["done"]] == ["a.damaged.jpg", "b.png"]
    first = told["done"][0]
    assert Path(first["outputs"]["restored"]).is_file()
    assert set(first["models"]) == {"detector", "inpainter"}
    assert 0 < first["marked_share"] < 1
    assert 0 < first["threshold"] < 1
    assert [Path(failed["input"]).name for failed in told["failed"]] == ["broken.png"]
    assert "not a picture" in told["failed"][0]["reason"]


def test_warnings_reach_people(model: Path, tmp_path: Path) -> None:
    Image.new("CMYK", (40, 40), (0, 99, 99, 0)).save(tmp_path / "a.jpg")
    result = invoke("detect", tmp_path / "a.jpg", "--out", tmp_path / "out", "--model", model)
    assert result.exit_code == 0
    assert "a.jpg is CMYK" in result.stderr


def test_detect_writes_probability_and_mask(photos: Path, model: Path, tmp_path: Path) -> None:
    result = invoke("detect", photos, "--out", tmp_path / "out", "--model", model, "--threshold", 0.5, "--json")
    assert result.exit_code == 0, result.output
    probability = read_photo(tmp_path / "out" / "a.damaged.probability.png")
    mask = read_photo(tmp_path / "out" / "a.damaged.mask.png")
    assert (probability.channels, probability.bit_depth) == (1, 8)
    np.testing.assert_array_equal(mask.source == 255, probability.source >= 128)
    assert json.loads(result.stdout)["done"][0]["threshold"] == 0.5


def test_collisions_are_refused_before_work(photos: Path, model: Path, tmp_path: Path) -> None:
    Image.fromarray(noise(40, 50, 3)).save(photos / "a.damaged.png")
    for command in ("restore", "detect"):
        said = failing(invoke(command, photos, "--out", tmp_path / "out", "--model", model), 2)
        assert "would both write" in said
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["restore", "detect"])
@pytest.mark.parametrize(
    ("spec", "cause"), [("detector@production", "model of a platform"), ("nowhere.safetensors", "no checkpoint file")]
)
def test_models_that_are_not_there_are_wrong_use(
    photos: Path, tmp_path: Path, command: str, spec: str, cause: str
) -> None:
    said = failing(invoke(command, photos, "--out", tmp_path / "out", "--model", spec), 2)
    assert spec in said
    assert cause in said


@pytest.mark.parametrize("command", ["restore", "detect"])
@pytest.mark.parametrize("threshold", [0, 1.5])
def test_impossible_thresholds_are_wrong_use(
    photos: Path, model: Path, tmp_path: Path, command: str, threshold: float
) -> None:
    result = invoke(command, photos, "--out", tmp_path / "out", "--model", model, "--threshold", threshold)
    assert f"A threshold of {threshold} is not possible" in failing(result, 2)


def test_a_damaged_checkpoint_is_wrong_use(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"nothing")
    assert "bad.safetensors" in failing(invoke("restore", photos, "--out", tmp_path / "out", "--model", path), 2)


def test_the_root_may_resolve_names(photos: Path, model: Path, tmp_path: Path) -> None:
    class Registry:
        def resolve_model(self, spec: str | None, kind: str) -> tuple[Path, ModelName]:
            assert (spec, kind) == ("detector@production", "detector")
            return model, ModelName("detector", "3", "registry")

    arguments = ("restore", photos, "--out", tmp_path / "out", "--model", "detector@production")
    result = invoke(*arguments, obj=Registry())
    assert result.exit_code == 0, result.output
    assert "detector v3 (registry)" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [("restore",), ("restore", "a.png"), ("restore", "a.png", "--out", "o", "--method", "magic"), ("inpaint", "a.png")],
)
def test_wrong_calls_leave_with_two(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_inpaint_fills_what_the_mask_marks(tmp_path: Path) -> None:
    source, mask = noise(40, 50, 4, dtype=np.uint16), np.zeros((40, 50), bool)
    mask[10:14, 5:45] = True
    (tmp_path / "photo.png").write_bytes(encode_png(source))
    (tmp_path / "mask.png").write_bytes(encode_mask(mask))
    out = tmp_path / "new" / "filled.png"
    result = invoke("inpaint", tmp_path / "photo.png", tmp_path / "mask.png", "--out", out, "--method", "ns")
    assert result.exit_code == 0, result.output
    filled = read_photo(out).source
    np.testing.assert_array_equal(filled[~mask], source[~mask])
    assert (filled[mask, :3] != source[mask, :3]).any()
    assert "ns (OpenCV" in result.stdout


def test_inpaint_refuses_a_mask_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(encode_png(noise(40, 50, 3)))
    (tmp_path / "mask.png").write_bytes(encode_mask(np.zeros((50, 40), bool)))
    out = tmp_path / "filled.png"
    said = failing(invoke("inpaint", tmp_path / "photo.png", tmp_path / "mask.png", "--out", out), 1)
    assert "mask.png is 40×50 pixels but its photo is 50×40" in said
    assert not out.exists()


def test_inpaint_writes_png_and_no_input(tmp_path: Path) -> None:
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    photo.write_bytes(encode_png(noise(40, 50, 3)))
    mask.write_bytes(encode_mask(np.zeros((40, 50), bool)))
    assert "end in .png" in failing(invoke("inpaint", photo, mask, "--out", tmp_path / "f.jpg"), 2)
    assert "replace an input" in failing(invoke("inpaint", photo, mask, "--out", photo), 2)


def test_a_file_that_cannot_be_written_is_a_failed_input(photos: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").write_text("a file where a folder should be")
    result = invoke("restore", photos, "--out", tmp_path / "out", "--model", model)
    assert "cannot be written" in failing(result, 1)
    assert decode((tmp_path / "out" / "a.damaged.restored.png").read_bytes(), "a").size == (40, 50)
