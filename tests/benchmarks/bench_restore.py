"""What the whole way of a photo costs: from its file to the four pictures, by size, depth and share of defects.

    python -m tests.benchmarks.bench_restore [--sizes 1.05 24] [--bits 8] [--shares 0 0.01 0.05 0.2]
        [--method telea|ns] [--threads 1] [--json FILE]

Photos are 4:3, of soft blobs and grain; 1.05 megapixels are those of 1024². The detector looks at them as always, and
its answer is then replaced by a mask of scratches and specks of the wanted share, so that filling has that much to do.
The models are the shipped ones; where none ships, one with random weights, which costs the same, and the table says so.
Every case runs in a process of its own, so that its peak is its own. With one thread, stages are told in processor
time, since the machine may do other things as well; the whole is told in wall time too.
"""

import argparse
import json
import multiprocessing
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.colorizer import LARGEST_SIDE, Colorizer
from inference.decoding import decode
from inference.detector import Detector
from inference.errors import CheckpointError
from inference.fill import ClassicalInpainter
from inference.inpainter import Inpainter
from inference.memory import give_back
from inference.methods import FillMethod
from inference.names import ModelName
from inference.networks.colorizer import ColorizerArchitecture, build_colorizer
from inference.networks.inpainter import InpainterArchitecture, build_inpainter
from inference.networks.lean import fold_norms
from inference.png import encode_png
from inference.restorer import Restorer
from inference.restoring import Restoring
from inference.results import made_by
from tests.support.memory import begin_peak, peak_memory

_LARGEST_HOLE = 256
STAGES = ("read", "detect", "fill", "color", "restored_color", "write")


@dataclass(frozen=True)
class Case:
    """One photo: its size in megapixels, bits of a sample, and the share of it that is marked."""

    megapixels: float
    bits: int
    share: float


@dataclass(frozen=True)
class Figure:
    """What one photo cost, by which models."""

    case: Case
    models: dict[str, str]
    stages: dict[str, float]
    """Seconds; of processor time if there was one thread."""
    seconds: float
    """Of wall time, as are photos a minute."""
    processor_seconds: float
    loaded: float
    """Memory in MiB before it: Python, torch, models, and the bench's own mask."""
    peak: float
    """Peak of memory in MiB, all in all."""


class Marked(Detector):
    """A detector that does all its work and then answers what it is told to."""

    answer: NDArray[np.float32]

    def probability(self, pixels: NDArray[np.uint8], progress: Any = None) -> NDArray[np.float32]:
        super().probability(pixels, progress)
        return self.answer


def measure(case: Case, method: FillMethod | None, threads: int) -> Figure:
    """Run it in a process of its own."""
    detector = Marked.load(threads=threads, device="cpu")
    restorer = Restorer(detector, _inpainter(method), _colorizer())
    source = photo(case)
    warm = decode(encode_png(source[:128, :128]), "warm.png")
    detector.answer = np.eye(128, dtype=np.float32)
    restorer.restore(warm)
    by = made_by(restorer.models, {}, {"threshold": restorer.threshold, "saturation": 1.0})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "photo.png"
        path.write_bytes(encode_png(source))
        detector.answer = mask(source.shape[:2], case.share).astype(np.float32)
        del source
        step = Restoring([(path, Path(folder) / "out" / "photo")], restorer, by, resume=False).step
        give_back()
        loaded = begin_peak()
        began, worked = time.monotonic(), time.process_time()
        with patch.object(time, "perf_counter", time.process_time) if threads == 1 else nullcontext():
            done = step(0, lambda _: None)
        seconds, processor = time.monotonic() - began, time.process_time() - worked
    return Figure(case, done.models, done.seconds, seconds, processor, loaded, peak_memory())


def _inpainter(method: FillMethod | None) -> Any:
    if method:
        return ClassicalInpainter(method)
    try:
        return Inpainter.load(device="cpu")
    except CheckpointError:
        network = build_inpainter(InpainterArchitecture())
        return Inpainter(network, _LARGEST_HOLE, ModelName("inpainter", "random weights", "file"), device="cpu")


def _colorizer() -> Colorizer:
    try:
        return Colorizer.load(device="cpu")
    except CheckpointError:
        network = build_colorizer(ColorizerArchitecture()).eval()
        fold_norms(network)
        return Colorizer(network, LARGEST_SIDE, ModelName("colorizer", "random weights", "file"), device="cpu")


def photo(case: Case) -> Any:
    """Soft blobs and grain in three channels."""
    height = round((case.megapixels * 1e6 * 3 / 4) ** 0.5)
    size = (height * 4 // 3, height)
    rng = np.random.default_rng(0)
    blobs = cv2.resize(rng.integers(20, 230, (60, 80, 3), np.uint8), size, interpolation=cv2.INTER_CUBIC)
    blobs = cv2.add(blobs, rng.integers(0, 8, blobs.shape, np.uint8))
    return blobs if case.bits == 8 else blobs.astype(np.uint16) * 257


def mask(size: tuple[int, ...], share: float) -> NDArray[np.bool_]:
    """Scratches, and three times as many specks, as wide for the photo whatever its size, until `share` is marked."""
    height, width = size[:2]
    rng, marked = np.random.default_rng(1), np.zeros((height, width), np.uint8)
    point = lambda: (int(rng.integers(width)), int(rng.integers(height)))  # noqa: E731
    while marked.mean() < share:
        for _ in range(4):
            cv2.line(marked, point(), point(), 1, max(1, round(height * rng.uniform(0.001, 0.006))))
        for _ in range(12):
            cv2.circle(marked, point(), max(1, round(height * rng.uniform(0.001, 0.006))), 1, -1)
    return marked.astype(np.bool_)


def _line(figure: Figure) -> str:
    stages = " ".join(f"{figure.stages.get(stage, 0):>{max(len(stage), 7)}.2f}" for stage in STAGES)
    case = figure.case
    return (
        f"{case.megapixels:>6g} {case.bits:>4} {case.share:>6.1%} {stages} {figure.seconds:>8.2f} "
        f"{figure.processor_seconds:>8.2f} {60 / figure.seconds:>8.2f} {figure.peak:>9.0f} "
        f"{figure.peak - figure.loaded:>7.0f}"
    )


def main() -> None:
    """Print a table; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1024 * 1024 / 1e6, 24], metavar="MEGAPIXELS")
    parser.add_argument("--bits", type=int, nargs="+", default=[8], choices=(8, 16))
    parser.add_argument("--shares", type=float, nargs="+", default=[0, 0.01, 0.05, 0.2])
    parser.add_argument("--method", choices=("telea", "ns"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cases = [Case(*values) for values in product(options.sizes, options.bits, options.shares)]
    headings = " ".join(f"{stage:>{max(len(stage), 7)}}" for stage in STAGES)
    print(f"{options.threads} thread(s)\n{'MP':>6} {'bits':>4} {'marked':>6} {headings} {'wall, s':>8} ", end="")
    print(f"{'CPU, s':>8} {'a minute':>8} {'peak, MiB':>9} {'growth':>7}")
    figures: list[Figure] = []
    for case in cases:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            figures.append(pool.apply(partial(measure, case, options.method, options.threads)))
        print(_line(figures[-1]), flush=True)
    print(", ".join(figures[-1].models.values()))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in figures], indent=2))


if __name__ == "__main__":
    main()
