"""The labelled photos of a snapshot, as a training reads them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.blobs import BlobStore
from db.errors import BlobError
from db.snapshots import SnapshotContents, SnapshotEntry
from inference.errors import PhotoError
from inference.masks import encode_mask
from inference.png import encode_png
from trainer.learning import examples
from trainer.learning.examples import examples_in

MASK = np.zeros((30, 40), np.bool_)
MASK[4:9, 10:30] = True


def _snapshot(blobs: BlobStore, masks: list[np.ndarray[Any, Any]], gone: int = 0) -> SnapshotContents:
    """Photos of 40×30 pixels with these masks, and `gone` that were deleted."""
    items = []
    for number, mask in enumerate(masks):
        photo = blobs.put(encode_png(np.full((30, 40), 50 + number, np.uint8)))
        frozen = blobs.put(encode_mask(mask))
        items.append(SnapshotEntry(number, photo, number, frozen, "train", "drawn", f"{number}.png"))
    items += [SnapshotEntry(None, "a" * 64, None, "b" * 64, "train", "drawn", None)] * gone
    return SnapshotContents(1, "first", "c" * 64, tuple(items))


def test_what_is_there_is_read_and_what_was_deleted_is_told(tmp_path: Path) -> None:
    blobs, told = BlobStore(str(tmp_path)), list[str]()
    read = examples_in(_snapshot(blobs, [MASK, ~MASK], gone=3), blobs.url, told.append)
    assert [(example.name, example.load_pixels().shape) for example in read] == [
        ("0.png", (30, 40, 3)),
        ("1.png", (30, 40, 3)),
    ]
    assert np.array_equal(read[0].load_mask(), MASK)
    assert told[-1] == "checking the snapshot, photo 2 of 2; 3 of its photos were deleted"


def test_photos_are_decoded_once_to_check_them_and_not_again_for_their_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, decoded, own = BlobStore(str(tmp_path)), list[str](), examples.decode
    monkeypatch.setattr(examples, "decode", lambda data, name: (decoded.append(name), own(data, name))[1])
    read = examples_in(_snapshot(blobs, [MASK]), blobs.url, lambda _: None)
    assert decoded == ["0.png"]
    read[0].load_mask()
    assert decoded == ["0.png"]


def test_a_mask_of_another_size_or_bytes_that_are_not_those_frozen_are_named_before_training(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path))
    with pytest.raises(PhotoError, match=r"mask of 0\.png is 30×40 pixels but its photo is 40×30"):
        examples_in(_snapshot(blobs, [MASK.T]), blobs.url, lambda _: None)
    snapshot = _snapshot(blobs, [MASK])
    for file in tmp_path.rglob(f"*{snapshot.items[0].mask_sha256[4:]}*"):
        file.write_bytes(b"other")
    with pytest.raises(BlobError):
        examples_in(snapshot, blobs.url, lambda _: None)
