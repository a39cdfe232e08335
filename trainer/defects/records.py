"""Records: everything that is needed to make a damaged photo again, bit for bit."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from trainer.defects.errors import DefectError

Point = tuple[float, float]
Tone = tuple[float, float, float]
"""RGB, 0 to 255."""
_FORMAT = 3


@dataclass(frozen=True)
class Stroke:
    """A polyline in photo pixels (x, y) with its width in pixels at each point."""

    points: tuple[Point, ...]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Lines:
    """Scratches, creases, cracks, hairs; as lookalikes wires, twigs, strands."""

    kind: str
    seed: int
    """Seed of the noise that frays the edges."""
    strokes: tuple[Stroke, ...]
    tone: Tone
    opacity: float
    softness: float = 0.0
    """Standard deviation of the blur in pixels."""
    fray: float = 0.0
    """0 is a clean edge, 1 a torn one."""
    gaps: float = 0.0
    """Share of the line that is missing."""
    gap_size: float = 14.0
    """Length of a gap in pixels."""
    flank: float = 0.0
    """Width of the light and the dark flank in pixels; 0 for none."""
    light: float = 0.0
    """Levels that the flank towards the light gains."""
    dark: float = 0.0
    """Levels that the other flank loses."""
    lit_from: float = 0.0
    """Where the light comes from, in radians."""


@dataclass(frozen=True)
class Area:
    """Holes, tears, borders, rubbed places, stains; as lookalikes collars and frames."""

    kind: str
    seed: int
    outlines: tuple[tuple[Point, ...], ...]
    """Closed curves; what lies inside an even number of them is outside."""
    tone: Tone
    opacity: float
    softness: float = 0.0
    """Standard deviation of the blur of the edge in pixels."""
    fray: float = 0.0
    """0 is a clean edge, 1 a torn one."""
    fray_size: float = 3.0
    """Size of the teeth in pixels."""
    rim: float = 0.0
    """Width of the rim in pixels; 0 for none."""
    rim_tone: Tone = (0.0, 0.0, 0.0)
    rim_opacity: float = 0.0
    shadow: float = 0.0
    """Levels that the photo beside the edge loses."""
    shadow_reach: float = 0.0
    """How far the shadow reaches in pixels."""
    shadow_turn: float = 0.0
    """Where the shadow falls, in radians."""
    grain: float = 0.0
    """Share of the area that rubbing spared, grain by grain; 0 where nothing was rubbed."""
    grain_size: float = 2.0
    grain_turn: float = 0.0
    """Direction of the rubbing in radians."""
    grain_stretch: float = 1.0
    """How much longer than wide the grains are."""
    soaked: bool = False
    """The tone colours the photo, as coffee does, instead of covering it."""


@dataclass(frozen=True)
class Specks:
    """A cloud of ellipses (x, y, half length, half width, degrees): dust, foxing; as lookalikes glints."""

    kind: str
    specks: tuple[tuple[float, float, float, float, float], ...]
    tone: Tone
    opacity: float
    softness: float = 0.0
    """Standard deviation of the blur in pixels."""


@dataclass(frozen=True)
class TextureMap:
    """An alpha map laid over the photo."""

    kind: str
    name: str
    """Path of the map inside the folder of textures, or the name of one of our own."""
    digest: str
    """First 16 hexadecimal digits of the SHA-256 of the file, or of our own map."""
    x: int
    y: int
    scale: float
    turns: int
    """Quarter turns."""
    mirrored: bool
    tone: Tone
    opacity: float


@dataclass(frozen=True)
class Text:
    """A line of writing. A lookalike only."""

    kind: str
    text: str
    font: int
    """One of OpenCV's fonts."""
    size: float
    """Height of a capital in pixels."""
    thickness: int
    x: float
    y: float
    """Where the line begins, in pixels."""
    turn: float
    """In radians."""
    tone: Tone
    opacity: float


@dataclass(frozen=True)
class Pattern:
    """Cloth or lace: an area with a repeated pattern. A lookalike only."""

    kind: str
    outline: tuple[Point, ...]
    pattern: str
    """`weave`, `stripes`, `knit` or `lace`."""
    period: float
    """In pixels."""
    turn: float
    """In radians."""
    contrast: float
    """Levels between the darkest and the lightest place."""
    softness: float
    """Standard deviation of the blur of the edge in pixels."""


