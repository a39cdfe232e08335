"""How fast synthetic defects are drawn: pictures per second of one core, by size, and what each kind costs.

    python -m tests.benchmarks.bench_defects [--sizes 512 1024] [--pictures 24] [--kinds]

Times are of the processor, on one thread, so that a busy machine changes them little. The photo is a packaged one,
scaled to the size; textures are our own unless HEIRLOOM_DATA names a folder with some.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from trainer.defects import AgeingSettings, DefectSettings, age_and_damage
from trainer.defects.settings import KINDS, RATES
from trainer.learning.clean import packaged_photos

TARGET = 3.0
"""Pictures of 1024² per second of one core."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--pictures", type=int, default=24, help="per row")
    parser.add_argument("--kinds", action="store_true", help="also each kind alone, at the last size")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = DefectSettings(textures=_textures())
    print(f"load {os.getloadavg()[0]:.1f}, textures: {settings.textures or 'our own'}")
    for size in arguments.sizes:
        rate = 1 / _seconds(size, settings, arguments.pictures)
        times = f", {rate / TARGET:.1f} times the target" if size == 1024 else ""
        print(f"{size:>5}²  {rate:6.1f} pictures per core-second{times}")
    if arguments.kinds:
        _print_kinds(arguments.sizes[-1], settings, arguments.pictures)


def _print_kinds(size: int, settings: DefectSettings, pictures: int) -> None:
    """What one of each kind adds to a picture that only ages, and what ageing costs."""
    unaged = AgeingSettings(strength=0, grey=0, cast=0, jpeg=0)
    none = replace(settings, **dict.fromkeys(RATES, 0.0))
    bare = _seconds(size, replace(none, ageing=unaged), pictures)
    print(f"\nat {size}², milliseconds of one core")
    print(f"{'ageing and scan':<16} {1e3 * (_seconds(size, none, pictures) - bare):6.1f}")
    for kind in (*KINDS, "lookalikes"):
        one = replace(none, **{kind: 4.0}, intact=0.0, largest_defect=1.0, covered_share=1.0, ageing=unaged)
        drawn = sum(len(record.defects) + len(record.lookalikes) for record in _records(size, one, pictures))
        each = (_seconds(size, one, pictures) - bare) * pictures / max(1, drawn)
        print(f"{kind:<16} {1e3 * each:6.1f} each")


def _records(size: int, settings: DefectSettings, pictures: int) -> list:
    photo = _photo(size)
    return [age_and_damage(photo, seed, settings)[2] for seed in range(pictures)]


def _seconds(size: int, settings: DefectSettings, pictures: int) -> float:
    """Processor time per picture."""
    photo = _photo(size)
    age_and_damage(photo, 0, settings)
    begun = time.process_time()
    for seed in range(pictures):
        age_and_damage(photo, seed, settings)
    return (time.process_time() - begun) / pictures


def _photo(size: int) -> np.ndarray:
    pixels = next(photo for photo in packaged_photos() if photo.name == "astronaut").load()
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def _textures() -> str:
    folder = Path(os.environ.get("HEIRLOOM_DATA", "")) / "textures" / "train"
    return str(folder) if folder.is_dir() else ""


if __name__ == "__main__":
    main()
