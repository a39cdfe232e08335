"""From an entry of a record to its layer."""

import cv2
import numpy as np

from inference.arrays import Field
from trainer.defects.errors import DefectError
from trainer.defects.layers import (
    Canvas,
    Layer,
    Places,
    Window,
    draw_ellipses,
    draw_strokes,
    fill,
    in_photo,
    places_of,
    share,
    shifted,
    soften,
    toned,
)
from trainer.defects.noise import noise_at
from trainer.defects.patterns import pattern_at
from trainer.defects.records import Area, Lines, Mark, Pattern, Specks, Text, TextureMap
from trainer.defects.textures import Textures

_RELIEF = 18.0
"""Levels by which bare paper varies: it is never of one tone."""
_ALONG_A_LINE = 0.55
"""The eye gathers along a line what no pixel shows alone."""


def layer_of(mark: Mark, height: int, width: int, textures: Textures) -> Layer | None:
    """The layer of a mark on a photo of this size, or None when it lies outside."""
    if isinstance(mark, Lines):
        return _lines(mark, height, width)
    if isinstance(mark, Area):
        return _area(mark, height, width)
    if isinstance(mark, Specks):
        return _specks(mark, height, width)
    if isinstance(mark, TextureMap):
        return _texture(mark, height, width, textures)
    return _text(mark, height, width) if isinstance(mark, Text) else _pattern(mark, height, width)


def _lines(mark: Lines, height: int, width: int) -> Layer | None:
    widest = max(max(stroke.widths) for stroke in mark.strokes)
    points = np.concatenate([np.asarray(stroke.points) for stroke in mark.strokes])
    window = Window.around(points, 2 * widest + 3 * mark.softness + 2.5 * mark.flank + 3, height, width)
    if window is None:
        return None
    looser = 1 + 0.5 * mark.fray
    strokes = tuple((stroke.points, tuple(looser * each for each in stroke.widths)) for stroke in mark.strokes)
    canvas = soften(draw_strokes(window, strokes), mark.softness + 0.3 * mark.fray * widest)
    flanks = _flanks(mark, window) if mark.flank > 0 else None
    rows, columns = places_of(canvas if flanks is None else canvas | flanks[0] | flanks[1])
    shape = share(canvas, rows, columns)
    down, right = in_photo(window, rows, columns)
    if mark.fray > 0:
        teeth = noise_at(mark.seed, down, right, max(1.2, 0.4 * widest)) - 0.5
        shape = np.clip((shape + 0.9 * mark.fray * teeth * (shape > 0.04) - 0.42) * 3.5 + 0.5, 0, 1)
    shade = None
    if flanks is not None:
        shade = mark.light * share(flanks[0], rows, columns) - mark.dark * share(flanks[1], rows, columns)
    if mark.gaps > 0:
        kept = np.clip((noise_at(mark.seed + 7, down, right, mark.gap_size) - mark.gaps) * 8 + 0.5, 0, 1)
        shape = shape * kept
        shade = None if shade is None else shade * (0.4 + 0.6 * kept)
    relief = _RELIEF * (noise_at(mark.seed + 11, down, right, 2) - 0.5)
    weight = np.float32(mark.opacity) * shape
    return Layer(window, rows, columns, shape, weight, toned(mark.tone, relief), shade, seen_from=_ALONG_A_LINE)


def _flanks(mark: Lines, window: Window) -> tuple[Canvas, Canvas]:
    """Both sides of a fold: the one that faces the light and the one that does not."""
    strokes = tuple((stroke.points, (mark.flank,) * len(stroke.points)) for stroke in mark.strokes)
    broad = soften(draw_strokes(window, strokes), 0.45 * mark.flank)
    reach = max(1.0, 0.55 * mark.flank)
    right, down = round(reach * np.cos(mark.lit_from)), round(reach * np.sin(mark.lit_from))
    return shifted(broad, right, down), shifted(broad, -right, -down)


def _area(mark: Area, height: int, width: int) -> Layer | None:
    points = np.concatenate([np.asarray(outline) for outline in mark.outlines])
    margin = 3 * mark.softness + 2 * mark.shadow_reach + 2 * mark.fray * mark.fray_size + 3
    window = Window.around(points, margin, height, width)
    if window is None:
        return None
    solid = fill(window, mark.outlines)
    edge = soften(solid, max(mark.softness, 0.5 * mark.fray * mark.fray_size))
    cast = _shadow(mark, solid) if mark.shadow > 0 else None
    rows, columns = places_of(edge if cast is None else edge | cast)
    down, right = in_photo(window, rows, columns)
    shape = share(edge, rows, columns)
    if mark.fray > 0:
        teeth = noise_at(mark.seed, down, right, mark.fray_size) - 0.5
        shape = np.clip((shape - 0.5 + mark.fray * teeth * (shape > 0.02)) * 4 + 0.5, 0, 1)
    if mark.grain > 0:
        rubbed = noise_at(mark.seed + 3, down, right, mark.grain_size, turn=mark.grain_turn, stretch=mark.grain_stretch)
        shape = np.clip((shape * (1 - mark.grain) - rubbed) * 2.5 + 0.5, 0, 1) * (shape > 0.02)
    weight = np.float32(mark.opacity) * shape
    tone = toned(mark.tone, 0.6 * _RELIEF * (noise_at(mark.seed + 11, down, right, 3) - 0.5))
    if mark.rim > 0:
        at_rim = _rim(mark, window, solid, rows, columns)
        weight = weight + at_rim * (np.float32(mark.rim_opacity) * shape - weight)
        rim_tone = toned(mark.rim_tone, _RELIEF * (noise_at(mark.seed + 12, down, right, 2) - 0.5))
        tone = tone + at_rim[:, None] * (rim_tone - tone)
    shade = None if cast is None else -mark.shadow * share(cast, rows, columns) * (1 - weight)
    return Layer(window, rows, columns, shape, weight, tone, shade, soaked=mark.soaked)


