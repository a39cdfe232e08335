"""Fills on clean photos under irregular holes, bin by bin of their share: one photo in memory at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from inference.arrays import Mask, Pixels
from inference.batch import Failed
from inference.errors import InferenceError
from inference.inpainter import Inpainter
from inference.memory import room_for
from inference.thumbnails import thumbnail
from trainer.evaluation.clean import CleanEvaluationPhoto, CleanTruth
from trainer.evaluation.data import data_sha
from trainer.evaluation.filling.fills import BIHARMONIC, CLASSICAL, Fill
from trainer.inpainting.irregular import BINS, bin_name, mask_for
from trainer.measuring.fills import l1, psnr, ssim

SMALLEST = 256
"""Photos with a shorter side are left out, pixels."""
SEED = 0
SLOW_EVERY = 8
"""The biharmonic fill, a hundred times slower than the others, is measured on every eighth photo."""
FIXED_LIST = Path(__file__).parent / "fixed.txt"
"""SHA-256 and name of every photo that the published figures are of: those of the val folders that are large enough."""
_SHOWN_SIDE = 400


@dataclass(frozen=True)
class FillFigures:
    """How near a filled photo is to the true one, all of it and in the holes alone; L1 as a share of the range."""

    psnr: float
    psnr_hole: float
    ssim: float
    ssim_hole: float
    l1: float
    l1_hole: float


@dataclass(frozen=True, eq=False)
class PhotoFill:
    """One photo, with holes of one bin, as one method filled it."""

    photo: CleanEvaluationPhoto
    group: str
    figures: FillFigures
    picture: bytes
    """JPEG of at most 400 pixels; empty for photos that no report shows."""

    @property
    def label(self) -> str:
        """The photo's label and its bin."""
        return f"{self.photo.label}, {self.group} %"


@dataclass(eq=False)
class FillEvaluation:
    """One model's figures, or a classical fill's, on all photos that it was measured on."""

    name: str
    photos: list[PhotoFill] = field(default_factory=list)

    def groups(self) -> dict[str, list[PhotoFill]]:
        """The photos by bin."""
        grouped: dict[str, list[PhotoFill]] = {bin_name(bounds): [] for bounds in BINS}
        for entry in self.photos:
            grouped[entry.group].append(entry)
        return grouped

    def means(self) -> dict[str, dict[str, float]]:
        """Of each bin that has photos: the mean of every figure."""
        return {name: mean_of(group) for name, group in self.groups().items() if group}


@dataclass(eq=False)
class FillOutcome:
    """Everything that measuring made."""

    models: list[FillEvaluation]
    references: list[FillEvaluation]
    failed: list[Failed] = field(default_factory=list)
    left_out: list[Failed] = field(default_factory=list)
    """Photos that a model was trained on, and small ones, with the reason."""
    views: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    """Photo with its holes white, and true, by label of photo and bin: JPEG."""
    data_sha: str = ""
    """SHA-256 over the hashes of every photo measured, whatever their order and names."""
    fixed: bool = False
    """Whether the photos are those of the fixed list, no more and no fewer."""

    @property
    def measured(self) -> bool:
        """Whether any photo could be measured."""
        return bool(self.views)


