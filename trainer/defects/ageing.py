"""Ageing of prints and what scanners add. It is no defect: the mask never shows it."""

import cv2
import numpy as np
import numpy.typing as npt

from inference.arrays import Field, Pixels
from trainer.defects.noise import smooth_noise
from trainer.defects.patterns import pattern_at
from trainer.defects.records import Ageing, Tone

_SILVER: Tone = (0.75, 0.9, 1.0)
"""Silvering shines bluish."""


def age_print(pixels: Pixels, ageing: Ageing) -> Pixels:
    """What time does before the damage: grey, soft focus, fading, uneven light, grain, dots, paper, fine specks, cast,
    silvering. `uint8 H×W×3` RGB."""
    base = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8) if ageing.grey else pixels
    if ageing.focus > 0:
        base = np.asarray(cv2.GaussianBlur(base, (0, 0), ageing.focus), dtype=np.uint8)
    tones = _tone_curve(ageing)
    light, texture = _light(ageing, *base.shape[:2]), _texture(ageing, *base.shape[:2])
    if light is None and texture is None:
        aged = np.asarray(cv2.LUT(base, _levels(tones)), dtype=np.uint8)
    else:
        levels = np.asarray(cv2.LUT(base, tones), dtype=np.float32)
        if light is not None:
            levels *= _for(base, light)
        aged = _levels(levels if texture is None else levels + _for(base, texture))
    if ageing.halftone > 0:
        aged = _halftone(aged, ageing)
    toned = np.asarray(cv2.LUT(cv2.cvtColor(aged, cv2.COLOR_GRAY2RGB) if ageing.grey else aged, _cast(ageing)))
    return _silvered(toned.astype(np.uint8, copy=False), ageing) if ageing.silver > 0 else toned.astype(np.uint8)


def scan(pixels: Pixels, ageing: Ageing) -> Pixels:
    """What a copy and the scanner add after the damage: tone, softness, noise, bands, JPEG. `uint8 H×W×3` RGB."""
    scanned = pixels
    if ageing.scan_gamma != 1 or ageing.scan_cast != (1.0, 1.0, 1.0):
        shares = np.power(np.arange(256, dtype=np.float32)[:, None] / 255, np.float32(ageing.scan_gamma))
        table = _levels(255 * shares * np.asarray(ageing.scan_cast, dtype=np.float32))
        scanned = np.asarray(cv2.LUT(scanned, table[None]), dtype=np.uint8)
    if ageing.scan_focus > 0:
        scanned = np.asarray(cv2.GaussianBlur(scanned, (0, 0), ageing.scan_focus), dtype=np.uint8)
    if ageing.scan_noise > 0 or ageing.banding > 0:
        scanned = _add(scanned, _scanner_noise(ageing, *pixels.shape[:2]))
    return _jpeg(scanned, ageing.jpeg_quality) if ageing.jpeg_quality else scanned


def _tone_curve(ageing: Ageing) -> Field:
    """Gamma and fading as one table, `float32 1×256`."""
    levels = np.arange(256, dtype=np.float32) / 255
    faded = ageing.black + np.power(levels, np.float32(ageing.gamma)) * (ageing.white - ageing.black)
    return np.asarray(faded, dtype=np.float32)[None]


