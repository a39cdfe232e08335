"""What filling costs: seconds for the holes of one photo, beside the same network as it is trained, and memory.

    python -m tests.benchmarks.bench_inpainter [--model FILE] [--size 512] [--rounds 5] [--threads 1] [--memory 1024 …]

The reference is the network of the checkpoint (the shipped one by default) in float32, its norms and masks computed
as in training. Beside it the form that is used, in float32 and, where the hardware multiplies it natively, in bfloat16,
and the whole way of a photo with its tiles, and OpenCV's fills. All take turns in every round, so that what else the
machine does hits them alike; figures are medians, with one thread of processor time. PSNR is that of the outputs to the
reference's, in the holes and over the photo. Memory is measured in a process of its own per size.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from inference.checkpoint import load_checkpoint
from inference.devices import has_native_bfloat16
from inference.inpainter import Inpainter
from inference.networks.filling import filling
from inference.networks.inpainter import InpainterArchitecture, InpainterNetwork, build_inpainter
from inference.shipped import shipped_path
from tests.support.memory import begin_peak, peak_memory
from trainer.inpainting.irregular import irregular_mask
from trainer.learning.clean import packaged_photos

REFERENCE = "as trained, float32"
SHARES = (0.02, 0.1, 0.25, 0.5)


def network_of(path: Path) -> InpainterNetwork:
    """The network of a checkpoint as it is trained, in evaluation mode."""
    checkpoint = load_checkpoint(path)
    network = build_inpainter(InpainterArchitecture.from_dict(checkpoint.architecture))
    network.load_state_dict(checkpoint.state)
    return network.eval().to(memory_format=torch.channels_last)


def contestants(path: Path, pixels: np.ndarray, mask: np.ndarray) -> dict[str, Callable[[], torch.Tensor]]:
    """By name: fills the photo and returns it, `float 1×3×H×W` in [0, 1]."""
    network, inpainter = network_of(path), Inpainter.load(path, device="cpu")
    photo = _tensor(pixels).contiguous(memory_format=torch.channels_last)
    valid = torch.from_numpy(~mask)[None, None].float()
    forms = {"as used, float32": filling(network, torch.float32)}
    if has_native_bfloat16("cpu"):
        forms["as used, bfloat16"] = filling(network, torch.bfloat16)
    found: dict[str, Callable[[], torch.Tensor]] = {
        REFERENCE: lambda: torch.where(valid > 0, photo, network(photo, valid))
    }
    found |= {name: lambda form=form: form(photo, valid) for name, form in forms.items()}  # type: ignore[misc]
    found["Inpainter, with tiles"] = lambda: _tensor(inpainter.filled(pixels, mask))
    for name, way in (("Telea", cv2.INPAINT_TELEA), ("Navier–Stokes", cv2.INPAINT_NS)):
        found[name] = lambda way=way: _tensor(cv2.inpaint(pixels, mask.astype(np.uint8), 3, way))  # type: ignore[misc]
    return found


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None].float() / 255


@torch.inference_mode()
def speeds(path: Path, size: int, share: float, rounds: int, threads: int) -> None:
    """Print a line per contestant."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    pixels = cv2.resize(packaged_photos()[0].load(), (size, size), interpolation=cv2.INTER_AREA)
    mask = irregular_mask(np.random.default_rng(0), size, size, share)
    clock = time.process_time if threads == 1 else time.perf_counter
    ways = contestants(path, pixels, mask)
    needed: dict[str, list[float]] = {name: [] for name in ways}
    pictures = {}
    for _ in range(rounds + 1):  # the first, which prepares kernels, is left out
        for name, fill in ways.items():
            begun = clock()
            pictures[name] = fill()
            needed[name].append(clock() - begun)
    reference = statistics.median(needed[REFERENCE][1:])
    hole = torch.from_numpy(mask).expand(1, 3, size, size)
    print(f"\n{size}×{size}, {mask.mean():.0%} holes")
    for name, values in needed.items():
        seconds = statistics.median(values[1:])
        squared = (pictures[name] - pictures[REFERENCE]).square()
        near = [f"{10 * torch.log10(1 / each.mean().clamp(min=1e-12)):.1f}" for each in (squared[hole], squared)]
        print(f"{name:<24} {seconds:>8.3f} s {reference / seconds:>6.2f}× {near[0]:>8} dB in holes {near[1]:>8} dB")


def memory(path: Path, size: int, share: float) -> float:
    """By how much the process's memory grew at most while it filled a photo, MiB; run it in a process of its own."""
    torch.set_num_threads(1)
    inpainter = Inpainter.load(path, device="cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    mask = irregular_mask(np.random.default_rng(0), 512, 512, share)
    mask = np.tile(mask, (-(-size // 512),) * 2)[:size, :size]
    inpainter.filled(pixels[:128, :128], mask[:128, :128])
    before = begin_peak()
    inpainter.filled(pixels, mask)
    return peak_memory() - before


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", type=int, nargs="*", default=[1024, 4096])
    options = parser.parse_args()
    path = options.model or shipped_path("inpainter")
    print(f"{options.threads} thread(s), load {os.getloadavg()[0]:.1f}, bfloat16 native: {has_native_bfloat16('cpu')}")
    for share in SHARES:
        speeds(path, options.size, share, options.rounds, options.threads)
    for size in options.memory:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(f"\n{size}×{size}, 10 % holes: memory grew by {pool.apply(memory, (path, size, 0.1)):.0f} MiB")


if __name__ == "__main__":
    main()
