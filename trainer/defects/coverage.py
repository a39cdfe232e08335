"""How much of each pixel a defect covers. Pure functions of one record entry."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from trainer.defects.errors import DefectError
from trainer.defects.noise import Field, as_field, rough_noise, smooth_noise
from trainer.defects.records import BlobDefect, Defect, LineDefect, Point, SpeckDefect, TextureDefect
from trainer.defects.textures import TextureFolder

_SHIFT = 4
"""OpenCV draws with coordinates in sixteenths of a pixel."""


@dataclass(frozen=True)
class Layer:
    """One defect on the rectangle of the photo that it touches."""

    top: int
    left: int
    cover: Field
    """`float32 h×w`, 0 = untouched, 1 = fully covered."""
    relief: Field | None = None
    """`float32 h×w`: how the tone varies over the defect, in levels."""
    shade: Field | None = None
    """`float32 h×w`: brightness added beside the defect, in levels; no part of the mask."""

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the photo that the layer lies on."""
        height, width = self.cover.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def layer_of(defect: Defect, height: int, width: int, textures: TextureFolder | None) -> Layer | None:
    """The layer of a defect on a photo of this size, or None when it lies outside."""
    if isinstance(defect, LineDefect):
        return _line(defect, height, width)
    if isinstance(defect, BlobDefect):
        return _blob(defect, height, width)
    if isinstance(defect, SpeckDefect):
        return _specks(defect, height, width)
    return _texture(defect, height, width, textures)


@dataclass(frozen=True)
class _Window:
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def around(cls, points: list[Point], margin: float, height: int, width: int) -> "_Window | None":
        corner = np.floor(np.min(points, axis=0) - margin).astype(int)
        far = np.ceil(np.max(points, axis=0) + margin).astype(int) + 1
        left, top = max(0, int(corner[0])), max(0, int(corner[1]))
        right, bottom = min(width, int(far[0])), min(height, int(far[1]))
        return cls(top, left, bottom - top, right - left) if right > left and bottom > top else None

    def fixed(self, points: tuple[Point, ...]) -> npt.NDArray[np.int32]:
        """Points in sixteenths of a pixel, relative to the window."""
        relative = np.asarray(points, dtype=np.float64) - (self.left, self.top)
        return np.rint(relative * (1 << _SHIFT)).astype(np.int32)


def _line(defect: LineDefect, height: int, width: int) -> Layer | None:
    widest = max(stroke.width for stroke in defect.strokes)
    points = [point for stroke in defect.strokes for point in stroke.points]
    window = _Window.around(points, 3 * widest + 4, height, width)
    if window is None:
        return None
    canvas = np.zeros((window.height, window.width), dtype=np.uint8)
    for stroke in defect.strokes:
        _draw_stroke(canvas, window.fixed(stroke.points), stroke.width)
    cover = as_field(canvas / np.float32(255))
    shade = _flank(defect, cover, widest)
    if defect.fray > 0:
        cover = _fray(cover, defect.seed, max(0.6, 0.35 * widest), max(1.5, 0.6 * widest), defect.fray)
    if defect.gaps > 0:
        kept = smooth_noise(defect.seed + 7, window.height, window.width, 14)
        cover = as_field(cover * np.clip((kept - 0.75 * defect.gaps) * 6 + 0.5, 0, 1))
    return Layer(window.top, window.left, cover, _relief(defect.seed, cover), shade)


def _draw_stroke(canvas: npt.NDArray[np.uint8], points: npt.NDArray[np.int32], width: float) -> None:
    thin = min(1.0, width)
    before = canvas.copy() if thin < 1 else canvas
    cv2.polylines(canvas, [points], False, round(255 * thin), max(1, round(width)), cv2.LINE_AA, _SHIFT)
    if thin < 1:
        np.maximum(canvas, before, out=canvas)