def _cast(ageing: Ageing) -> Pixels:
    """Toning and cast as one table, `uint8 1×256×3`."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    toned = np.power(levels, np.asarray(ageing.toning, dtype=np.float32)) * 255
    return _levels(toned * np.asarray(ageing.cast, dtype=np.float32))[None]


def _light(ageing: Ageing, height: int, width: int) -> Field | None:
    """Gain per pixel by uneven light and vignetting, or None."""
    if ageing.uneven <= 0 and ageing.vignette == 0:
        return None
    rows, columns = max(2, height // 8), max(2, width // 8)
    field = np.ones((rows, columns), dtype=np.float32)
    if ageing.uneven > 0:
        field += 2 * ageing.uneven * (smooth_noise(ageing.seed, rows, columns, 0.6 * max(rows, columns)) - 0.5)
    if ageing.vignette != 0:
        field *= 1 - np.float32(ageing.vignette) * _away_from_middle(rows, columns)
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _away_from_middle(height: int, width: int) -> Field:
    """0 in the middle, 1 in the corners."""
    down, right = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    return np.asarray((down[:, None] ** 2 + right[None] ** 2) / 2, dtype=np.float32)


def _texture(ageing: Ageing, height: int, width: int) -> Field | None:
    """Levels that grain, paper and fine specks add, or None."""
    if ageing.grain <= 0 and ageing.specks <= 0 and not ageing.paper:
        return None
    field = _grain(ageing, height, width)
    if ageing.paper:
        turn = float(np.random.default_rng(ageing.seed + 3).uniform(-0.2, 0.2))
        pattern = pattern_at(ageing.paper, ageing.paper_period, turn, *_grid(height, width))
        field += np.float32(ageing.paper_contrast) * pattern
    if ageing.specks > 0:
        chance = np.random.default_rng(ageing.seed + 4)
        count = int(ageing.specks * height * width)
        places = chance.integers(height * width, size=count)
        field.ravel()[places] += ageing.speck_contrast * chance.uniform(0.3, 1, count).astype(np.float32)
    return field


def _grid(height: int, width: int) -> tuple[Field, Field]:
    """Rows and columns, to be broadcast over each other."""
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]


def _grain(ageing: Ageing, height: int, width: int) -> Field:
    if ageing.grain <= 0:
        return np.zeros((height, width), dtype=np.float32)
    rows, columns = max(1, round(height / ageing.grain_size)), max(1, round(width / ageing.grain_size))
    grain = np.random.default_rng(ageing.seed + 1).standard_normal((rows, columns), dtype=np.float32)
    grain *= np.float32(ageing.grain)
    return np.asarray(cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _for(pixels: Pixels, field: Field) -> Field:
    """A field for each channel that the pixels have."""
    return field if pixels.ndim == 2 else np.asarray(cv2.merge([field] * 3), dtype=np.float32)


def _halftone(aged: Pixels, ageing: Ageing) -> Pixels:
    """Ink in dots: a screen at 45 degrees decides where, softened by the print."""
    height, width = aged.shape[:2]
    screen = 340 * pattern_at("weave", 1.4 * ageing.halftone, np.pi / 4, *_grid(height, width))
    inked = _add(aged, _for(aged, screen))
    return np.asarray(cv2.addWeighted(inked, 0.5, aged, 0.5, 0), dtype=np.uint8)


def _silvered(toned: Pixels, ageing: Ageing) -> Pixels:
    """A bluish sheen where the print is dark, most of all towards its borders, in patches."""
    height, width = toned.shape[:2]
    rows, columns = max(2, height // 4), max(2, width // 4)
    patches = smooth_noise(ageing.seed + 5, rows, columns, 0.25 * max(rows, columns))
    sheen = np.clip(1.6 * _away_from_middle(rows, columns) + 0.9 * (patches - 0.6), 0, 1) * np.float32(ageing.silver)
    sheen = np.asarray(cv2.resize(sheen, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    darkness = 1 - cv2.cvtColor(toned, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    sheen *= darkness * darkness
    return _add(toned, np.asarray(cv2.merge([np.float32(gain) * sheen for gain in _SILVER]), dtype=np.float32))


def _scanner_noise(ageing: Ageing, height: int, width: int) -> Field:
    """Noise of its own in each channel, and bands across, `float32 H×W×3`."""
    chance = np.random.default_rng(ageing.seed + 2)
    plain = chance.standard_normal((height, width), dtype=np.float32)
    plain *= np.float32(ageing.scan_noise)
    if ageing.banding > 0:
        plain += np.float32(2 * ageing.banding) * (smooth_noise(ageing.seed + 6, height, 2, 40)[:, :1] - 0.5)
    channels = [plain, np.roll(plain, (0, 31), (0, 1)), np.roll(plain, (0, 77), (0, 1))]
    return np.asarray(cv2.merge(channels), dtype=np.float32)


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def _levels(values: npt.NDArray[np.float32]) -> Pixels:
    return np.asarray(cv2.addWeighted(values, 1, values, 0, 0, dtype=cv2.CV_8U), dtype=np.uint8)


def _add(pixels: Pixels, levels: Field) -> Pixels:
    """Pixels and levels added, rounded and kept inside 0 to 255."""
    return np.asarray(cv2.add(pixels, levels, dtype=cv2.CV_8U), dtype=np.uint8)
