"""Inpainters side by side: the photo's own defects filled by each, and holes where the truth is known for figures."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from db.settings import Settings
from inference.arrays import Mask, Pixels
from inference.inpainter import Inpainter
from inference.samples import to_eight_bits
from trainer.comparing.examining import Examiner, Exhibit, Figures, Seen, Shown, annotated
from trainer.comparing.judges import Candidate, left_out_entry
from trainer.jobs.models import load_inpainter
from trainer.jobs.work import Work
from trainer.measuring.fills import l1, psnr, ssim

_MARGIN = 9
"""Pixels around an accepted mask in which nothing is taken for true: masks are drawn by hand."""
_LEAST_KNOWN = 64
"""Pixels of a hole from which on it says something."""
_CONTEXT = 0.25
"""How much of the photo is shown around its defects, of their extent."""


class InpainterExaminer(Examiner):
    """There is no truth under a defect. So figures come from a second fill: holes of the same shapes, the mask
    mirrored, are cut where the photo is clean; what was there is known."""

    def exhibits(self, work: Work, candidates: Sequence[Candidate]) -> tuple[list[Exhibit], list[dict[str, Any]]]:
        found, left_out = annotated(work, candidates)
        marked = [exhibit for exhibit in found if exhibit.annotation and exhibit.annotation.marked_share]
        left_out += [
            left_out_entry(exhibit.photo, "its mask is empty, so nothing is filled")
            for exhibit in found
            if exhibit not in marked
        ]
        return marked, left_out

    def load(self, settings: Settings, spec: str) -> Inpainter:
        return load_inpainter(settings, spec)

    def view(self, shown: Shown) -> Pixels:
        assert shown.mask is not None
        return np.ascontiguousarray(shown.picture.pixels[around(shown.mask)])

    def look(self, model: Inpainter, exhibit: Exhibit, shown: Shown, go_on: Callable[[float], None]) -> Seen:
        mask = shown.mask
        assert mask is not None
        filled = to_eight_bits(model.fill(shown.picture, mask, progress=go_on).pixels)
        picture = np.ascontiguousarray(filled[around(mask)])
        known = known_holes(mask)
        if known is None:
            return Seen(picture, {})
        again = to_eight_bits(model.fill(shown.picture, mask | known, progress=go_on).pixels)
        return Seen(picture, hole_figures(again, shown.picture.pixels, known))

    def means(self, figures: Sequence[Figures]) -> Figures:
        return {key: float(np.mean([each[key] for each in figures])) for key in figures[0]}


def known_holes(mask: Mask) -> Mask | None:
    """The mask `bool H×W` mirrored to where the photo is clean, as much as can be had; None where that says nothing."""
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _MARGIN + 1, 2 * _MARGIN + 1))
    doubtful = cv2.dilate(mask.view(np.uint8), reach).astype(np.bool_)
    mirrored = (mask[:, ::-1], mask[::-1], mask[::-1, ::-1])
    known = max((np.asarray(other & ~doubtful) for other in mirrored), key=lambda hole: int(hole.sum()))
    return known if known.sum() >= _LEAST_KNOWN else None


def hole_figures(filled: Pixels, true: Pixels, hole: Mask) -> Figures:
    """How far a fill `uint8 H×W×3` is from the truth in a hole `bool H×W`."""
    part = around(hole)
    where = hole[part]
    near, known = np.ascontiguousarray(filled[part]), np.ascontiguousarray(true[part])
    return {"psnr": psnr(near, known, where), "ssim": ssim(near, known, where)[1], "l1": l1(near, known, where)}


def around(mask: Mask) -> tuple[slice, slice]:
    """Rows and columns of what a mask `bool H×W` marks, which must not be nothing, with what surrounds it."""
    parts = []
    for axis in (1, 0):
        places = np.flatnonzero(mask.any(axis=axis))
        first, last, length = int(places[0]), int(places[-1]) + 1, mask.shape[1 - axis]
        margin = max(32, round(_CONTEXT * (last - first)))
        parts.append(slice(max(0, first - margin), min(length, last + margin)))
    return parts[0], parts[1]
