"""What restoring costs: decoding, detector, fill and encoding by size and depth, with the peak of memory.

    python -m tests.benchmarks.bench_restore [--megapixels 1 12] [--detector] [--json FILE]

Every case runs in a process of its own, so that its peak is its own. The detector is left out unless asked for: on two
cores it takes minutes for a large photo.
"""

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from inference.fill import fill
from inference.photo import decode
from inference.png import encode_png


@dataclass(frozen=True)
class Figure:
    """Seconds of processor time per step, and the peak of memory in MiB after it."""

    megapixels: float
    bits: int
    step: str
    seconds: float
    peak: float


def measure(megapixels: float, bits: int, detector: bool) -> list[Figure]:
    """All steps on one photo of soft blobs and grain, 4:3, under a net of 40 scratches and 500 specks."""
    figures: list[Figure] = []

    def step(name: str, work: Callable[[], object]) -> object:
        begun = time.process_time()
        result = work()
        seconds, peak = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures.append(Figure(megapixels, bits, name, seconds, peak))
        return result

    source, mask = _photo(megapixels, bits), _mask(megapixels)
    data = step("encode", lambda: encode_png(source))
    photo = step("decode", lambda: decode(data, "photo.png"))
    step(f"fill {mask.mean():.1%}, telea", lambda: fill(photo, mask, "telea"))
    step(f"fill {mask.mean():.1%}, ns", lambda: fill(photo, mask, "ns"))
    if detector:
        from inference.detector import Detector

        loaded = Detector.load()
        step(f"detect, {loaded.name}", lambda: loaded.probability(photo.pixels))
    return figures


def _shape(megapixels: float) -> tuple[int, int]:
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    return height, height * 4 // 3


def _photo(megapixels: float, bits: int) -> np.ndarray:
    height, width = _shape(megapixels)
    rng = np.random.default_rng(0)
    blobs = cv2.resize(rng.integers(20, 230, (60, 80, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    blobs = cv2.add(blobs, rng.integers(0, 8, blobs.shape, np.uint8))
    return blobs if bits == 8 else blobs.astype(np.uint16) * 257


def _mask(megapixels: float) -> np.ndarray:
    height, width = _shape(megapixels)
    rng, mask = np.random.default_rng(1), np.zeros((height, width), np.uint8)
    for _ in range(40):
        start, end = ((int(rng.integers(width)), int(rng.integers(height))) for _ in range(2))
        cv2.line(mask, start, end, 1, int(rng.integers(2, 10)))
    for _ in range(500):
        cv2.circle(mask, (int(rng.integers(width)), int(rng.integers(height))), int(rng.integers(1, 8)), 1, -1)
    return mask.astype(bool)


def main() -> None:
    """Print a table; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12])
    parser.add_argument("--detector", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases = [(size, bits, options.detector) for size in options.megapixels for bits in (8, 16)]
    figures: list[Figure] = []
    for case in cases:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            figures += pool.apply(measure, case)
    print(f"{'MP':>6} {'bits':>4} {'step':<32} {'s':>8} {'MiB':>8}")
    for each in figures:
        print(f"{each.megapixels:>6g} {each.bits:>4} {each.step:<32} {each.seconds:>8.2f} {each.peak:>8.0f}")
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in figures], indent=2))


if __name__ == "__main__":
    main()
