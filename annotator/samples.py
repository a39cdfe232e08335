"""The sample photos: pictures that packages ship, made grey, aged and damaged by us, so that their masks are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from annotator.context import Platform
from annotator.importing import import_bytes
from db.blobs import open_blobs
from db.engine import open_database
from db.models import Split
from db.settings import Settings
from db.splits import split_by_hash
from db.wall import PhotoFilter, count_photos
from inference.masks import encode_mask
from inference.png import encode_png
from trainer import jobs
from trainer.defects import AgeingSettings, DefectSettings, age_and_damage
from trainer.learning.clean import packaged_photos

COLLECTION = "sample photos"
WEAR = DefectSettings(
    scratch=1.5, crease=1.5, dust=1, lookalikes=0, intact=0, ageing=AgeingSettings(grey=1.0, cast=0.5)
)


@dataclass(frozen=True)
class Sample:
    """One picture, by its name in the package that ships it, and the first seed to draw its defects from."""

    name: str
    seed: int
    annotated: bool
    """Comes with its mask; the others wait in the queue."""
    split: Split = "train"
    """A photo's side is decided by its bytes, so the defects are drawn until they fall on this one."""


SAMPLES = (
    Sample("astronaut", 1, annotated=True),
    Sample("camera", 2, annotated=False),
    Sample("chelsea", 3, annotated=True, split="validation"),
    Sample("china", 4, annotated=True),
    Sample("coffee", 5, annotated=False, split="validation"),
    Sample("flower", 6, annotated=False),
    Sample("grace_hopper", 7, annotated=False),
    Sample("rocket", 8, annotated=True),
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
    pictures = {photo.name: photo.load for photo in packaged_photos()}
    for sample in SAMPLES:
        clean = pictures[sample.name]()
        for seed in count(sample.seed, step=len(SAMPLES)):
            pixels, mask, _ = age_and_damage(clean, seed, WEAR)
            photo = encode_png(pixels)
            if split_by_hash(sha256(photo).hexdigest()) == sample.split:
                yield sample, photo, encode_mask(mask)
                break
