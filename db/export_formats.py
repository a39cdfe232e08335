"""Masks as other tools read them: PNG, COCO, Label Studio, CVAT."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import numpy as np
from PIL import Image

from db.rle import Mask, bounding_box, coco_counts, cvat_counts, label_studio_rle

LABEL = "defect"
LABEL_STUDIO_CONFIG = f"""<View>
  <Image name="photo" value="$image" zoom="true"/>
  <BrushLabels name="mask" toName="photo"><Label value="{LABEL}" background="#e34234"/></BrushLabels>
</View>
"""


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
