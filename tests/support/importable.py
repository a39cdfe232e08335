"""Photos and masks to import, and what came of them."""

from pathlib import Path

import numpy as np
from sqlalchemy import select

from annotator.context import Platform
from db.models import Annotation, Photo, Task
from inference.masks import encode_mask
from inference.png import encode_png
from tests.support.picture_files import noise


def picture(seed: int, height: int = 40, width: int = 60) -> bytes:
    """A grey photo as PNG, another one for each seed."""
    return encode_png(noise(height, width, seed=seed))


def mask(height: int = 40, width: int = 60) -> bytes:
    """A mask as PNG that marks 100 pixels."""
    marked = np.zeros((height, width), dtype=np.bool_)
    marked[5:10, 5:25] = True
    return encode_mask(marked)


def write(folder: Path, **files: bytes) -> Path:
    """Write files into a folder, which is returned: `a__png` is the file a.png."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


def rows(here: Platform, kind: type[Photo] | type[Annotation] | type[Task]) -> list[object]:
    """All that the platform has of a kind."""
    with here.database.reading() as session:
        return list(session.scalars(select(kind)))
