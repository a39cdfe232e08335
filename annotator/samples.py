"""The sample photos: pictures that packages ship, made grey, aged and damaged by us, so that their masks are known."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.context import Platform
from annotator.importing import import_bytes
from db.blobs import open_blobs
from db.engine import open_database
from db.errors import PlatformError
from db.models import Split
from db.photos import PhotoFilter, count_photos
from db.settings import Settings
from db.splits import split_by_hash
from inference.files import encode_mask
from inference.png import encode_png
from trainer import jobs
from trainer.defects import AgeingSettings, DefectSettings, age_and_damage

COLLECTION = "sample photos"
WEAR = DefectSettings(scratch=3, crease=1.5, hole=0.8, dust=2, intact=0, ageing=AgeingSettings(grey=1.0, cast=0.5))


class SampleError(PlatformError):
    """A package does not ship the picture that it should."""


@dataclass(frozen=True)
class Sample:
    """One picture: where it lies in which package, and the seed of its defects."""

    name: str
    package: str
    path: str
    seed: int
    annotated: bool
    """Comes with its mask; the others wait in the queue."""
    split: Split = "train"
    """A photo's side is decided by its bytes, so the defects are drawn until they fall on this one."""

    def file(self) -> Path:
        """The picture in the installed package; found without importing it. Raises SampleError."""
        spec = find_spec(self.package)
        folders = list(spec.submodule_search_locations or []) if spec else []
        found = next((path for folder in folders if (path := Path(folder) / self.path).is_file()), None)
        if found is None:
            raise SampleError(
                f"{self.package} is installed without {self.path}; install the platform from the lock again."
            )
        return found


SAMPLES = (
    Sample("astronaut", "skimage", "data/astronaut.png", 1, annotated=True),
    Sample("camera", "skimage", "data/camera.png", 2, annotated=False),
    Sample("chelsea", "skimage", "data/chelsea.png", 3, annotated=True, split="validation"),
    Sample("china", "sklearn", "datasets/images/china.jpg", 4, annotated=True),
    Sample("coffee", "skimage", "data/coffee.png", 5, annotated=False, split="validation"),
    Sample("flower", "sklearn", "datasets/images/flower.jpg", 6, annotated=False),
    Sample("grace_hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg", 7, annotated=False),
    Sample("rocket", "skimage", "data/rocket.jpg", 8, annotated=True),
)


def import_samples(settings: Settings) -> int:
    """Import the samples unless photos are there already, and ask for proposals. Returns how many came in."""
    platform = Platform(settings, open_database(settings), open_blobs(settings))
    with platform.database.unit_of_work() as session:
        if count_photos(session, PhotoFilter(include_archived=True)):
            return 0
    waiting = []
    for sample, photo, mask in make_samples():
        outcome = import_bytes(
            platform,
            photo,
            f"{sample.name}.png",
            COLLECTION,
            mask=mask if sample.annotated else None,
            mask_origin="synthetic",
            origin="sample",
        )
        if not sample.annotated:
            waiting.append(outcome.photo_id)
    jobs.launch(settings, platform.database, "propose", {"photo_ids": waiting}, None)
    return len(SAMPLES)


def make_samples() -> Iterator[tuple[Sample, bytes, bytes]]:
    """Each sample with its aged photo and its mask, both as PNG bytes; the same bytes every time."""
    for sample in SAMPLES:
        clean = _read(sample.file())
        for seed in count(sample.seed, step=len(SAMPLES)):
            pixels, mask, _ = age_and_damage(clean, seed, WEAR)
            photo = encode_png(pixels)
            if split_by_hash(sha256(photo).hexdigest()) == sample.split:
                yield sample, photo, encode_mask(mask)
                break


def _read(path: Path) -> npt.NDArray[np.uint8]:
    """uint8 H×W×3 RGB."""
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)
