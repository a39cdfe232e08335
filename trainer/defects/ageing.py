"""Ageing of prints and what scanners add. It is no defect: the mask never shows it."""

import cv2
import numpy as np
import numpy.typing as npt

from trainer.defects.noise import smooth_noise
from trainer.defects.records import Ageing, Tone
from trainer.defects.settings import AgeingSettings

Pixels = npt.NDArray[np.uint8]


def draw_ageing(chance: np.random.Generator, settings: AgeingSettings) -> Ageing:
    """Draw how a print aged and was scanned."""
    strength = settings.strength
    grey = bool(chance.random() < settings.grey * min(1.0, 2 * strength))
    cast = _draw_cast(chance, grey) if chance.random() < settings.cast * min(1.0, 2 * strength) else (1.0, 1.0, 1.0)
    jpeg = bool(chance.random() < settings.jpeg) and strength > 0
    return Ageing(
        seed=int(chance.integers(2**31)),
        grey=grey,
        cast=cast,
        black=float(chance.uniform(0, 55) * chance.random() * strength),
        white=float(255 - chance.uniform(0, 70) * chance.random() * strength),
        gamma=float(1 + chance.uniform(-0.4, 0.6) * strength),
        uneven=float(chance.uniform(0, 0.3) * chance.random() * strength),
        focus=float(max(0.0, chance.uniform(-0.7, 1.4)) * strength),
        grain=float(max(0.0, chance.uniform(-3, 11)) * strength),
        grain_size=float(chance.uniform(1, 2.4)),
        scan_focus=float(max(0.0, chance.uniform(-0.4, 0.8)) * strength),
        scan_noise=float(max(0.0, chance.uniform(-2, 3)) * strength),
        jpeg_quality=int(chance.integers(45, 97)) if jpeg else 0,
    )


def _draw_cast(chance: np.random.Generator, grey: bool) -> Tone:
    if grey:
        warmth = float(chance.uniform(0, 0.5))
        return (1.0, 1 - 0.35 * warmth - float(chance.uniform(0, 0.06)), 1 - warmth)
    gains = chance.uniform(0.78, 1.0, size=3)
    return (float(gains[0]), float(gains[1]), float(gains[2]))


def age_print(pixels: Pixels, ageing: Ageing) -> Pixels:
    """What time does before the damage: grey, fading, cast, uneven light, soft focus, grain. `uint8 H×W×3` RGB."""
    height, width = pixels.shape[:2]
    base = cv2.merge([cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)] * 3) if ageing.grey else pixels
    levels = np.asarray(cv2.LUT(base, _tone_curves(ageing)), dtype=np.float32)
    if ageing.uneven > 0:
        light = smooth_noise(ageing.seed, height, width, 0.6 * max(height, width)) - 0.5
        levels *= (1 + 2 * ageing.uneven * light)[..., None]
    if ageing.focus > 0:
        levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), ageing.focus), dtype=np.float32)
    if ageing.grain > 0:
        levels += _grain(ageing, height, width)[..., None]
    return _levels(levels)


def scan(pixels: Pixels, ageing: Ageing) -> Pixels:
    """What the scanner adds after the damage: softness, noise, JPEG. `uint8 H×W×3` RGB."""
    scanned = pixels
    if ageing.scan_focus > 0:
        scanned = np.asarray(cv2.GaussianBlur(scanned, (0, 0), ageing.scan_focus), dtype=np.uint8)
    if ageing.scan_noise > 0:
        noise = np.random.default_rng(ageing.seed + 2).standard_normal(pixels.shape, dtype=np.float32)
        scanned = _levels(scanned + np.float32(ageing.scan_noise) * noise)
    return _jpeg(scanned, ageing.jpeg_quality) if ageing.jpeg_quality else scanned


def _tone_curves(ageing: Ageing) -> npt.NDArray[np.float32]:
    """Gamma, fading and cast as one table, `float32 1×256×3`."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 255
    faded = ageing.black + np.power(levels, np.float32(ageing.gamma)) * (ageing.white - ageing.black)
    return np.asarray(faded * np.asarray(ageing.cast, dtype=np.float32), dtype=np.float32)[None]


def _grain(ageing: Ageing, height: int, width: int) -> npt.NDArray[np.float32]:
    rows, columns = max(1, round(height / ageing.grain_size)), max(1, round(width / ageing.grain_size))
    grain = np.random.default_rng(ageing.seed + 1).standard_normal((rows, columns), dtype=np.float32)
    return (ageing.grain * cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)).astype(np.float32)


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)[..., ::-1])


def _levels(values: npt.NDArray[np.float32]) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(np.maximum(values, 0)), dtype=np.uint8)
