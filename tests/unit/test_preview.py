"""Looking at defects: one photo, a sheet of them, and the command that writes one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from inference.decoding import read_photo
from inference.errors import UsageProblem
from inference.png import encode_png
from trainer.defects import DefectSettings
from trainer.defects.preview import OUTLINE, damaged, outlined, sheet
from trainer.defects_cli import commands
from trainer.learning.clean import NoCleanPhotos
from trainer.learning.recipe import RecipeError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    chance = np.random.default_rng(1)
    for number in range(3):
        photo = np.full((90, 120, 3), int(chance.integers(60, 180)), np.uint8)
        (folder / f"{number}.png").write_bytes(encode_png(photo))
    return folder


def preview(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["defects", "preview", *map(str, arguments)])


def test_an_outline_lies_around_the_mask_and_leaves_it_to_be_seen() -> None:
    pixels, mask = np.full((9, 9, 3), 7, np.uint8), np.zeros((9, 9), np.bool_)
    mask[3:6, 3:6] = True
    drawn = outlined(pixels, mask)
    assert (drawn[mask] == 7).all()
    assert (drawn[2, 2:7] == OUTLINE).all()
    assert (drawn[0] == 7).all()


def test_a_sheet_holds_every_picture_whole() -> None:
    pictures = [np.full((20 + 5 * place, 30, 3), 200 + place, np.uint8) for place in range(5)]
    page = sheet(pictures, 3)
    for place, picture in enumerate(pictures):
        assert (page == 200 + place).all(axis=2).sum() == picture.shape[0] * picture.shape[1]
    assert page.shape[1] > page.shape[0]


def test_a_damaged_photo_comes_again_with_its_seed() -> None:
    photo = np.full((100, 160, 3), 120, np.uint8)
    settings = DefectSettings(intact=0)
    first, second = damaged(photo, 3, 80, settings), damaged(photo, 3, 80, settings)
    assert first[0].shape == (50, 80, 3)
    assert first[1].shape == (50, 80)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[2] == second[2]


def test_the_command_writes_a_sheet(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    result = preview(photos, "crease=3", "--out", out, "--count", 5, "--size", 60, "--columns", 5)
    assert result.exit_code == 0, result.output
    assert "5 photos" in result.stdout
    height, width = read_photo(out).size
    assert width > 5 * 60
    assert 2 * 45 < height < 3 * 45


def test_without_masks_each_photo_stands_alone(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    assert preview(photos, "--out", out, "--count", 1, "--size", 60, "--no-masks").exit_code == 0
    assert read_photo(out).size[0] < 2 * 45


def test_settings_reach_the_sheet(photos: Path, tmp_path: Path) -> None:
    plain = [f"{kind}=0" for kind in ("ageing.strength", "ageing.jpeg", "lookalikes")]
    preview(photos, "intact=1", *plain, "--out", tmp_path / "clean.png", "--count", 1, "--no-masks")
    preview(photos, "crease=9", "intact=0", *plain, "--out", tmp_path / "worn.png", "--count", 1, "--no-masks")
    clean, worn = read_photo(tmp_path / "clean.png").pixels, read_photo(tmp_path / "worn.png").pixels
    assert len(np.unique(clean)) == 2, "the photo and the ground"
    assert len(np.unique(worn)) > 2


def test_a_recipe_brings_its_settings_and_its_textures(photos: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"textures: {tmp_path / 'none'}\ndefects:\n  texture: 5\n")
    result = preview(photos, "--config", recipe, "--out", tmp_path / "sheet.png")
    assert "no PNG textures" in str(result.exception)


def test_a_folder_of_textures_is_a_setting(photos: Path, tmp_path: Path) -> None:
    textures = tmp_path / "textures"
    textures.mkdir()
    (textures / "line.png").write_bytes(encode_png(np.eye(64, dtype=np.uint8) * np.uint8(255)))
    for number, setting in enumerate(([], [f"textures={textures}"])):
        result = preview(photos, "texture=9", "intact=0", *setting, "--out", tmp_path / f"{number}.png")
        assert result.exit_code == 0, result.output
    assert (tmp_path / "0.png").read_bytes() != (tmp_path / "1.png").read_bytes()
    assert "no PNG textures" in str(preview(photos, "textures=none", "--out", tmp_path / "2.png").exception)


def test_a_sheet_replaces_no_photo_and_no_work_is_done_for_one_that_cannot_be_written(
    photos: Path, tmp_path: Path
) -> None:
    before = (photos / "1.png").read_bytes()
    for out, problem in (
        (photos / "1.png", "would replace"),
        (photos / ".." / "photos" / "1.png", "would replace"),
        (photos / "1.png" / "sheet.png", "is no folder"),
    ):
        result = preview(photos, "--out", out, "--count", 1)
        assert isinstance(result.exception, UsageProblem)
        assert problem in str(result.exception)
    (tmp_path / "folder.png").mkdir()
    assert "is a folder" in str(preview(photos, "--out", tmp_path / "folder.png").exception)
    assert (photos / "1.png").read_bytes() == before


def test_a_photo_that_cannot_be_read_is_named_and_the_others_are_drawn(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.png").write_bytes(b"no picture")
    result = preview(photos, "--out", tmp_path / "sheet.png", "--count", 4)
    assert result.exit_code == 1
    assert "broken.png" in result.stderr
    assert "3 photos" in result.stdout
    assert (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (("--out", "sheet.jpg"), UsageProblem, "does not end in .png"),
        (("crese=2", "--out", "s.png"), RecipeError, "crese"),
        (("crease=-2", "--out", "s.png"), RecipeError, "crease"),
        (("crease", "--out", "s.png"), RecipeError, "key=value"),
    ],
)
def test_wrong_use_is_named(wrong: tuple[str, ...], error: type[Exception], says: str, photos: Path) -> None:
    result = preview(photos, *wrong)
    assert isinstance(result.exception, error)
    assert says in str(result.exception)


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    result = preview(tmp_path, "--out", tmp_path / "s.png")
    assert isinstance(result.exception, NoCleanPhotos)
    assert str(tmp_path) in str(result.exception)


def test_looking_at_defects_needs_no_torch() -> None:
    code = "import sys, trainer.defects.preview, trainer.defects; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
