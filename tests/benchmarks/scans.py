"""Validation photos with synthetic defects, in their own size and as scans, always the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from inference.arrays import Mask, Pixels
from trainer.defects import DefectSettings, age_and_damage, make_again, open_textures
from trainer.detecting.recipe import DetectorRecipe
from trainer.learning.clean import photos_in
from trainer.learning.reading import load_recipe


@dataclass(frozen=True)
class Scan:
    """A damaged photo, what it was before, and where it is damaged."""

    way: str
    damaged: Pixels
    whole: Pixels
    mask: Mask


def scans(data: Path, count: int, largest: float) -> Iterable[Scan]:
    """Photos as scans of one to `largest` times their side, by turns *enlarged* and *sharp*."""
    settings = DefectSettings(textures=str(data / "textures" / "val"), intact=0.2, lookalikes=1.8)
    return _drawn(data, count, largest, ("enlarged", "sharp"), settings, series=2031)


def mixed(data: Path, count: int, largest: float) -> Iterable[Scan]:
    """Every second photo in its own size, the others as `scans` are; damaged as in the shipped detector's last leg."""
    recipe = load_recipe(DetectorRecipe, Path("shipped-detector-people"))
    settings = replace(recipe.defects, textures=str(data / "textures" / "val"))
    return _drawn(data, count, largest, ("own", "enlarged", "own", "sharp"), settings, series=2032)


def _drawn(
    data: Path, count: int, largest: float, ways: Sequence[str], settings: DefectSettings, *, series: int
) -> Iterable[Scan]:
    photos = photos_in([str(data / "photos" / "val"), str(data / "portraits" / "val")])
    for seed in range(count):
        chance = np.random.default_rng((series, seed))
        pixels = photos[int(chance.integers(len(photos)))].load()
        times = largest ** chance.random()
        size = [round(times * side) for side in pixels.shape[1::-1]]
        drawn = int(chance.integers(2**31))
        way = ways[seed % len(ways)]
        if way == "sharp":
            yield damaged(way, cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), drawn, settings)
        else:
            scan = damaged(way, pixels, drawn, settings)
            yield scan if way == "own" else _scanned(scan, size, chance)


def damaged(way: str, pixels: Pixels, seed: int, settings: DefectSettings) -> Scan:
    """A photo `uint8 H×W×3` aged and damaged, beside the same aged alone."""
    shown, mask, record = age_and_damage(np.ascontiguousarray(pixels), seed, settings)
    whole, _ = make_again(pixels, replace(record, defects=()), open_textures(settings.textures))
    return Scan(way, shown, whole, mask)


def _scanned(small: Scan, size: Sequence[int], chance: np.random.Generator) -> Scan:
    noise = chance.normal(0, 2, size[::-1])[..., None]

    def scanned(pixels: Pixels) -> Pixels:
        return np.clip(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC) + noise, 0, 255).astype(np.uint8)

    mask = cv2.resize(small.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(np.bool_)
    return Scan(small.way, scanned(small.damaged), scanned(small.whole), mask)
