"""What pays beside one threshold: a threshold per photo size, hysteresis, removal of specks, regions sure on average.

    HEIRLOOM_DATA=… python -m tests.benchmarks.bench_postprocessing [CHECKPOINT] [--pictures 48] [--json FILE]

Synthetic pictures of 256 to 512 pixels from `photos/val` and `textures/val` of HEIRLOOM_DATA, aged and damaged as in
training, go through the detector once. Then every way of making a mask from its probabilities is fitted to one half
of the pictures (the highest Dice over all their pixels or, where its name says so, the highest mean Dice) and judged on
the other, and the other way round: what has more settings fits better what it saw, and that is no gain. Each way's mean
Dice per picture is compared with that of the one threshold, picture by picture, with a bootstrap interval of the
difference. Real photos have no part in this.

Hysteresis (Canny 1986, section VI.B) keeps the regions above a low threshold that reach a high one somewhere; specks
are regions (8-connected) of fewer than so many pixels; regions are sure on average when their mean probability is so
high, for all photos the same or as is asked of each (`inference.regions`), fitted as a training does (the threshold by
the Dice over all pixels, then the certainty by the mean Dice), or both by the mean Dice.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from inference.detector import Detector
from inference.probability import LEVELS, quantise
from inference.regions import asked_certainty, reach, regions_at
from trainer.defects import DefectSettings, age_and_damage
from trainer.learning.clean import photos_in
from trainer.measuring.calibrating import CERTAINTIES
from trainer.measuring.metrics import interval_of_mean

SIDES = (256, 512)
LOWS = tuple(range(13, LEVELS, 11))
SPECKS = (1, 3, 5, 9, 17, 33, 65)
SIZE_CLASSES = (341, 427)
"""Sides at which small, medium and large pictures part."""
PAYS = 0.01
"""A smaller gain in Dice is not worth a setting."""


@dataclass(frozen=True)
class Setting:
    """Regions above `low` that reach `high`, have `least` pixels and a mean probability of `sure`, or what is asked of
    their photo then (`by_photo`).

    One threshold is low = high, least = 1, sure = 0.
    """

    low: int
    high: int
    least: int
    sure: float = 0.0
    by_photo: bool = False

    def __str__(self) -> str:
        reach = f"{(self.low - 0.5) / 255:.2f}"
        reach += f"→{(self.high - 0.5) / 255:.2f}" if self.high > self.low else ""
        reach += f" ≥{self.least} px" if self.least > 1 else ""
        return reach + (f" sure {self.sure:.2f}" if self.sure else "") + " by photo" * self.by_photo


@dataclass(frozen=True)
class Regions:
    """The regions above one level: their pixels, their hits, their highest level, their mean probability."""

    areas: np.ndarray
    hits: np.ndarray
    peaks: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class Picture:
    """What masks of one picture can be judged from."""

    side: int
    marked: int
    regions: dict[int, Regions]

    def counts(self, setting: Setting) -> np.ndarray:
        """Hits, found and marked pixels with a setting."""
        regions = self.regions[setting.low]
        sure = reach(regions.areas[regions.means >= setting.sure], self.side**2).sum()
        asked = asked_certainty(setting.sure, sure) if setting.by_photo else setting.sure
        kept = (regions.peaks >= setting.high) & (regions.areas >= setting.least) & (regions.means >= asked)
        return np.array([regions.hits[kept].sum(), regions.areas[kept].sum(), self.marked])


@dataclass(frozen=True)
class Judged:
    """One way of making masks, fitted on one half and judged on the other."""

    way: str
    fitted: list[str]
    pooled_dice: float
    mean_dice: float
    gain: float
    low: float
    high: float
    gain_damaged: float
    """Over the pictures with defects alone: on the others one false pixel takes Dice from 1 to 0."""

    @property
    def verdict(self) -> str:
        """`pays` only when the interval lies above nothing and the gain is worth a setting."""
        if self.low > 0 and self.gain >= PAYS:
            return "pays"
        return "costs" if self.high < 0 else "does not pay"


THRESHOLD = [Setting(low, low, 1) for low in LOWS]
SPECKLESS = [Setting(low, low, least) for low, least in product(LOWS, SPECKS)]
HYSTERESIS = [Setting(low, high, 1) for low, high in product(LOWS, LOWS) if high >= low]
SURE = [Setting(low, low, 1, float(sure)) for low, sure in product(LOWS, CERTAINTIES[::4])]
BY_PHOTO = [replace(each, by_photo=True) for each in SURE]
BOTH = [Setting(each.low, each.high, least) for each, least in product(HYSTERESIS, SPECKS)]

Way = Callable[[Sequence[Picture]], Callable[[Picture], Setting]]
"""Fits itself to pictures and says from then on which setting a picture gets."""


Score = Callable[[Sequence[Picture], Setting], float]


def pooled_dice(pictures: Sequence[Picture], setting: Setting) -> float:
    """Over all pixels of all pictures."""
    return dice(sum(picture.counts(setting) for picture in pictures))


def mean_dice(pictures: Sequence[Picture], setting: Setting) -> float:
    """The mean over pictures."""
    return float(np.mean([dice(picture.counts(setting)) for picture in pictures]))


def one_for_all(settings: Sequence[Setting], score: Score = pooled_dice) -> Way:
    """The one setting of these that is best for all pictures together."""

    def fit(pictures: Sequence[Picture]) -> Callable[[Picture], Setting]:
        best = max(settings, key=lambda setting: score(pictures, setting))
        return lambda _: best

    return fit


def sure_on_average(by_photo: bool) -> Way:
    """One threshold, and how sure its regions have to be."""

    def fit(pictures: Sequence[Picture]) -> Callable[[Picture], Setting]:
        threshold = one_for_all(THRESHOLD)(pictures)(pictures[0])
        sure = [replace(threshold, sure=float(certainty), by_photo=by_photo) for certainty in CERTAINTIES]
        return one_for_all(sure, mean_dice)(pictures)

    return fit


def by_size(pictures: Sequence[Picture]) -> Callable[[Picture], Setting]:
    """A threshold for each class of sizes."""
    fitted = {}
    for number in range(len(SIZE_CLASSES) + 1):
        alike = [picture for picture in pictures if _size_class(picture) == number] or pictures
        fitted[number] = one_for_all(THRESHOLD)(alike)(alike[0])
    return lambda picture: fitted[_size_class(picture)]


def _size_class(picture: Picture) -> int:
    return int(np.searchsorted(SIZE_CLASSES, picture.side))


WAYS: dict[str, Way] = {
    "one threshold": one_for_all(THRESHOLD),
    "one threshold, by mean Dice": one_for_all(THRESHOLD, mean_dice),
    "threshold per size": by_size,
    "without specks": one_for_all(SPECKLESS),
    "hysteresis": one_for_all(HYSTERESIS),
    "hysteresis, by mean Dice": one_for_all(HYSTERESIS, mean_dice),
    "hysteresis, without specks": one_for_all(BOTH),
    "regions sure on average": sure_on_average(by_photo=False),
    "regions sure, by mean Dice": one_for_all(SURE, mean_dice),
    "sure by the photo's damage": sure_on_average(by_photo=True),
    "the same, by mean Dice": one_for_all(BY_PHOTO, mean_dice),
}


def judge(pictures: Sequence[Picture]) -> list[Judged]:
    """Every way, each half judged with what the other half taught."""
    halves = pictures[::2], pictures[1::2]
    base: np.ndarray | None = None
    judged = []
    for name, way in WAYS.items():
        choices = [way(halves[1]), way(halves[0])]
        counts = [
            picture.counts(choice(picture)) for half, choice in zip(halves, choices, strict=True) for picture in half
        ]
        each = np.array([dice(count) for count in counts])
        base = each if base is None else base
        low, high = interval_of_mean(list(each - base))
        damaged = np.array([picture.marked > 0 for half in halves for picture in half])
        chosen = [
            ", ".join(dict.fromkeys(str(choice(picture)) for picture in sorted(half, key=lambda one: one.side)))
            for half, choice in zip(halves, choices, strict=True)
        ]
        judged.append(
            Judged(
                name,
                chosen,
                pooled_dice=dice(sum(counts)),
                mean_dice=float(each.mean()),
                gain=float((each - base).mean()),
                low=low,
                high=high,
                gain_damaged=float((each - base)[damaged].mean()),
            )
        )
    return judged


def dice(counts: "np.ndarray | int") -> float:
    """Of hits, found and marked pixels; nothing marked and nothing found is perfect."""
    hits, found, marked = np.asarray(counts)
    return float(2 * hits / (found + marked)) if found + marked else 1.0


def look(detector: Detector, pixels: np.ndarray, mask: np.ndarray) -> Picture:
    """All regions above every level of LOWS, of the picture in its own size."""
    probability = detector.looks(pixels)[0]
    levels = quantise(probability)
    seen = {}
    for low in LOWS:
        regions = regions_at(probability, (low - 0.5) / (LEVELS - 1))
        peaks = np.zeros(len(regions.sizes), np.uint8)
        np.maximum.at(peaks, regions.of, levels.ravel()[regions.places])
        hits = np.bincount(regions.of, weights=mask.ravel()[regions.places], minlength=len(peaks))
        seen[low] = Regions(regions.sizes, hits, peaks, regions.means)
    return Picture(pixels.shape[0], int(mask.sum()), seen)


def synthetic(data: Path, count: int) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Square crops of clean validation photos, aged and damaged; always the same."""
    photos = photos_in([str(data / "photos" / "val")])
    settings = DefectSettings(textures=str(data / "textures" / "val"))
    for seed in range(count):
        chance = np.random.default_rng((2029, seed))
        pixels = photos[seed % len(photos)].load()
        side = min(int(chance.integers(*SIDES, endpoint=True)), *pixels.shape[:2])
        top, left = (int(chance.integers(length - side + 1)) for length in pixels.shape[:2])
        crop = np.ascontiguousarray(pixels[top : top + side, left : left + side])
        damaged, mask, _ = age_and_damage(crop, int(chance.integers(2**31)), settings)
        yield damaged, mask


def main() -> None:
    """Print a table; with --json also write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?", help="without one, the shipped detector")
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    detector = Detector.load(options.checkpoint, certainty=0)
    data = Path(os.environ["HEIRLOOM_DATA"])
    pictures = [look(detector, pixels, mask) for pixels, mask in synthetic(data, options.pictures)]
    print(f"{detector.name}, {len(pictures)} pictures, {sum(picture.marked > 0 for picture in pictures)} with defects")
    found = judge(pictures)
    print(f"{'':<27} {'pooled':>7} {'mean':>7} {'gain':>8} {'95 % interval':>18} {'damaged':>8}  verdict")
    for each in found:
        span = f"{each.low:+.4f} … {each.high:+.4f}"
        print(
            f"{each.way:<27} {each.pooled_dice:>7.4f} {each.mean_dice:>7.4f} {each.gain:>+8.4f} {span:>18} "
            f"{each.gain_damaged:>+8.4f}  {each.verdict if each is not found[0] else ''}"
        )
        print(f"  fitted on each half: {' | '.join(each.fitted)}")
    if options.json:
        options.json.write_text(json.dumps([asdict(each) | {"verdict": each.verdict} for each in found], indent=2))


if __name__ == "__main__":
    main()
