"""What it is worth to look at large scans in smaller sizes, too: defects found and photos restored, with and without.

    HEIRLOOM_DATA=… python -m tests.benchmarks.bench_looks [CHECKPOINT] [--photos 40] [--largest 5] [--json FILE]

Photos of `photos/val` and `portraits/val` of HEIRLOOM_DATA become scans of one to `largest` times their side, by turns
in two ways that real scans lie between: *enlarged*, damaged first, so that defects are as soft as the photo, then
scanned with a little noise; and *sharp*, enlarged first, with defects as fine as the scan can show. The detector sees
each once in its own size and once in all; both masks are filled by the shipped inpainter, and PSNR is that against the
photo with the same age and no defects. Real photos have no part in this.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from inference.arrays import Pixels, Probability
from inference.checkpoint import load_checkpoint
from inference.detector import Detector
from inference.inpainter import Inpainter
from inference.looks import seen_together
from inference.shipped import shipped_path
from tests.benchmarks.scans import Scan, scans
from trainer.measuring.metrics import interval_of_mean

WORSE = 0.1
"""Decibels that a photo must lose to count as worse."""


@dataclass(frozen=True)
class Found:
    """What a detector makes of a scan; AUC is None where nothing is damaged."""

    dice: float
    auc: float | None
    gain: float
    """Decibels that restoring brings."""


def judge(scan: Scan, probability: Probability, threshold: float, inpainter: Inpainter) -> Found:
    """How well a probability finds a scan's defects and lets it be restored."""
    found = probability >= threshold
    both = np.count_nonzero(found) + np.count_nonzero(scan.mask)
    dice = 2 * np.count_nonzero(found & scan.mask) / both if both else 1.0
    auc = float(roc_auc_score(scan.mask.ravel(), probability.ravel())) if scan.mask.any() else None
    filled = inpainter.filled(scan.damaged, found) if found.any() else scan.damaged
    return Found(dice, auc, psnr(filled, scan.whole) - psnr(scan.damaged, scan.whole))


def psnr(one: Pixels, other: Pixels) -> float:
    """In dB, at most 60."""
    error = float(np.mean((one.astype(np.float32) - other) ** 2))
    return min(60.0, float(-10 * np.log10(max(error, 1e-9) / 255**2)))


def line(name: str, found: Sequence[Found], once: Sequence[Found]) -> str:
    """Means, and how they differ from those with one look: 95 % intervals over photos."""
    known = [each.auc for each in found if each.auc is not None]
    spans = [
        interval_of_mean([getattr(one, key) - getattr(other, key) for one, other in zip(found, once, strict=True)])
        for key in ("dice", "gain")
    ]
    dice, gain = (f"({low:+.3f} … {high:+.3f})" for low, high in spans)
    means = {key: float(np.mean([getattr(each, key) for each in found])) for key in ("dice", "gain")}
    return (
        f"{name:<22} Dice {means['dice']:.3f} {dice}, AUC {np.mean(known):.3f}, gain {means['gain']:+.2f} dB {gain}, "
        f"{sum(each.gain < -WORSE for each in found)} worse"
    )


def main() -> None:
    """Print a table; with --json also write what was found in each scan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?", help="without one, the shipped detector")
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--largest", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    path = options.checkpoint or shipped_path("detector")
    certainty = float(load_checkpoint(path).settings.get("certainty", 0))
    detector, inpainter = Detector.load(path, certainty=0), Inpainter.load()
    rows: list[tuple[str, Found, Found]] = []
    for scan in scans(Path(os.environ["HEIRLOOM_DATA"]), options.photos, options.largest):
        looks = detector.looks(scan.damaged)
        once, several = (
            judge(scan, seen_together([look.copy() for look in seen], detector.threshold, certainty),
                  detector.threshold, inpainter)
            for seen in (looks[:1], looks)
        )  # fmt: skip
        rows.append((scan.way, once, several))
    for way in ("enlarged", "sharp", ""):
        once, several = ([row[number] for row in rows if way in row[0]] for number in (1, 2))
        print(f"{way or 'all'}: {len(once)} scans, {sum(each.auc is not None for each in once)} of them damaged")
        print(line("  in its own size", once, once))
        print(line("  in smaller ones, too", several, once))
    if options.json:
        told = [{"way": way, "once": asdict(once), "several": asdict(several)} for way, once, several in rows]
        options.json.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
