"""Accepted masks and their photos as files that other tools read."""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import numpy as np
from PIL import Image
from sqlalchemy.orm import Session

from db.annotations import accepted_annotations, mask_of
from db.blobs import BlobStore
from db.errors import FULL, BlobError, InvalidState, PlatformError, WrongFolder
from db.rle import Mask, bounding_box, coco_counts, cvat_counts, label_studio_rle

LABEL = "defect"
LONGEST_STEM = 190
"""Bytes, of the 255 that file systems take: part of a hash and an ending follow."""
LONGEST_ENDING = 10
"""Letters."""
NOT_IN_XML = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
LABEL_STUDIO_CONFIG = f"""<View>
  <Image name="photo" value="$image" zoom="true"/>
  <BrushLabels name="mask" toName="photo"><Label value="{LABEL}" background="#e34234"/></BrushLabels>
</View>
"""


class ExportError(PlatformError):
    """There is no room for what is to be written."""


class ExportFormat(StrEnum):
    """What `heirloom export --format` takes."""

    PNG = "png"
    COCO = "coco"
    LABEL_STUDIO = "label-studio"
    CVAT = "cvat"


@dataclass(frozen=True)
class ExportItem:
    """One photo with its accepted mask; `name` is unique in the export and has no ending."""

    photo_id: int
    name: str
    ending: str
    width: int
    height: int
    view_sha256: str
    mask_sha256: str

    @property
    def photo_file(self) -> str:
        return f"{self.name}{self.ending}"


def export_items(session: Session, photo_ids: Collection[int] | None = None) -> list[ExportItem]:
    """What there is to export: the newest accepted mask of every photo that is not archived.

    `photo_ids`: of these photos only; one without an accepted mask is left out.
    """
    annotations = accepted_annotations(session)
    if photo_ids is not None:
        wanted = frozenset(photo_ids)
        annotations = [annotation for annotation in annotations if annotation.photo_id in wanted]
    names = unique_names([(annotation.photo.filename, annotation.photo.sha256) for annotation in annotations])
    items = []
    for annotation, name in zip(annotations, names, strict=True):
        photo = annotation.photo
        ending = _plain(Path(photo.filename).suffix)[:LONGEST_ENDING] if photo.view_sha256 == photo.sha256 else ".png"
        items.append(
            ExportItem(photo.id, name, ending, photo.width, photo.height, photo.view_sha256, mask_of(annotation))
        )
    return items


def unique_names(files: Sequence[tuple[str, str]]) -> list[str]:
    """A name without an ending for each (filename, SHA-256); equal ones, whatever their case, get part of the hash.

    So do names that leave no room for what is appended to them, and they are cut.
    """
    stems = [_plain(Path(filename).stem) or "photo" for filename, _ in files]
    shared = Counter(stem.casefold() for stem in stems)
    names = [
        stem if shared[stem.casefold()] == 1 and _cut(stem) == stem else f"{_cut(stem)}-{sha[:8]}"
        for stem, (_, sha) in zip(stems, files, strict=True)
    ]
    if len({name.casefold() for name in names}) < len(names):
        return [sha for _, sha in files]
    return names


def _cut(stem: str) -> str:
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore")


def _plain(name: str) -> str:
    """Without what XML does not take."""
    return NOT_IN_XML.sub("_", name)


def write_export(
    items: Sequence[ExportItem],
    blobs: BlobStore,
    folder: Path,
    kind: ExportFormat,
    progress: Callable[[int], None],
    *,
    failed: list[str] | None = None,
) -> None:
    """Writes photos and masks under `folder`, which is made, or empty; `progress` hears how many photos are done.

    The photos are the upright 8-bit ones that browsers show, so that masks fit them whatever a reader does with EXIF.
    Where a blob is missing or corrupt, `failed` gets a sentence and the other photos go on; without it, BlobError is
    raised. Raises InvalidState (nothing to export), WrongFolder and, where the disk is full, ExportError.
    """
    if not items:
        raise InvalidState("No annotation is accepted yet; there is nothing to export.")
    photos = folder / ("images" if kind is ExportFormat.CVAT else "photos")
    try:
        in_use = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        if not in_use:
            photos.mkdir(parents=True)
    except OSError as error:
        raise WrongFolder(f"{folder} cannot be made ({error.strerror}); choose another one.") from error
    if in_use:
        raise WrongFolder(f"{folder} is not an empty folder; choose another one.")
    with _room():
        WRITERS[kind](folder, _masks_and_photos(items, blobs, photos, progress, failed))


def zip_export(items: Sequence[ExportItem], blobs: BlobStore, file: IO[bytes], kind: ExportFormat) -> None:
    """Writes what `write_export` writes as one zip into `file`. Raises what it raises."""
    with TemporaryDirectory() as made, _room():
        folder = Path(made)
        write_export(items, blobs, folder, kind, lambda _done: None)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                packed.write(path, path.relative_to(folder))


def zip_blobs(files: Sequence[tuple[str, str]], blobs: BlobStore, file: IO[bytes]) -> None:
    """Writes each (name, SHA-256) as it is stored. Raises BlobError, and ExportError where the disk is full."""
    with _room(), zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, sha in files:
            packed.writestr(name, blobs.get(sha))