Mark = Lines | Area | Specks | TextureMap | Text | Pattern
"""Something drawn on a photo: a defect, or a lookalike."""
_SHAPES: dict[str, type[Any]] = {
    "lines": Lines,
    "area": Area,
    "specks": Specks,
    "texture": TextureMap,
    "text": Text,
    "pattern": Pattern,
}


@dataclass(frozen=True)
class Ageing:
    """How a print aged, and how it was scanned. Neutral values leave the photo as it is."""

    seed: int = 0
    grey: bool = False
    cast: Tone = (1.0, 1.0, 1.0)
    """Gain per channel."""
    toning: Tone = (1.0, 1.0, 1.0)
    """Gamma per channel: sepia shadows are deeper in blue than lights are."""
    black: float = 0.0
    """Level that black fades to."""
    white: float = 255.0
    """Level that white yellows to."""
    gamma: float = 1.0
    uneven: float = 0.0
    """Amplitude of uneven light, as a share of the brightness."""
    vignette: float = 0.0
    """How much darker (or, negative, lighter) the corners are, as a share of the brightness."""
    focus: float = 0.0
    """Softness of the print, standard deviation in pixels."""
    grain: float = 0.0
    """Standard deviation of the grain, in levels."""
    grain_size: float = 1.0
    """Size of a grain in pixels."""
    specks: float = 0.0
    """Share of pixels with a fine speck, too faint and small to be called dust."""
    speck_contrast: float = 0.0
    """Levels."""
    paper: str = ""
    """`weave`, `linen` or `honeycomb`; empty where the paper does not show."""
    paper_period: float = 4.0
    """In pixels."""
    paper_contrast: float = 0.0
    """Levels."""
    silver: float = 0.0
    """Levels that silvering adds to black at the border."""
    halftone: float = 0.0
    """Distance of the dots in pixels; 0 for none."""
    scan_gamma: float = 1.0
    """Of the scan or copy, for the photo and its defects alike."""
    scan_cast: Tone = (1.0, 1.0, 1.0)
    """Gain per channel of the scan or copy."""
    scan_focus: float = 0.0
    """Softness of the scan, standard deviation in pixels."""
    scan_noise: float = 0.0
    """Standard deviation of the scanner's noise, in levels."""
    banding: float = 0.0
    """Amplitude of broad soft bands along the scan, in levels."""
    jpeg_quality: int = 0
    """0 for no JPEG."""


@dataclass(frozen=True)
class DefectRecord:
    """The size of a photo, how it aged, and all lookalikes and defects in the order of drawing."""

    height: int
    width: int
    ageing: Ageing
    lookalikes: tuple[Mark, ...]
    defects: tuple[Mark, ...]

    def to_json(self) -> str:
        """The record as JSON; floats are written so that they read back unchanged."""
        content = {
            "format": _FORMAT,
            "height": self.height,
            "width": self.width,
            "ageing": asdict(self.ageing),
            "lookalikes": [_written(mark) for mark in self.lookalikes],
            "defects": [_written(mark) for mark in self.defects],
        }
        return json.dumps(content, sort_keys=True, allow_nan=False)

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
                lookalikes=tuple(_read(_SHAPES[values.pop("shape")], values) for values in content["lookalikes"]),
                defects=tuple(_read(_SHAPES[values.pop("shape")], values) for values in content["defects"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DefectError(f"This record of defects is damaged ({error!r}): draw the defects anew.") from error


def _written(mark: Mark) -> dict[str, Any]:
    shapes = {shape: name for name, shape in _SHAPES.items()}
    return {"shape": shapes[type(mark)], **asdict(mark)}


def _read(shape: type[Any], values: Mapping[str, Any]) -> Any:
    known = {field.name for field in fields(shape)}
    if set(values) != known:
        raise DefectError(f"A {shape.__name__} has the fields {sorted(known)}, not {sorted(values)}.")
    read = {name: _tuples(value) for name, value in values.items()}
    if shape is Lines:
        read["strokes"] = tuple(_read(Stroke, stroke) for stroke in values["strokes"])
    return shape(**read)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
