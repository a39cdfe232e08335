"""A platform with photos whose masks are accepted, and the commands of its database."""

import io
import zlib

import numpy as np
from PIL import Image
from typer.testing import CliRunner, Result

from db.annotations import add_annotation
from db.blobs import BlobStore
from db.cli import commands
from db.engine import Database
from db.models import Photo
from db.photos import PhotoFacts, add_photo

MASK = np.zeros((30, 40), bool)
MASK[4:9, 10:30] = True


def heirloom(*words: object) -> Result:
    """A command of the database and what it left behind, its exception too."""
    return CliRunner().invoke(commands, [str(word) for word in words], catch_exceptions=True)


def png(array: np.ndarray) -> bytes:  # type: ignore[type-arg]
    """A file as Pillow writes it."""
    written = io.BytesIO()
    Image.fromarray(array).save(written, "PNG")
    return written.getvalue()


def fill(database: Database, blobs: BlobStore, names: tuple[str, ...] = ("aunt.tif", "uncle.png")) -> list[Photo]:
    """Photos with accepted masks, the bytes in the store; the TIFF's view is another blob."""
    photos = []
    with database.unit_of_work() as session:
        for number, name in enumerate(names):
            view = blobs.put(png(np.full((30, 40), 50 + number, np.uint8)))
            original = view if name.endswith(".png") else blobs.put(f"TIFF {name}".encode())
            facts = PhotoFacts(
                original, name, "PNG", 40, 30, 1, 8, 99, view, blobs.put(b"thumb"), zlib.crc32(name.encode()) << 20
            )
            photo, _ = add_photo(session, facts)
            mask = MASK if number % 2 == 0 else np.zeros_like(MASK)
            add_annotation(
                session, photo, blobs.put(png(mask.astype(np.uint8) * 255)), float(mask.mean()), origin="imported"
            )
            photos.append(photo)
    return photos
