"""What colouring costs: a photo through the colorizer as it is used, beside the same network in eager float32.

    python -m tests.benchmarks.bench_colorizer [MODEL …] [--size 512] [--rounds 5] [--threads 1] [--memory 4096 10000]

A MODEL is a checkpoint file, `shipped`, `default` (the architecture that recipes train unless told otherwise) or
`resnet50` (the published one); without a checkpoint the weights are random, which costs the same. Three ways take
turns, so that what else the machine does hits them alike, and the median of the rounds counts: the plain network
(float32, channels first, norms apart), the network as it is used (folded norms, channels last, bfloat16 where the
hardware has it), and the whole of `Colorizer.colour` of an 8-bit RGB photo. How alike the chroma of the first two is,
as PSNR of the range of 1, stands beside. With one thread time is processor time. Memory is measured in a process of its
own per size.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from inference.checkpoint import load_checkpoint
from inference.colorizer import LARGEST_SIDE, Colorizer
from inference.devices import has_native_bfloat16
from inference.names import ModelName
from inference.networks.colorizer import RESNET50, ColorizerArchitecture, ColorizerNetwork, build_colorizer
from inference.networks.lean import fold_norms
from inference.photo import Photo
from inference.shipped import shipped_path
from tests.support.memory import begin_peak, peak_memory

ARCHITECTURES = {"default": ColorizerArchitecture(), "resnet50": RESNET50}


@dataclass(frozen=True)
class Speed:
    """One model on a photo of `size`² pixels, all of which the network sees."""

    model: str
    size: int
    plain: float
    """Seconds of the network in eager float32."""
    used: float
    """Seconds of the network as it is used."""
    whole: float
    """Seconds of colouring the photo."""
    psnr: float
    """Of the chroma as it is used against the plain one, dB."""
    parameters: int


def network_of(model: str) -> ColorizerNetwork:
    """The network that a word of the command line means, as it was trained."""
    torch.manual_seed(0)
    if model in ARCHITECTURES:
        return build_colorizer(ARCHITECTURES[model]).eval()
    checkpoint = load_checkpoint(shipped_path("colorizer") if model == "shipped" else Path(model))
    network = build_colorizer(ColorizerArchitecture.from_dict(checkpoint.architecture)).eval()
    network.load_state_dict(checkpoint.state)
    return network


def colorizer_of(model: str) -> Colorizer:
    """The same network as loading makes it, on the CPU, for the largest pictures."""
    network = network_of(model)
    fold_norms(network)
    return Colorizer(network, LARGEST_SIDE, ModelName(model, "bench", "file"), device="cpu")


def speed(model: str, size: int, rounds: int, threads: int) -> Speed:
    """The three ways in turns; a first round, which prepares kernels, is left out."""
    torch.set_num_threads(threads)
    plain, used = network_of(model), colorizer_of(model)
    photo = photo_of(size)
    luma = photo.pixels[..., 1].astype(np.float32) / np.float32(255)
    answers: dict[str, np.ndarray] = {}

    def eager() -> None:
        with torch.inference_mode():
            answers["plain"] = plain(torch.from_numpy(luma)[None, None])[0].permute(1, 2, 0).numpy()

    def lean() -> None:
        answers["used"] = used.chroma(luma)

    ways = {"plain": eager, "used": lean, "whole": lambda: used.colour(photo)}
    seconds = _take_turns(ways, rounds, threads)
    error = float(((answers["plain"] - answers["used"]) ** 2).mean())
    psnr = 10 * np.log10(1 / max(error, 1e-12))
    count = sum(weights.numel() for weights in plain.parameters())
    return Speed(model, size, **seconds, psnr=float(psnr), parameters=count)


def photo_of(size: int) -> Photo:
    """A smooth 8-bit RGB photo with some grain."""
    chance = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size] / size
    light = 120 + 60 * np.sin(9 * rows) * np.cos(7 * columns) + chance.normal(0, 8, (size, size))
    pixels = np.repeat(np.clip(light, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return Photo(pixels, pixels, "bench", "PNG")


def memory(model: str, size: int) -> float:
    """By how much the process's memory grew at most while it coloured one photo, MiB; the result is part of it."""
    torch.set_num_threads(1)
    colorizer, photo = colorizer_of(model), photo_of(size)
    colorizer.colour(photo_of(LARGEST_SIDE))
    before = begin_peak()
    colorizer.colour(photo)
    return peak_memory() - before


def _take_turns(ways: dict[str, Callable[[], object]], rounds: int, threads: int) -> dict[str, float]:
    clock = time.process_time if threads == 1 else time.perf_counter
    needed: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds + 1):
        for way, go in ways.items():
            begun = clock()
            go()
            needed[way].append(clock() - begun)
    return {way: statistics.median(values[1:]) for way, values in needed.items()}


def main() -> None:
    """Print the tables; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["default"], metavar="MODEL")
    parser.add_argument("--size", type=int, default=LARGEST_SIDE)
    parser.add_argument("--memory", type=int, nargs="*", default=[4096, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    print(f"{options.threads} thread(s), load {os.getloadavg()[0]:.1f}, bfloat16 native: {has_native_bfloat16('cpu')}")
    print(f"{'model':<20} {'M weights':>9} {'plain s':>8} {'used s':>8} {'faster':>7} {'whole s':>8} {'PSNR dB':>8}")
    timed = []
    for model in options.models:
        timed.append(each := speed(model, options.size, options.rounds, options.threads))
        print(
            f"{Path(model).name:<20} {each.parameters / 1e6:>9.1f} {each.plain:>8.3f} {each.used:>8.3f} "
            f"{each.plain / each.used:>6.1f}× {each.whole:>8.3f} {each.psnr:>8.1f}"
        )
    remembered = []
    print(f"\n{'model':<20} {'size':>5} {'growth, MiB':>12} {'result, MiB':>12}")
    for model in options.models:
        for size in options.memory:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                grown = pool.apply(memory, (model, size))
            remembered.append({"model": model, "size": size, "mebibytes": grown})
            print(f"{Path(model).name:<20} {size:>5} {grown:>12.0f} {3 * size * size / 2**20:>12.0f}")
    if options.json:
        figures = {"speed": [asdict(each) for each in timed], "memory": remembered}
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
