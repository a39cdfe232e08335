"""The run-length formats of other tools, read back by plain readers written from their descriptions."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from db.blobs import BlobStore
from db.export_formats import ExportFormat, ExportItem, coco, cvat, label_studio
from db.exports import unique_names, write_export
from db.rle import LONGEST_RUN, Mask, bounding_box, label_studio_rle, run_lengths

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def item_for(mask: Mask) -> ExportItem:
    height, width = mask.shape
    return ExportItem(7, "aunt", ".jpg", width, height, "0" * 64, "1" * 64)


def spread(counts: list[int], size: int) -> list[bool]:
    """Alternating runs, clean first, one pixel at a time."""
    pixels: list[bool] = []
    for number, count in enumerate(counts):
        pixels += [number % 2 == 1] * count
    assert len(pixels) == size
    return pixels


def read_label_studio(rle: list[int]) -> list[int]:
    """Values of a brush, read bit by bit."""
    stream = "".join(f"{byte:08b}" for byte in rle)
    position = 0

    def take(bits: int) -> int:
        nonlocal position
        position += bits
        return int(stream[position - bits : position], 2)

    total, word = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < total:
        repeated = take(1)
        length = take(sizes[take(2)]) + 1
        values += [take(word)] * length if repeated else [take(word) for _ in range(length)]
    return values


@given(masks)
def test_coco_round_trip(mask: Mask) -> None:
    report = json.loads(json.dumps(coco(iter([(item_for(mask), mask)]))))
    assert report["images"] == [{"id": 7, "file_name": "aunt.jpg", "width": mask.shape[1], "height": mask.shape[0]}]
    if not mask.any():
        assert report["annotations"] == []
        return
    (annotation,) = report["annotations"]
    rle = annotation["segmentation"]
    read = np.array(spread(rle["counts"], mask.size)).reshape(rle["size"], order="F")
    assert (read == mask).all()
    left, top, width, height = annotation["bbox"]
    assert annotation["area"] == mask.sum() == mask[top : top + height, left : left + width].sum()


@given(masks)
def test_cvat_round_trip(mask: Mask) -> None:
    root = Xml.fromstring(Xml.tostring(cvat(iter([(item_for(mask), mask)]))))
    image = root.find("image")
    assert image is not None
    read = np.zeros(mask.shape, bool)
    for drawn in image.findall("mask"):
        left, top, width, height = (int(drawn.attrib[side]) for side in ("left", "top", "width", "height"))
        counts = [int(count) for count in drawn.attrib["rle"].split(",")]
        read[top : top + height, left : left + width] = np.array(spread(counts, width * height)).reshape(height, width)
    assert (read == mask).all()


@given(masks)
def test_label_studio_round_trip(mask: Mask) -> None:
    (task,) = json.loads(json.dumps(label_studio(iter([(item_for(mask), mask)]))))
    results = task["annotations"][0]["result"]
    if not mask.any():
        assert results == []
        return
    assert (results[0]["original_height"], results[0]["original_width"]) == mask.shape
    values = np.array(read_label_studio(results[0]["value"]["rle"])).reshape(*mask.shape, 4)
    assert (values == np.where(mask, 255, 0)[..., None]).all()


def test_label_studio_finds_photos_whatever_their_names() -> None:
    mask = np.zeros((2, 3), bool)
    item = replace(item_for(mask), name="Ida & Otto + 1 #2 50% Ü", ending=".jpg")
    (task,) = label_studio(iter([(item, mask)]))
    address = urlsplit(task["data"]["image"])
    assert parse_qs(address.query) == {"d": [f"photos/{item.photo_file}"]}
    assert not address.fragment


@pytest.mark.parametrize("pixels", [1, 2, LONGEST_RUN // 4, LONGEST_RUN // 4 + 1, LONGEST_RUN])
def test_label_studio_splits_long_runs(pixels: int) -> None:
    mask = np.ones((1, pixels), bool)
    mask[0, -1] = False
    values = read_label_studio(label_studio_rle(mask))
    assert len(values) == 4 * pixels
    assert values.count(0) == 4


@given(masks)
def test_the_box_is_tight(mask: Mask) -> None:
    box = bounding_box(mask)
    if box is None:
        assert not mask.any()
        return
    left, top, width, height = box
    inside = mask[top : top + height, left : left + width]
    assert inside.sum() == mask.sum()
    assert inside[0].any()
    assert inside[-1].any()
    assert inside[:, 0].any()
    assert inside[:, -1].any()


@given(arrays(bool, st.integers(0, 60)))
def test_runs_alternate_and_start_clean(flat: Mask) -> None:
    counts = run_lengths(flat)
    assert spread(counts, flat.size) == flat.tolist()
    assert all(count > 0 for count in counts[1:])


@given(st.lists(st.tuples(st.sampled_from(["a.jpg", "A.png", "b", ".jpg", "a-00000000.tif"]), st.integers(0, 2**40))))
def test_names_are_unique_whatever_their_case(files: list[tuple[str, int]]) -> None:
    hashed = [(name, f"{number:064x}") for name, number in {number: (name, number) for name, number in files}.values()]
    names = unique_names(hashed)
    assert len({name.casefold() for name in names}) == len(hashed)


@pytest.mark.parametrize("kind", list(ExportFormat))
@pytest.mark.parametrize("stem", ["x" * 251, "ü" * 250, "a\x01b"], ids=["long", "long in bytes", "control"])
def test_any_name_that_a_photo_has_can_be_exported(stem: str, kind: ExportFormat, tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path / "blobs"))
    picture = BytesIO()
    Image.new("L", (20, 16), 255).save(picture, "PNG")
    sha = blobs.put(picture.getvalue())
    name, other = unique_names([(f"{stem}.tif", "ab" * 32), (f"{stem}y.tif", "cd" * 32)])
    assert name != other
    item = ExportItem(1, name, ".png", 20, 16, sha, sha)
    write_export([item], blobs, tmp_path / "out", kind, lambda _: None)
    if kind is ExportFormat.CVAT:
        assert Xml.parse(tmp_path / "out" / "annotations.xml").find("image") is not None
