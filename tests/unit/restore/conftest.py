"""What the tests of `heirloom restore` start from: photos, and the command with small models."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from inference.cli import commands
from inference.files import encode_png
from tests.support.networks import noise


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
