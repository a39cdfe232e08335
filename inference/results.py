"""The files that a restoration becomes: four pictures, and a record of how they came about."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.arrays import Array
from inference.errors import OutputError
from inference.masks import encode_mask
from inference.metadata import rgb_profile
from inference.names import ModelName
from inference.photo import Photo
from inference.png import encode_png
from inference.text import readable
from inference.writing import Write, remove, write_file

if TYPE_CHECKING:
    from inference.restorer import RestorationResult

ENDINGS = {
    "mask": ".mask.png",
    "restored": ".restored.png",
    "restored_color": ".restored-color.png",
    "color": ".color.png",
    "record": ".json",
}
"""What is written for a photo, and what follows the photo's name in the file's; the record is written last."""
_FORMAT = 1


@dataclass(frozen=True)
class MadeBy:
    """What decides a photo's results besides its bytes."""

    models: dict[str, dict[str, str]]
    """By part: name, version, source and, of a checkpoint file, its `sha256`."""
    settings: dict[str, float]


def made_by(names: Mapping[str, ModelName], files: Mapping[str, Path], settings: dict[str, float]) -> MadeBy:
    """Describe the parts by their names and the checkpoints they were loaded from."""
    models: dict[str, dict[str, str]] = {part: asdict(name) for part, name in names.items()}
    for part, path in files.items():
        models[part]["sha256"] = sha256(path.read_bytes()).hexdigest()
    return MadeBy(models, settings)


def outputs_of(target: Path) -> dict[str, Path]:
    """The files that a restoration writes; `target` is the folder and the photo's name without its ending."""
    return {what: target.with_name(target.name + ending) for what, ending in ENDINGS.items()}


def check_record(path: Path) -> None:
    """Raises OutputError, before any work, where a record would replace JSON that somebody else wrote.

    What is empty or no JSON at all is taken for a record of ours that was damaged.
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return
    if found and not (isinstance(found, dict) and "format" in found):
        raise OutputError(
            f"{path} is there already and is no record of heirloom; move it, or choose another folder with --out."
        )


def encode_restored(photo: Photo, restored: Array) -> bytes:
    """A filled face of `photo`, in its own channels, as PNG with the photo's EXIF, profile and resolution."""
    return encode_png(restored, exif=photo.exif, icc=photo.icc, resolution=photo.resolution)


def encode_colour(photo: Photo, colour: Array) -> bytes:
    """A coloured face of `photo`, RGB H×W×3, likewise, but with its profile only if that is one for RGB."""
    return encode_png(colour, exif=photo.exif, icc=rgb_profile(photo.icc), resolution=photo.resolution)


def write_result(path: Path, data: bytes) -> None:
    """Write a picture of a photo by itself. The record of a restoration that vouches for the one before goes first."""
    for ending in ENDINGS.values():
        record = path.with_name(path.name.removesuffix(ending) + ENDINGS["record"])
        if path.name.endswith(ending) and _vouches(record, path):
            remove(record)
    write_file(path, data)


def write_pictures(write: Write, target: Path, photo: Photo, result: "RestorationResult") -> None:
    """Write the mask and the three results."""
    files = outputs_of(target)
    write(files["mask"], encode_mask(result.mask))
    write(files["restored"], encode_restored(photo, result.restored))
    coloured = encode_colour(photo, result.color)
    write(files["color"], coloured)
    if result.restored_color is not result.color:
        del coloured  # before the next is made: each takes tens of megabytes
        coloured = encode_colour(photo, result.restored_color)
    write(files["restored_color"], coloured)


def write_record(
    write: Write, target: Path, source: Path, photo: Photo, result: "RestorationResult", *, digest: str, by: MadeBy,
    seconds: Mapping[str, float],
) -> dict[str, Any]:  # fmt: skip
    """Write how a photo's results came about, as JSON, and return it. `digest` is the SHA-256 of the photo's bytes."""
    files = outputs_of(target)
    height, width = photo.size
    record = {
        "format": _FORMAT,
        "heirloom": metadata.version("heirloom"),
        "input": {
            "name": source.name, "sha256": digest, "width": width, "height": height, "channels": photo.channels,
            "bits": photo.bit_depth,
        },
        **asdict(by),
        "marked_share": float(result.mask.mean()),
        "warnings": list(result.warnings),
        "seconds": {step: round(needed, 3) for step, needed in seconds.items()},
        "outputs": {what: path.name for what, path in files.items()},
    }  # fmt: skip
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    write(files["record"], readable(text).encode())
    return record


def finished(target: Path, digest: str, by: MadeBy) -> dict[str, Any] | None:
    """The record of results that are all there and came of the same bytes by the same models and settings, or None."""
    files = outputs_of(target)
    try:
        record = json.loads(files["record"].read_bytes())
        same = record["format"] == _FORMAT and record["input"]["sha256"] == digest
        same = same and MadeBy(record["models"], record["settings"]) == by
        same = same and all(path.stat().st_size > 0 for path in files.values())
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return record if same else None


def _vouches(record: Path, path: Path) -> bool:
    """Whether a file is a record and names the one at `path`; any other JSON beside a photo is not ours to remove."""
    try:
        return readable(path.name) in json.loads(record.read_bytes())["outputs"].values()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