def _rim(mark: Area, window: Window, solid: Canvas, rows: Places, columns: Places) -> Field:
    """1 within the rim's width of the edge, a width that varies, 0 further inside. The photo's border is no edge."""
    framed = cv2.copyMakeBorder(solid, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform((framed > 127).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1][rows, columns]
    down, right = in_photo(window, rows, columns)
    ragged = mark.rim * (0.4 + 1.2 * noise_at(mark.seed + 5, down, right, max(6.0, 4 * mark.rim)))
    return np.asarray(np.clip((ragged - depth) / max(1.0, 0.3 * mark.rim) + 0.5, 0, 1), dtype=np.float32)


def _shadow(mark: Area, solid: Canvas) -> Canvas:
    """The shadow of an edge on the photo beside it."""
    right = round(mark.shadow_reach * np.cos(mark.shadow_turn))
    down = round(mark.shadow_reach * np.sin(mark.shadow_turn))
    return soften(shifted(solid, right, down), max(0.6, 0.6 * mark.shadow_reach))


def _specks(mark: Specks, height: int, width: int) -> Layer | None:
    listed = np.asarray(mark.specks)
    reach = float(listed[:, 2:4].max()) + 3 * mark.softness + 2
    window = Window.around(listed[:, :2], reach, height, width)
    if window is None:
        return None
    canvas = soften(draw_ellipses(window, mark.specks), mark.softness)
    rows, columns = places_of(canvas)
    shape = share(canvas, rows, columns)
    return Layer(window, rows, columns, shape, np.float32(mark.opacity) * shape, toned(mark.tone))


def _texture(mark: TextureMap, height: int, width: int, textures: Textures) -> Layer | None:
    texture = textures.read(mark.name)
    if texture.digest != mark.digest:
        raise DefectError(f"{mark.name}: the texture is not the one that the record was drawn with.")
    turned = np.rot90(texture.alpha[:, ::-1] if mark.mirrored else texture.alpha, mark.turns)
    wide, high = max(1, round(turned.shape[1] * mark.scale)), max(1, round(turned.shape[0] * mark.scale))
    top, left = max(0, mark.y), max(0, mark.x)
    bottom, right = min(height, mark.y + high), min(width, mark.x + wide)
    if bottom <= top or right <= left:
        return None
    way = cv2.INTER_AREA if mark.scale < 1 else cv2.INTER_LINEAR
    alpha = cv2.resize(np.ascontiguousarray(turned), (wide, high), interpolation=way)
    part = np.ascontiguousarray(alpha[top - mark.y : bottom - mark.y, left - mark.x : right - mark.x], dtype=np.uint8)
    rows, columns = places_of(part)
    shape = share(part, rows, columns)
    window = Window(top, left, bottom - top, right - left)
    return Layer(window, rows, columns, shape, np.float32(mark.opacity) * shape, toned(mark.tone))


def _text(mark: Text, height: int, width: int) -> Layer | None:
    scale = mark.size / 22
    (wide, high), below = cv2.getTextSize(mark.text, mark.font, scale, mark.thickness)
    along = np.array([np.cos(mark.turn), np.sin(mark.turn)])
    across = np.array([-along[1], along[0]])
    start = np.array([mark.x, mark.y])
    corners = [start + a * along + b * across for a in (0, wide) for b in (-high - 2, below + 2)]
    window = Window.around(corners, 2, height, width)
    if window is None:
        return None
    flat = np.zeros((high + below + 6, wide + 4), dtype=np.uint8)
    cv2.putText(flat, mark.text, (2, high + 3), mark.font, scale, 255, mark.thickness, cv2.LINE_AA)
    origin = start - (window.left, window.top) - 2 * along - (high + 3) * across
    turn = np.array([[along[0], across[0], origin[0]], [along[1], across[1], origin[1]]])
    canvas = np.asarray(cv2.warpAffine(flat, turn, (window.width, window.height)), dtype=np.uint8)
    rows, columns = places_of(canvas)
    shape = share(canvas, rows, columns)
    return Layer(window, rows, columns, shape, np.float32(mark.opacity) * shape, toned(mark.tone))


def _pattern(mark: Pattern, height: int, width: int) -> Layer | None:
    window = Window.around(mark.outline, 3 * mark.softness + 2, height, width)
    if window is None:
        return None
    canvas = soften(fill(window, (mark.outline,)), mark.softness)
    rows, columns = places_of(canvas)
    down, right = in_photo(window, rows, columns)
    pattern = pattern_at(mark.pattern, mark.period, mark.turn, down, right)
    shape = share(canvas, rows, columns)
    return Layer(window, rows, columns, shape, np.zeros_like(shape), toned((0, 0, 0)), mark.contrast * shape * pattern)
