"""The labelled photos of a snapshot, as a training reads them: by hash, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db.blobs import BlobStore
from db.models import AnnotationOrigin, Split
from db.snapshots import SnapshotContents, SnapshotEntry
from inference.arrays import Mask
from inference.decoding import decode
from inference.masks import decode_mask


@dataclass(frozen=True)
class TrainingExample:
    """A photo with its accepted annotation, read when it is needed."""

    photo_sha: str
    load_pixels: Callable[[], npt.NDArray[np.uint8]]
    """Gives `uint8 H×W×3` RGB, upright."""
    load_mask: Callable[[], Mask]
    """Gives `bool H×W`, true = defect."""
    split: Split
    origin: AnnotationOrigin
    name: str = ""

    @property
    def is_real(self) -> bool:
        """Whether people marked the defects; synthetic masks never count as real."""
        return self.origin != "synthetic"


def examples_in(snapshot: SnapshotContents, url: str, tell: Callable[[str], None]) -> list[TrainingExample]:
    """Every photo of the snapshot whose bytes are still there, each read once to check its hashes and its size.

    Photos deleted since are left out; what is told says how many. Raises BlobError or PhotoError naming a photo
    whose bytes are not those that were frozen.
    """
    kept = [item for item in snapshot.items if item.photo_id is not None]
    gone = len(snapshot.items) - len(kept)
    examples = []
    for place, item in enumerate(kept):
        tell(_message(place, len(kept), gone))
        examples.append(_example(url, item))
        examples[-1].load_mask()
    return examples


def _message(place: int, kept: int, gone: int) -> str:
    deleted = f"; {gone} of its photos were deleted" if gone else ""
    return f"checking the snapshot, photo {place + 1} of {kept}{deleted}"


def _example(url: str, item: SnapshotEntry) -> TrainingExample:
    name = item.filename or item.photo_sha256[:12]
    pixels = FrozenPixels(url, item.photo_sha256, name)
    height, width = pixels().shape[:2]
    mask = FrozenMask(url, item.mask_sha256, (height, width), name)
    return TrainingExample(item.photo_sha256, pixels, mask, item.split, item.origin, name)


@dataclass(frozen=True)
class FrozenPixels:
    """Reads a photo by hash, in whatever process it is called: `uint8 H×W×3` RGB, upright."""

    url: str
    sha256: str
    name: str

    def __call__(self) -> npt.NDArray[np.uint8]:
        return decode(BlobStore(self.url).get(self.sha256), self.name).pixels


@dataclass(frozen=True)
class FrozenMask:
    """Reads a mask by hash: `bool H×W`, true = defect, of the size (height, width) that its photo has."""

    url: str
    sha256: str
    size: tuple[int, int]
    photo: str
    """The photo's name."""

    def __call__(self) -> Mask:
        return decode_mask(BlobStore(self.url).get(self.sha256), self.size, f"mask of {self.photo}")
