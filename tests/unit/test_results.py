"""The record of a restoration vouches for the files beside it, or goes when one of them is written anew."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from inference.cli import commands
from inference.masks import encode_mask
from inference.png import encode_png
from inference.results import ENDINGS
from tests.support.picture_files import noise


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(encode_png(noise(40, 50, 3)))
    return path


@pytest.fixture
def heirloom(models: dict[str, Path]) -> Any:
    def call(command: str, *arguments: object) -> None:
        needed = {"restore": list(models), "detect": ["detector"], "colorize": ["colorizer"], "inpaint": ["inpainter"]}
        chosen = [word for kind in needed[command] for word in ("--model", models[kind])]
        result = CliRunner().invoke(commands, [str(word) for word in (command, *arguments, *chosen)])
        assert result.exit_code == 0, result.output

    return call


@pytest.mark.parametrize("command", ["detect", "colorize", "inpaint"])
def test_what_another_command_writes_is_no_part_of_a_restoration(
    heirloom: Any, photo: Path, tmp_path: Path, command: str
) -> None:
    out = tmp_path / "out"
    heirloom("restore", photo, "--out", out)
    assert (out / "a.json").is_file()
    if command == "inpaint":
        (tmp_path / "mask.png").write_bytes(encode_mask(np.eye(40, 50, dtype=bool)))
        heirloom(command, photo, tmp_path / "mask.png", "--out", out / "a.restored.png")
    else:
        heirloom(command, photo, "--out", out)
    assert not (out / "a.json").exists()
    assert all((out / f"a{ending}").is_file() for what, ending in ENDINGS.items() if what != "record")


@pytest.mark.parametrize("others", ["{}", '{"outputs": {"mask": "b.mask.png"}}', '{"outputs": 3}', "[]", "no JSON"])
def test_a_file_that_is_no_record_of_this_photo_is_left_alone(
    heirloom: Any, photo: Path, tmp_path: Path, others: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.json").write_text(others)
    heirloom("detect", photo, "--out", tmp_path / "out")
    assert (tmp_path / "out" / "a.json").read_text() == others
