"""What it is worth to see a photo in three sizes: beside seeing it and its mirror image in its own size, as published.

    HEIRLOOM_DATA=… python -m tests.benchmarks.bench_views [--photos 120] [--largest 2.4] [--json FILE]

Validation photos of HEIRLOOM_DATA with synthetic defects, every second one as it is, the others as scans of one to
`largest` times their side (`tests.benchmarks.scans.mixed`), go through the shipped detector in both ways. How well its
probabilities rank pixels needs no threshold; masks need one, and a certainty, which are lower the more views are
averaged: each way has those that it shipped with. Masks are filled by the shipped inpainter, and PSNR is that against
the photo with the same age and no defects. Time is that of one core. Real photos have no part in this.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from inference.checkpoint import load_checkpoint
from inference.detector import Detector
from inference.inpainter import Inpainter
from inference.looks import seen_together
from inference.shipped import shipped_path
from inference.views import IN_MIRROR
from tests.benchmarks.bench_looks import WORSE, psnr
from tests.benchmarks.scans import Scan, mixed
from trainer.measuring.metrics import interval_of_mean

THRESHOLD, CERTAINTY = 0.55, 0.91
"""What the same weights shipped with for one size."""
LEVELS = np.arange(0.05, 1, 0.05)


@dataclass(frozen=True)
class Found:
    """What is seen of one photo in one way. None where nothing is damaged."""

    auc: float | None
    ap: float | None
    best_dice: float | None
    dice: float
    gain: float
    """Decibels that restoring brings."""
    marked: bool
    seconds: float


def found(scan: Scan, detector: Detector, certainty: float, inpainter: Inpainter) -> Found:
    """See a photo, judge what is seen in its own size, fill what is marked in all."""
    begun = time.process_time()
    looks = detector.looks(scan.damaged)
    seconds = time.process_time() - begun
    ranks = (None, None, None)
    if scan.mask.any():
        truth, values = scan.mask.ravel(), looks[0].ravel()
        best = max(_dice(looks[0] >= level, scan.mask) for level in LEVELS)
        ranks = float(roc_auc_score(truth, values)), float(average_precision_score(truth, values)), best
    mask = seen_together(looks, detector.threshold, certainty) >= detector.threshold
    filled = inpainter.filled(scan.damaged, mask) if mask.any() else scan.damaged
    gain = psnr(filled, scan.whole) - psnr(scan.damaged, scan.whole)
    return Found(*ranks, _dice(mask, scan.mask), gain, bool(mask.any()), seconds)


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    both = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * np.count_nonzero(one & other) / both if both else 1.0


def table(before: Sequence[Found], now: Sequence[Found]) -> Iterable[str]:
    """A line for each figure: before, now, and the 95 % interval of the difference over photos."""
    for key in ("auc", "ap", "best_dice", "dice", "gain"):
        pairs = [(getattr(one, key), getattr(other, key)) for one, other in zip(before, now, strict=True)]
        known = np.array([pair for pair in pairs if None not in pair])
        low, high = interval_of_mean(list(known[:, 1] - known[:, 0]))
        yield f"{key:<10} {known[:, 0].mean():.3f} → {known[:, 1].mean():.3f} ({low:+.3f} … {high:+.3f})"
    for name, of in (
        ("worse", lambda each: each.gain < -WORSE),
        ("intact, left alone", lambda each: each.auc is None and not each.marked),
        ("seconds", lambda each: each.seconds),
    ):
        yield f"{name:<18} {sum(map(of, before)):.4g} → {sum(map(of, now)):.4g}"


def main() -> None:
    """Print a table; with --json also write what was found in each photo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--largest", type=float, default=2.4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    certainty = float(load_checkpoint(shipped_path("detector")).settings["certainty"])
    three, inpainter = Detector.load(device="cpu"), Inpainter.load(device="cpu")
    one_size = Detector(three._network, THRESHOLD, three.name, device="cpu", views=IN_MIRROR)
    before, now = [], []
    for scan in mixed(Path(os.environ["HEIRLOOM_DATA"]), options.photos, options.largest):
        before.append(found(scan, one_size, CERTAINTY, inpainter))
        now.append(found(scan, three, certainty, inpainter))
    print(f"{len(now)} photos, {sum(each.auc is None for each in now)} of them intact; one size → three sizes")
    print("\n".join(table(before, now)))
    if options.json:
        told = {"one size": [asdict(each) for each in before], "three sizes": [asdict(each) for each in now]}
        options.json.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