def mean_of(group: Sequence[PhotoFill]) -> dict[str, float]:
    """The mean of every figure."""
    rows = [asdict(entry.figures) for entry in group]
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def evaluate_fills(
    inpainters: Sequence[Inpainter],
    photos: Sequence[CleanEvaluationPhoto],
    progress: Callable[[str, float], None],
    trained_on: Mapping[str, str] | None = None,
    *,
    shown: int = 24,
) -> FillOutcome:
    """Cut holes of every bin into every photo and let every model and classical fill close them.

    The holes of a photo depend on nothing but its bytes, so that they are the same in every evaluation. What cannot be
    read or filled is named, and the others go on. `trained_on` maps the SHA-256 of a photo's bytes to the model that
    was trained on it: such a photo judges nobody. Pictures are kept of `shown` photos, evenly chosen. `progress` gets
    the photo's label and how many photos are done.
    """
    outcome = FillOutcome(
        [FillEvaluation(str(each.name)) for each in inpainters], [FillEvaluation(name) for name in CLASSICAL]
    )
    fills = _fills(outcome, inpainters)
    every = max(1, len(photos) // shown)
    hashes: list[str] = []
    for place, photo in enumerate(photos):
        progress(photo.label, place)
        chosen = fills if len(hashes) % SLOW_EVERY == 0 else [each for each in fills if each[0].name != BIHARMONIC]
        try:
            with room_for(photo.label):
                truth = photo.read()
                reason = _unfit(truth.pixels, (trained_on or {}).get(truth.photo_sha))
                if reason:
                    outcome.left_out.append(Failed(photo.label, reason))
                    continue
                made = [_fill(chosen, photo, truth, bounds, kept=len(hashes) % every == 0) for bounds in BINS]
        except InferenceError as error:
            outcome.failed.append(Failed(photo.label, str(error)))
            continue
        for filled, views in made:
            for (column, _), entry in zip(chosen, filled, strict=True):
                column.photos.append(entry)
            outcome.views |= views
        hashes.append(truth.photo_sha)
    outcome.data_sha = data_sha(hashes)
    outcome.fixed = set(hashes) == fixed_list()
    return outcome


def fixed_mask(photo_sha: str, size: tuple[int, ...], bounds: tuple[float, float]) -> Mask:
    """The holes of one bin in one photo, `bool H×W`: drawn from the seed, the photo's SHA-256 and the bin."""
    chance = np.random.default_rng((SEED, int(photo_sha[:12], 16), round(100 * bounds[0])))
    return mask_for(chance, size[0], size[1], bounds)


def fixed_list() -> set[str]:
    """SHA-256 of the photos of the fixed list."""
    return {line.split()[0] for line in FIXED_LIST.read_text(encoding="utf-8").splitlines() if line}


def _unfit(pixels: Pixels, learner: str | None) -> str | None:
    if learner is not None:
        return f"{learner} was trained on it"
    if min(pixels.shape[:2]) < SMALLEST:
        return f"its shorter side has fewer than {SMALLEST} pixels"
    return None


def _fills(outcome: FillOutcome, inpainters: Sequence[Inpainter]) -> list[tuple[FillEvaluation, Fill]]:
    """What fills holes, models first, with the column that it fills."""
    learned: list[Fill] = [partial(_learned, each) for each in inpainters]
    return list(zip([*outcome.models, *outcome.references], [*learned, *CLASSICAL.values()], strict=True))


def _learned(inpainter: Inpainter, pixels: Pixels, mask: Mask) -> Pixels:
    return np.asarray(inpainter.filled(pixels, mask), np.uint8)


def _fill(
    fills: Sequence[tuple[FillEvaluation, Fill]],
    photo: CleanEvaluationPhoto,
    truth: CleanTruth,
    bounds: tuple[float, float],
    *,
    kept: bool,
) -> tuple[list[PhotoFill], dict[str, tuple[bytes, bytes]]]:
    """One photo with holes of one bin, by every fill; and, of one that is `kept`, what it looked like."""
    true, group = truth.pixels, bin_name(bounds)
    mask = fixed_mask(truth.photo_sha, true.shape[:2], bounds)
    holed = true.copy()
    holed[mask] = 255
    made = []
    for _, fill in fills:
        filled = fill(holed, mask)
        picture = thumbnail(filled, _SHOWN_SIDE) if kept else b""
        made.append(PhotoFill(photo, group, figures_of(filled, true, mask), picture))
    views = {made[0].label: (thumbnail(holed, _SHOWN_SIDE), thumbnail(true, _SHOWN_SIDE))} if kept else {}
    return made, views


def figures_of(filled: Pixels, true: Pixels, mask: Mask) -> FillFigures:
    """Every figure of one filled photo."""
    whole, inside = ssim(filled, true, mask)
    return FillFigures(
        psnr(filled, true), psnr(filled, true, mask), whole, inside, l1(filled, true), l1(filled, true, mask)
    )  # fmt: skip
