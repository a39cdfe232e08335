"""What several files of unit tests start from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.png import encode_png
from tests.support.networks import small_models
from tests.support.picture_files import noise


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small checkpoint of every kind, by kind."""
    return small_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a JPEG, a 16-bit PNG deeper down, and a file that is no picture."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    Image.fromarray(noise(40, 50, 3)).save(folder / "a.damaged.jpg", quality=95)
    (folder / "deep" / "b.png").write_bytes(encode_png(noise(40, 50, dtype=np.uint16)))
    (folder / "notes.txt").write_text("aunt, 1943")
    return folder
