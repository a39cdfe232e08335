"""detect, inpaint and colorize as people and machines call them."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from inference.cli import commands
from inference.decoding import read_photo
from inference.masks import encode_mask
from inference.methods import MOST_SATURATION
from inference.names import ModelName
from inference.png import encode_png
from tests.support.commands import failing
from tests.support.networks import small_colorizer, small_detector, small_inpainter
from tests.support.picture_files import jpeg_with_profile, noise


def invoke(*arguments: object, obj: object = None) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], obj=obj)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_detector(tmp_path_factory.mktemp("models") / "tiny.safetensors")


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_colorizer(tmp_path_factory.mktemp("models") / "colours.safetensors")


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


def test_collisions_are_refused_before_work(photos: Path, model: Path, colorizer: Path, tmp_path: Path) -> None:
    Image.fromarray(noise(40, 50, 3)).save(photos / "a.damaged.png")
    for command, chosen in (("detect", model), ("colorize", colorizer)):
        said = failing(invoke(command, photos, "--out", tmp_path / "out", "--model", chosen), 2)
        assert "would both write" in said
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["detect", "colorize"])
@pytest.mark.parametrize(
    ("spec", "cause"), [("detector@production", "model of a platform"), ("nowhere.safetensors", "no checkpoint file")]
)
def test_models_that_are_not_there_are_wrong_use(
    photos: Path, tmp_path: Path, command: str, spec: str, cause: str
) -> None:
    said = failing(invoke(command, photos, "--out", tmp_path / "out", "--model", spec), 2)
    assert spec in said
    assert cause in said


@pytest.mark.parametrize("threshold", [0, 1.5])
def test_impossible_thresholds_are_wrong_use(photos: Path, model: Path, tmp_path: Path, threshold: float) -> None:
    result = invoke("detect", photos, "--out", tmp_path / "out", "--model", model, "--threshold", threshold)
    assert f"A threshold of {threshold} is not possible" in failing(result, 2)


def test_a_damaged_checkpoint_is_wrong_use(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"nothing")
    assert "bad.safetensors" in failing(invoke("detect", photos, "--out", tmp_path / "out", "--model", path), 2)


def test_a_checkpoint_that_may_not_be_read_is_named(
    photos: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    said = failing(invoke("detect", photos, "--out", tmp_path / "out", "--model", model), 2)
    assert f"{model} cannot be read (Permission denied)" in said


def test_the_root_may_resolve_names(photos: Path, model: Path, tmp_path: Path) -> None:
    def resolve_model(spec: str | None, kind: str) -> tuple[Path, ModelName]:
        assert (spec, kind) == ("detector@production", "detector")
        return model, ModelName("detector", "3", "registry")

    arguments = ("detect", photos, "--out", tmp_path / "out", "--model", "detector@production")
    result = invoke(*arguments, obj=resolve_model)
    assert result.exit_code == 0, result.output
    assert "detector v3 (registry)" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("detect",),
        ("detect", "a.png"),
        ("inpaint", "a.png"),
        ("inpaint", "a.png", "b.png", "--out", "c.png", "--method", "magic"),
        ("colorize", "a.png"),
        ("colorize", "a.png", "--out", "o", "--saturation", "-1"),
    ],
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


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_inpaint_fills_by_a_model(tmp_path: Path, channels: int, dtype: type) -> None:
    model = small_inpainter(tmp_path / "fill.safetensors", largest_hole=8)
    source, mask = noise(60, 80, channels, dtype=dtype), np.zeros((60, 80), bool)
    mask[20:50, 10:60] = True
    (tmp_path / "photo.png").write_bytes(encode_png(source[..., 0] if channels == 1 else source))
    (tmp_path / "mask.png").write_bytes(encode_mask(mask))
    out = tmp_path / "filled.png"
    result = invoke("inpaint", tmp_path / "photo.png", tmp_path / "mask.png", "--out", out, "--model", model)
    assert result.exit_code == 0, result.output
    assert "inpainter fill.safetensors@" in result.stdout
    assert "a hole 30 pixels wide" in result.stderr, "what the inpainter says reaches people"
    filled = read_photo(out)
    assert (filled.channels, filled.bit_depth) == (channels, np.dtype(dtype).itemsize * 8)
    planes = filled.source.reshape(60, 80, channels)
    np.testing.assert_array_equal(planes[~mask], source[~mask])
    assert (planes[mask][:, 0] != source[mask][:, 0]).any()


def test_inpaint_refuses_a_mask_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(encode_png(noise(40, 50, 3)))
    (tmp_path / "mask.png").write_bytes(encode_mask(np.zeros((50, 40), bool)))
    out = tmp_path / "filled.png"
    said = failing(invoke("inpaint", tmp_path / "photo.png", tmp_path / "mask.png", "--out", out, "--method", "ns"), 1)
    assert "mask.png is 40×50 pixels but its photo is 50×40" in said
    assert not out.exists()


def test_inpaint_doubts_a_mask_that_marks_nearly_all(tmp_path: Path) -> None:
    mask = np.ones((40, 50), bool)
    mask[10:14, 5:45] = False
    (tmp_path / "photo.png").write_bytes(encode_png(noise(40, 50, 3)))
    (tmp_path / "mask.png").write_bytes(encode_mask(mask))
    call = ("inpaint", tmp_path / "photo.png", tmp_path / "mask.png", "--out", tmp_path / "f.png", "--method", "ns")
    doubt = f"{tmp_path / 'mask.png'} marks 92.0 % of its photo; if black marks the defects, invert it."
    assert f"Note: {doubt}\n" in invoke(*call).stderr
    assert json.loads(invoke(*call, "--json").stdout)["done"][0]["warnings"] == [doubt]
    (tmp_path / "mask.png").write_bytes(encode_mask(~mask))
    assert invoke(*call).stderr == ""


@pytest.mark.parametrize("method", [True, False])
def test_inpaint_refuses_a_mask_of_all(models: dict[str, Path], tmp_path: Path, method: bool) -> None:
    (tmp_path / "photo.png").write_bytes(encode_png(noise(40, 50, 3)))
    (tmp_path / "mask.png").write_bytes(encode_mask(np.ones((40, 50), bool)))
    way = ("--method", "ns") if method else ("--model", models["inpainter"])
    call = ("inpaint", tmp_path / "photo.png", tmp_path / "mask.png", "--out", tmp_path / "f.png", *way)
    assert "leave some of it to fill from" in failing(invoke(*call), 1)
    assert not (tmp_path / "f.png").exists()


def test_inpaint_writes_png_and_no_input(tmp_path: Path) -> None:
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    photo.write_bytes(encode_png(noise(40, 50, 3)))
    mask.write_bytes(encode_mask(np.zeros((40, 50), bool)))
    assert "end in .png" in failing(invoke("inpaint", photo, mask, "--out", tmp_path / "f.jpg"), 2)
    assert "replace an input" in failing(invoke("inpaint", photo, mask, "--out", photo), 2)
    assert "name is too long" in failing(invoke("inpaint", photo, mask, "--out", tmp_path / f"{'x' * 252}.png"), 2)


def test_inpaint_takes_a_model_or_a_method(tmp_path: Path) -> None:
    call = ("inpaint", tmp_path / "p.png", tmp_path / "m.png", "--out", tmp_path / "f.png")
    said = failing(invoke(*call, "--method", "telea", "--model", "inpainter@production"), 2)
    assert "--method telea fills without a model" in said


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_colorize_writes_rgb_in_the_depth_of_the_photo(
    colorizer: Path, tmp_path: Path, channels: int, dtype: type
) -> None:
    source = noise(40, 50, channels, dtype=dtype)
    (tmp_path / "a.old.png").write_bytes(encode_png(source[..., 0] if channels == 1 else source))
    result = invoke("colorize", tmp_path / "a.old.png", "--out", tmp_path / "out", "--model", colorizer)
    assert result.exit_code == 0, result.output
    assert "colorizer colours.safetensors@" in result.stdout
    assert "defect" not in result.stdout
    colour = read_photo(tmp_path / "out" / "a.old.color.png")
    assert (colour.channels, colour.bit_depth) == (3, np.dtype(dtype).itemsize * 8)
    assert (colour.source.max(axis=2) > colour.source.min(axis=2)).any()


def test_colorize_mirrors_folders_and_goes_on_behind_a_broken_photo(
    photos: Path, colorizer: Path, tmp_path: Path
) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    result = invoke("colorize", photos, "--out", out, "--model", colorizer, "--json")
    assert result.exit_code == 1
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert written == ["a.damaged.color.png", "deep/b.color.png"]
    told = json.loads(result.stdout)
    assert set(told["done"][0]["models"]) == {"colorizer"}
    assert told["done"][0]["marked_share"] is None
    assert [Path(failed["input"]).name for failed in told["failed"]] == ["broken.png"]


def test_saturation_zero_is_grey(photos: Path, colorizer: Path, tmp_path: Path) -> None:
    call = ("colorize", photos / "deep" / "b.png", "--out", tmp_path, "--model", colorizer, "--saturation", 0)
    assert invoke(*call).exit_code == 0
    colour = read_photo(tmp_path / "b.color.png").source
    np.testing.assert_array_equal(colour, np.repeat(read_photo(photos / "deep" / "b.png").source[..., None], 3, axis=2))


def test_saturation_has_the_colorizers_limit(photos: Path, colorizer: Path, tmp_path: Path) -> None:
    call = ("colorize", photos / "deep" / "b.png", "--out", tmp_path, "--model", colorizer, "--saturation")
    assert invoke(*call, MOST_SATURATION).exit_code == 0
    assert invoke(*call, MOST_SATURATION + 0.01).exit_code == 2


def test_hints_colour_their_surroundings(photos: Path, colorizer: Path, tmp_path: Path) -> None:
    call = ("colorize", photos / "deep" / "b.png", "--model", colorizer, "--out")
    assert invoke(*call, tmp_path / "plain").exit_code == 0
    hints = ("--hint", "10,12,#aa2211", "--hint", "30,40,#1122AA")
    assert invoke(*call, tmp_path / "hinted", *hints).exit_code == 0
    plain, hinted = (read_photo(tmp_path / folder / "b.color.png").source for folder in ("plain", "hinted"))
    assert (plain != hinted).any()


@pytest.mark.parametrize(
    ("hint", "cause"), [("10,12", "is not ROW,COLUMN,#RRGGBB"), ("10,12,red", "is not ROW"), ("-1,2,#000000", "is not")]
)
def test_hints_that_cannot_be_read_are_wrong_use(
    photos: Path, colorizer: Path, tmp_path: Path, hint: str, cause: str
) -> None:
    call = ("colorize", photos / "deep" / "b.png", "--out", tmp_path, "--model", colorizer, "--hint", hint)
    said = failing(invoke(*call), 2)
    assert cause in said
    assert hint in said


def test_hints_are_points_of_one_photo(photos: Path, colorizer: Path, tmp_path: Path) -> None:
    call = ("colorize", photos, "--out", tmp_path / "out", "--model", colorizer, "--hint", "1,1,#ffffff")
    assert "2 are to be coloured; name one photo" in failing(invoke(*call), 2)
    call = ("colorize", photos / "deep" / "b.png", "--out", tmp_path / "out", "--model", colorizer)
    assert "is outside" in failing(invoke(*call, "--hint", "40,1,#ffffff"), 2)


def test_exif_travels_into_the_coloured_file_and_a_profile_for_grey_does_not(colorizer: Path, tmp_path: Path) -> None:
    rgb = jpeg_with_profile(tmp_path / "rgb.jpg", "rgb")
    jpeg_with_profile(tmp_path / "grey.jpg", "grey")
    call = ("colorize", tmp_path / "rgb.jpg", tmp_path / "grey.jpg", "--out", tmp_path / "out", "--model", colorizer)
    result = invoke(*call)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("colour profile for grey; it was left out") == 1
    for name, profile in (("rgb", rgb), ("grey", None)):
        coloured = Image.open(tmp_path / "out" / f"{name}.color.png")
        assert coloured.size == (40, 60)
        assert coloured.getexif()[0x0112] == 1
        assert coloured.getexif()[0x010F] == "Leica"
        assert coloured.info.get("icc_profile") == profile


@pytest.mark.parametrize("command", ["detect", "colorize"])
def test_a_name_too_long_for_its_results_is_told_before_the_work(
    command: str, model: Path, colorizer: Path, tmp_path: Path
) -> None:
    long = tmp_path / f"{'x' * 250}.png"
    long.write_bytes(b"never read")
    chosen = model if command == "detect" else colorizer
    result = invoke(command, long, "--out", tmp_path / "out", "--model", chosen)
    assert result.exit_code == 1
    assert "give the photo a shorter name" in result.output