@contextmanager
def _room() -> Iterator[None]:
    """Turns what a full disk makes of writing into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise ExportError(
            f"There is no room for the export ({error.strerror}); make room, and export again into an empty folder."
        ) from error


def coco(masks: Iterator[tuple[ExportItem, Mask]]) -> dict[str, Any]:
    """COCO instances: one annotation per photo, all its defects as one uncompressed RLE (a 'crowd' in COCO's words)."""
    images, annotations = [], []
    for item, mask in masks:
        images.append({"id": item.photo_id, "file_name": item.photo_file, "width": item.width, "height": item.height})
        box = bounding_box(mask)
        if box is not None:
            annotations.append(
                {
                    "id": item.photo_id,
                    "image_id": item.photo_id,
                    "category_id": 1,
                    "iscrowd": 1,
                    "area": int(mask.sum()),
                    "bbox": list(box),
                    "segmentation": {"size": [item.height, item.width], "counts": coco_counts(mask)},
                }
            )
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": LABEL}]}


def label_studio(masks: Iterator[tuple[ExportItem, Mask]]) -> list[dict[str, Any]]:
    """Label Studio tasks with brush annotations; photos are named as files of a local storage."""
    return [
        {
            "data": {"image": f"/data/local-files/?d=photos/{quote(item.photo_file)}"},
            "annotations": [{"result": [_brush(item, mask)] if mask.any() else []}],
        }
        for item, mask in masks
    ]


def cvat(masks: Iterator[tuple[ExportItem, Mask]]) -> Xml.Element:
    """The root of a 'CVAT for images 1.1' file with one mask per photo."""
    root = Xml.Element("annotations")
    Xml.SubElement(root, "version").text = "1.1"
    labels = Xml.SubElement(Xml.SubElement(Xml.SubElement(root, "meta"), "task"), "labels")
    label = Xml.SubElement(labels, "label")
    Xml.SubElement(label, "name").text = LABEL
    Xml.SubElement(label, "type").text = "mask"
    Xml.SubElement(label, "attributes")
    for number, (item, mask) in enumerate(masks):
        size = {"width": str(item.width), "height": str(item.height)}
        image = Xml.SubElement(root, "image", {"id": str(number), "name": item.photo_file, **size})
        box = bounding_box(mask)
        if box is not None:
            sides = dict(zip(("left", "top", "width", "height"), map(str, box), strict=True))
            runs = ", ".join(map(str, cvat_counts(mask, box)))
            fixed = {"label": LABEL, "source": "manual", "occluded": "0", "z_order": "0"}
            Xml.SubElement(image, "mask", {**fixed, "rle": runs, **sides})
    return root


def decode_mask(data: bytes, item: ExportItem) -> Mask:
    """A mask blob as H×W bool, true = defect. Raises BlobError when it does not fit its photo."""
    with Image.open(io.BytesIO(data)) as picture:
        if picture.size != (item.width, item.height):
            raise BlobError(f"The mask {item.mask_sha256} of {item.name} has another size than the photo.")
        return np.asarray(picture.convert("L")) > 127


def _masks_and_photos(
    items: Sequence[ExportItem],
    blobs: BlobStore,
    photos: Path,
    progress: Callable[[int], None],
    failed: list[str] | None,
) -> Iterator[tuple[ExportItem, Mask]]:
    for done, item in enumerate(items, start=1):
        try:
            photo, mask = blobs.get(item.view_sha256), decode_mask(blobs.get(item.mask_sha256), item)
        except BlobError as error:
            if failed is None:
                raise
            failed.append(f"{item.photo_file} was left out: {error}")
        else:
            (photos / item.photo_file).write_bytes(photo)
            yield item, mask
        progress(done)


def _brush(item: ExportItem, mask: Mask) -> dict[str, Any]:
    return {
        "id": f"mask-{item.photo_id}",
        "type": "brushlabels",
        "from_name": "mask",
        "to_name": "photo",
        "original_width": item.width,
        "original_height": item.height,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": label_studio_rle(mask), "brushlabels": [LABEL]},
    }


def _write_png(folder: Path, masks: Iterator[tuple[ExportItem, Mask]]) -> None:
    target = folder / "masks"
    target.mkdir()
    for item, mask in masks:
        Image.fromarray(mask.astype(np.uint8) * 255).save(target / f"{item.name}.mask.png")


def _write_coco(folder: Path, masks: Iterator[tuple[ExportItem, Mask]]) -> None:
    (folder / "annotations.json").write_text(json.dumps(coco(masks)), encoding="utf-8")


def _write_label_studio(folder: Path, masks: Iterator[tuple[ExportItem, Mask]]) -> None:
    (folder / "tasks.json").write_text(json.dumps(label_studio(masks)), encoding="utf-8")
    (folder / "label-config.xml").write_text(LABEL_STUDIO_CONFIG, encoding="utf-8")


def _write_cvat(folder: Path, masks: Iterator[tuple[ExportItem, Mask]]) -> None:
    tree = Xml.ElementTree(cvat(masks))
    tree.write(folder / "annotations.xml", encoding="utf-8", xml_declaration=True)


WRITERS: dict[ExportFormat, Callable[[Path, Iterator[tuple[ExportItem, Mask]]], None]] = {
    ExportFormat.PNG: _write_png,
    ExportFormat.COCO: _write_coco,
    ExportFormat.LABEL_STUDIO: _write_label_studio,
    ExportFormat.CVAT: _write_cvat,
}
