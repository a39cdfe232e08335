"""Records: everything that is needed to make a damaged photo again, bit for bit."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from trainer.defects.errors import DefectError

Point = tuple[float, float]
Tone = tuple[float, float, float]
_FORMAT = 1


@dataclass(frozen=True)
class Stroke:
    """A polyline in photo pixels (x, y) with its width in pixels."""

    points: tuple[Point, ...]
    width: float


@dataclass(frozen=True)
class LineDefect:
    """A scratch or a crease."""

    kind: str
    seed: int
    """Seed of the noise that frays the edges."""
    strokes: tuple[Stroke, ...]
    tone: Tone
    """RGB, 0 to 255."""
    opacity: float
    fray: float
    """0 is a clean edge, 1 a torn one."""
    gaps: float
    """0 is an unbroken line, 1 one that is mostly missing."""
    flank: float
    """Shade beside the line: negative dark, positive light, 0 none."""


@dataclass(frozen=True)
class BlobDefect:
    """A hole or a stain."""

    kind: str
    seed: int
    outline: tuple[Point, ...]
    tone: Tone
    opacity: float
    fray: float
    softness: float
    """Width of the edge in pixels."""
    rim: float
    """How much stronger the edge is than the inside, 0 to 1."""


@dataclass(frozen=True)
class SpeckDefect:
    """A cloud of dust: ellipses (x, y, half length, half width, degrees)."""

    kind: str
    specks: tuple[tuple[float, float, float, float, float], ...]
    tone: Tone
    opacity: float


@dataclass(frozen=True)
class TextureDefect:
    """An alpha map laid over the photo."""

    kind: str
    name: str
    """Path of the map inside the folder of textures."""
    digest: str
    """First 16 hexadecimal digits of the file's SHA-256."""
    x: int
    y: int
    scale: float
    turns: int
    """Quarter turns."""
    mirrored: bool
    tone: Tone
    opacity: float


Defect = LineDefect | BlobDefect | SpeckDefect | TextureDefect
_SHAPES: dict[str, type[Any]] = {
    "line": LineDefect,
    "blob": BlobDefect,
    "specks": SpeckDefect,
    "texture": TextureDefect,
}


@dataclass(frozen=True)
class Ageing:
    """How a print aged, and how it was scanned. Neutral values leave the photo as it is."""

    seed: int = 0
    grey: bool = False
    cast: Tone = (1.0, 1.0, 1.0)
    """Gain per channel."""
    black: float = 0.0
    """Level that black fades to."""
    white: float = 255.0
    """Level that white yellows to."""
    gamma: float = 1.0
    uneven: float = 0.0
    """Amplitude of uneven light, as a share of the brightness."""
    focus: float = 0.0
    """Softness of the print, standard deviation in pixels."""
    grain: float = 0.0
    """Standard deviation of the grain, in levels."""
    grain_size: float = 1.0
    """Size of a grain in pixels."""
    scan_focus: float = 0.0
    """Softness of the scan, standard deviation in pixels."""
    scan_noise: float = 0.0
    """Standard deviation of the scanner's noise, in levels."""
    jpeg_quality: int = 0
    """0 for no JPEG."""


@dataclass(frozen=True)
class DefectRecord:
    """The size of a photo, how it aged and every defect in the order of drawing."""

    height: int
    width: int
    ageing: Ageing
    defects: tuple[Defect, ...]

    def to_json(self) -> str:
        """The record as JSON; floats are written so that they read back unchanged."""
        shapes = {shape: name for name, shape in _SHAPES.items()}
        defects = [{"shape": shapes[type(defect)], **asdict(defect)} for defect in self.defects]
        content = {"format": _FORMAT, "height": self.height, "width": self.width, "ageing": asdict(self.ageing)}
        return json.dumps({**content, "defects": defects}, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "DefectRecord":
        """Read a record. Raises DefectError when it is damaged or of another format."""
        try:
            content = json.loads(text)
            if content["format"] != _FORMAT:
                raise DefectError(f"This record has format {content['format']}, not {_FORMAT}: draw the defects anew.")
            return cls(
                height=content["height"],
                width=content["width"],
                ageing=_read(Ageing, content["ageing"]),
                defects=tuple(_read(_SHAPES[values.pop("shape")], values) for values in content["defects"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DefectError(f"This record of defects is damaged ({error!r}): draw the defects anew.") from error


def _read(shape: type[Any], values: Mapping[str, Any]) -> Any:
    known = {field.name for field in fields(shape)}
    if set(values) != known:
        raise DefectError(f"A {shape.__name__} has the fields {sorted(known)}, not {sorted(values)}.")
    read = {name: _tuples(value) for name, value in values.items()}
    if shape is LineDefect:
        read["strokes"] = tuple(_read(Stroke, stroke) for stroke in values["strokes"])
    return shape(**read)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
