"""What detectors cost, side by side: seconds per photo, arithmetic, and the peak of memory by the photo's size.

    python -m tests.benchmarks.bench_detector [MODEL …] [--sizes 512 1024] [--memory 512 1024 4096] [--rounds 3]

A MODEL is a checkpoint file, `shipped`, `albunet18` (the published network), `default` (the architecture that recipes
train unless told otherwise) or the name of an encoder; without a checkpoint its weights are random, which costs the
same. Time is that of the detector as it is used, tiles and all views included, in float32 and, where the hardware
multiplies it natively, in bfloat16: the median of rounds in which all models take turns, so that what else the machine
does hits them alike. With one thread it is processor time. Memory is measured in a process of its own per size.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

import inference.devices
from inference.checkpoint import load_checkpoint
from inference.detector import Detector
from inference.devices import has_native_bfloat16
from inference.names import ModelName
from inference.networks.detector import ALBUNET18, DetectorArchitecture, build_detector
from inference.networks.lean import fold_norms
from inference.shipped import shipped_path
from tests.support.memory import begin_peak, peak_memory

REFERENCE = "albunet18"
_COUNTED = 256
"""Side of the picture whose arithmetic is counted, pixels; that of larger ones grows with their area."""


@dataclass(frozen=True)
class Speed:
    """One model on photos of one size in one precision; `ratio` is how many times faster it is than the reference."""

    model: str
    size: int
    precision: str
    seconds: float
    ratio: float | None
    gflop: float
    """Of both passes, a multiplication and an addition counted as two."""


@dataclass(frozen=True)
class Memory:
    """By how much the process's peak grew while it looked at one photo, MiB; the result is part of it."""

    model: str
    size: int
    mebibytes: float


def detector_of(model: str) -> Detector:
    """The detector that a word of the command line means, on the CPU, as loading makes it."""
    if model == "shipped" or Path(model).is_file():
        return Detector.load(shipped_path("detector") if model == "shipped" else Path(model), device="cpu")
    network = build_detector(_architecture(model)).eval()
    fold_norms(network)
    return Detector(network, 0.5, ModelName(model, "random", "file"), device="cpu")


def _architecture(model: str) -> DetectorArchitecture:
    if model == REFERENCE:
        return ALBUNET18
    if model == "default":
        return DetectorArchitecture()
    return DetectorArchitecture(model, 5, (256, 128, 64, 32, 16))


def gflop(model: str) -> float:
    """Arithmetic of one pass over a photo of _COUNTED² pixels, 10⁹ operations."""
    if model == "shipped" or Path(model).is_file():
        path = shipped_path("detector") if model == "shipped" else Path(model)
        architecture = DetectorArchitecture.from_dict(load_checkpoint(path).architecture)
    else:
        architecture = _architecture(model)
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        build_detector(architecture).eval()(torch.zeros(1, 3, _COUNTED, _COUNTED))
    return float(counter.get_total_flops()) / 1e9


def speeds(models: list[str], sizes: list[int], rounds: int, threads: int) -> list[Speed]:
    """All models on photos of all sizes, in float32 and in the best precision there is."""
    torch.set_num_threads(threads)
    detectors = {model: detector_of(model) for model in models}
    arithmetic = {model: gflop(model) for model in models}
    found = []
    for size in sizes:
        pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
        for precision in ("float32", "bfloat16") if has_native_bfloat16("cpu") else ("float32",):
            seconds = _take_turns(detectors, pixels, precision, rounds, threads)
            for model, needed in seconds.items():
                ratio = seconds[REFERENCE] / needed if REFERENCE in seconds else None
                work = 2 * arithmetic[model] * (size / _COUNTED) ** 2
                found.append(Speed(model, size, precision, needed, ratio, work))
    return found


def _take_turns(
    detectors: dict[str, Detector], pixels: np.ndarray, precision: str, rounds: int, threads: int
) -> dict[str, float]:
    """The median of the seconds that each needs; a first round, which prepares kernels, is left out."""
    clock = time.process_time if threads == 1 else time.perf_counter
    needed: dict[str, list[float]] = {model: [] for model in detectors}
    exact = patch.object(inference.devices, "has_native_bfloat16", return_value=False)
    with exact if precision == "float32" else nullcontext():
        for _ in range(rounds + 1):
            for model, detector in detectors.items():
                begun = clock()
                detector.probability(pixels)
                needed[model].append(clock() - begun)
    return {model: statistics.median(values[1:]) for model, values in needed.items()}


def memory(model: str, size: int) -> Memory:
    """Run it in a process of its own."""
    torch.set_num_threads(1)
    detector = detector_of(model)
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    detector.probability(pixels[:64, :64])
    before = begin_peak()
    detector.probability(pixels)
    return Memory(model, size, peak_memory() - before)


def main() -> None:
    """Print the tables; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[REFERENCE, "default", "shipped"], metavar="MODEL")
    parser.add_argument("--sizes", type=int, nargs="*", default=[512, 1024])
    parser.add_argument("--memory", type=int, nargs="*", default=[512, 1024, 4096])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    print(f"{options.threads} thread(s), load {os.getloadavg()[0]:.1f}, bfloat16 native: {has_native_bfloat16('cpu')}")
    timed = speeds(options.models, options.sizes, options.rounds, options.threads)
    print(f"{'model':<24} {'size':>5} {'precision':<9} {'s':>8} {'GFLOP':>7} {'times faster than ' + REFERENCE:>28}")
    for each in timed:
        ratio = f"{each.ratio:.2f}" if each.ratio else "–"
        print(
            f"{Path(each.model).name:<24} {each.size:>5} {each.precision:<9} {each.seconds:>8.2f} {each.gflop:>7.0f} "
            f"{ratio:>28}"
        )
    remembered = []
    print(f"\n{'model':<24} {'size':>5} {'growth, MiB':>12}")
    for model in options.models:
        for size in options.memory:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                remembered.append(pool.apply(memory, (model, size)))
            print(f"{Path(model).name:<24} {size:>5} {remembered[-1].mebibytes:>12.0f}")
    if options.json:
        figures = {"speed": [asdict(each) for each in timed], "memory": [asdict(each) for each in remembered]}
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