def _flank(defect: LineDefect, cover: Field, widest: float) -> Field | None:
    if defect.flank == 0:
        return None
    distance = max(1.0, widest)
    shift = np.array([[1, 0, 0.7 * distance], [0, 1, 0.9 * distance]], dtype=np.float32)
    beside = cv2.warpAffine(cover, shift, (cover.shape[1], cover.shape[0]))
    return as_field(60 * defect.flank * as_field(cv2.GaussianBlur(beside, (0, 0), distance)))


def _fray(cover: Field, seed: int, softness: float, cell: float, fray: float) -> Field:
    soft = as_field(cv2.GaussianBlur(cover, (0, 0), softness))
    noise = rough_noise(seed, cover.shape[0], cover.shape[1], cell) - 0.5
    return as_field(np.clip((soft + 0.9 * fray * noise * (soft > 0.02) - 0.4) * 5 + 0.5, 0, 1))


def _blob(defect: BlobDefect, height: int, width: int) -> Layer | None:
    window = _Window.around(list(defect.outline), 3 * defect.softness + 4, height, width)
    if window is None:
        return None
    canvas = np.zeros((window.height, window.width), dtype=np.uint8)
    cv2.fillPoly(canvas, [window.fixed(defect.outline)], 255, cv2.LINE_AA, _SHIFT)
    solid = as_field(canvas / np.float32(255))
    cell = max(2.5, 0.035 * max(window.height, window.width))
    cover = _fray(solid, defect.seed, max(0.7, defect.softness), cell, defect.fray)
    if defect.rim > 0:
        inside = as_field(cv2.GaussianBlur(cover, (0, 0), max(2.0, 0.05 * max(window.height, window.width))))
        cover = as_field(cover * (1 - defect.rim * np.clip(2 * inside - 1, 0, 1)))
    return Layer(window.top, window.left, cover, _relief(defect.seed, cover))


def _relief(seed: int, cover: Field) -> Field:
    """Bare paper is never of one tone."""
    return as_field(40 * (rough_noise(seed + 11, cover.shape[0], cover.shape[1], 3) - 0.5))


def _specks(defect: SpeckDefect, height: int, width: int) -> Layer | None:
    reach = max(max(speck[2], speck[3]) for speck in defect.specks) + 2
    window = _Window.around([(speck[0], speck[1]) for speck in defect.specks], reach, height, width)
    if window is None:
        return None
    canvas = np.zeros((window.height, window.width), dtype=np.uint8)
    for x, y, length, breadth, angle in defect.specks:
        centre = window.fixed(((x, y),))[0]
        axes = (max(4, round(length * 16)), max(4, round(breadth * 16)))
        cv2.ellipse(canvas, (int(centre[0]), int(centre[1])), axes, angle, 0, 360, 255, -1, cv2.LINE_AA, _SHIFT)
    return Layer(window.top, window.left, as_field(canvas / np.float32(255)))


def _texture(defect: TextureDefect, height: int, width: int, textures: TextureFolder | None) -> Layer | None:
    if textures is None:
        raise DefectError(f"The record uses the texture {defect.name}: name the folder of textures it was drawn with.")
    texture = textures.read(defect.name)
    if texture.digest != defect.digest:
        raise DefectError(f"{defect.name}: the texture is not the one that the record was drawn with.")
    turned = np.rot90(texture.alpha[:, ::-1] if defect.mirrored else texture.alpha, defect.turns)
    size = (max(1, round(turned.shape[1] * defect.scale)), max(1, round(turned.shape[0] * defect.scale)))
    way = cv2.INTER_AREA if defect.scale < 1 else cv2.INTER_LINEAR
    alpha = cv2.resize(np.ascontiguousarray(turned), size, interpolation=way)
    top, left = max(0, defect.y), max(0, defect.x)
    bottom, right = min(height, defect.y + size[1]), min(width, defect.x + size[0])
    if bottom <= top or right <= left:
        return None
    part = alpha[top - defect.y : bottom - defect.y, left - defect.x : right - defect.x]
    return Layer(top, left, as_field(part / np.float32(255)))
