"""What in-place activated normalisation saves: kept for backward, peak of a training step, and what it costs.

    python -m tests.benchmarks.bench_inplace [--size 128] [--pictures 2] [--precision float32 bfloat16]

Kept: the storages that forward saves for backward, each once, without parameters and buffers. Peak: the most memory of
a process that makes one training step, above what it held before. CPU: processor time of forward and backward, the
lowest of three. Every case runs in a process of its own; the extension's rows are there where it is installed.
"""

import argparse
import multiprocessing
import os
import time
from dataclasses import dataclass, replace
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import nn

from inference.networks import inplace
from inference.networks.detector import ALBUNET18, DetectorArchitecture, build_detector
from tests.support.memory import begin_peak, peak_memory

NETWORKS = {"albunet18": ALBUNET18, "its own stem": replace(ALBUNET18, stem="encoder")}
NORMS = ("batch", "native", "extension")
MIB = 2**20


@dataclass(frozen=True)
class Case:
    """One network on `pictures` of `size` by `size` pixels."""

    network: str
    norm: str
    precision: str
    size: int
    pictures: int


@dataclass(frozen=True)
class Figure:
    """MiB kept for backward, MiB of a training step's peak, seconds of processor time for forward and backward."""

    kept: float
    peak: float
    seconds: float


def measure(case: Case) -> Figure:
    """The figures of one case; call it in a fresh process."""
    torch.manual_seed(0)
    network = build_detector(_architecture(case)).train().to(memory_format=torch.channels_last)
    without = inplace.extension if case.norm == "extension" else lambda: None
    with patch.object(inplace, "extension", without):
        _step(network, replace(case, size=32))  # loads what the first step loads
        before = begin_peak()
        _step(network, case)
        peak = peak_memory() - before
        return Figure(_kept(network, case) / MIB, peak, min(_step(network, case) for _ in range(3)))


def _architecture(case: Case) -> DetectorArchitecture:
    return replace(NETWORKS[case.network], norm="batch" if case.norm == "batch" else "inplace")


def _step(network: nn.Module, case: Case) -> float:
    begun = time.process_time()
    _loss(network, case).backward()  # type: ignore[no-untyped-call]
    network.zero_grad()
    return time.process_time() - begun


def _loss(network: nn.Module, case: Case) -> torch.Tensor:
    photos = torch.rand(case.pictures, 3, case.size, case.size).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=case.precision == "bfloat16"):
        logits = network(photos)
    return F.binary_cross_entropy_with_logits(logits.float(), photos[:, :1].round())


def _kept(network: nn.Module, case: Case) -> int:
    own = {each.untyped_storage().data_ptr() for each in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = _loss(network, case)
    held = sum(kept.values())  # the loss still holds them all: no address came twice
    del loss
    return held


def main() -> None:
    """Print a table of figures and their ratios to batch normalisation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--pictures", type=int, default=2)
    parser.add_argument("--precision", nargs="+", choices=("float32", "bfloat16"), default=["float32", "bfloat16"])
    options = parser.parse_args()
    os.environ["MALLOC_MMAP_THRESHOLD_"] = str(64 * 1024)  # what is freed goes back at once, so that the peak is real
    print(f"{'network':<14} {'precision':<9} {'norm':<10} {'kept MiB':>14} {'peak MiB':>14} {'CPU s':>14}")
    for network in NETWORKS:
        for precision in options.precision:
            _print(Case(network, "", precision, options.size, options.pictures))


def _print(case: Case) -> None:
    base: Figure | None = None
    for norm in NORMS:
        if norm == "extension" and (inplace.extension() is None or case.precision != "float32"):
            continue
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            figure = pool.apply(measure, (replace(case, norm=norm),))
        base = base or figure
        print(
            f"{case.network:<14} {case.precision:<9} {norm:<10} {_ratio(figure.kept, base.kept)} "
            f"{_ratio(figure.peak, base.peak)} {_ratio(figure.seconds, base.seconds)}",
            flush=True,
        )


def _ratio(value: float, base: float) -> str:
    return f"{value:>7.1f} × {value / base:.2f}"


if __name__ == "__main__":
    main()
