"""`heirloom evaluate all`: the shipped models through every evaluation, and one page of what these kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from annotator.main import build
from inference.masks import encode_mask
from inference.png import encode_png
from trainer.errors import WrongUse
from trainer.evaluation.quality import speed
from trainer.learning.clean import packaged_photos

pytestmark = pytest.mark.timeout(900)


def sample(name: str) -> NDArray[np.uint8]:
    """256×256 of a packaged photo."""
    pixels = next(photo for photo in packaged_photos() if photo.name == name).load()
    return np.ascontiguousarray(pixels[:256, :256])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a photo for every part, one of them with a white bar that an expert removed."""
    folder = tmp_path / "data"
    for place, name in (("photos/val", "coffee"), ("portraits/val", "astronaut")):
        (folder / place).mkdir(parents=True)
        (folder / place / f"{name}.png").write_bytes(encode_png(sample(name)))
    bar = np.zeros((256, 256), np.bool_)
    bar[100:104, 20:230] = True
    damaged = sample("chelsea")
    damaged[bar] = 255
    for place in ("real/pairs", "real/prints"):
        (folder / place).mkdir(parents=True)
        (folder / place / "cat.damaged.png").write_bytes(encode_png(damaged))
        (folder / place / "cat.mask.png").write_bytes(encode_mask(bar))
    (folder / "real/pairs/cat.restored.png").write_bytes(encode_png(sample("chelsea")))
    return folder


def test_every_part_is_measured_and_stands_on_the_page(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "SIDE", 128)
    result = CliRunner().invoke(build(), ["evaluate", "all", str(data), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "quality.md").read_text()
    rows = {
        name.strip(): rest for _, name, *rest in (line.split("|") for line in page.splitlines() if line[:2] == "| ")
    }
    assert set(rows) >= {"cat", "top-hat", "detect", "**all three results**"}
    assert any(name.startswith("50-60 %, inpainter shipped") for name in rows)
    assert any(name.endswith("leave it grey") for name in rows)
    for part in ("detector", "inpainter", "colorizer", "restoration"):
        assert (tmp_path / "out" / part / "report.png").exists()


def test_machines_are_told_all_of_it_as_one_document(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "SIDE", 128)
    (data / "photos/val/broken.png").write_bytes(b"no picture")
    result = CliRunner().invoke(build(), ["evaluate", "all", str(data), "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 1, result.exception
    assert "broken.png" in result.stderr
    said = json.loads(result.stdout)
    assert said["page"] == str(tmp_path / "out" / "quality.md")
    for part in ("detector", "inpainter", "colorizer", "restoration"):
        kept = json.loads((tmp_path / "out" / part / "figures.json").read_text())
        assert said[part]["data"] == kept["data"]
        assert said[part]["outputs"]["report"] == str(tmp_path / "out" / part / "report.png")
    assert len(said["inpainter"]["failed"]) == len(said["colorizer"]["failed"]) == 1
    assert said["speed"]["seconds"]["detect"] > 0


def test_a_part_that_can_measure_no_photo_is_named_and_makes_no_page(data: Path, tmp_path: Path) -> None:
    for path in (data / "real/pairs").iterdir():
        path.write_bytes(b"no picture")
    result = CliRunner().invoke(build(), ["evaluate", "all", str(data), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, WrongUse)
    assert "restoration: no photo could be measured" in str(result.exception)
    assert not (tmp_path / "out" / "quality.md").exists()


def test_a_folder_that_is_missing_is_named_before_anything_is_measured(data: Path, tmp_path: Path) -> None:
    for path in (data / "real/prints").iterdir():
        path.unlink()
    (data / "real/prints").rmdir()
    result = CliRunner().invoke(build(), ["evaluate", "all", str(data), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, WrongUse)
    assert "real/prints is missing" in str(result.exception)
    assert not (tmp_path / "out").exists()
