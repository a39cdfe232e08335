"""Colorizers side by side: colour photos turned grey, whose colours are known, and old photos to look at."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from db.models import Photo
from db.settings import Settings
from inference.arrays import Pixels
from inference.colorizer import Colorizer
from inference.colour import to_luma_and_chroma
from inference.samples import to_eight_bits
from inference.thumbnails import shrunk
from trainer.comparing.examining import SHOWN_SIDE, Examiner, Exhibit, Figures, Seen, Shown
from trainer.comparing.judges import Candidate, choose_photos
from trainer.jobs.models import load_colorizer
from trainer.jobs.work import Work
from trainer.measuring.colours import ColourFigures, measure, together

MOST = 24
"""Photos of each group: colouring needs no masks, so all photos of the platform would take part."""
LEAST_SPREAD = 0.015
"""Standard deviation of Cb or Cr, in [0, 1], among pixels of like luma, from which on a photo has colours. Toned and
yellowed prints that we measured had 0.011 at most, colour photos 0.012 and more, most above 0.02: a print that counted
as colourful would make its tone the truth, while a pale colour photo among the old ones is only looked at."""
_LEVELS = 32
_MEASURED_SIDE = 512


class ColorizerExaminer(Examiner):
    """Every photo is coloured from its luma alone; where it had colours, they are the truth."""

    def exhibits(self, work: Work, candidates: Sequence[Candidate]) -> tuple[list[Exhibit], list[dict[str, Any]]]:
        photos, left_out = choose_photos(work, candidates)
        groups: dict[str, list[Exhibit]] = {"colour": [], "old": []}
        for photo in photos:
            if all(len(found) >= MOST for found in groups.values()):
                break
            work.go_on()
            group = "colour" if is_colourful(_thumbnail(work, photo)) else "old"
            if len(groups[group]) < MOST:
                groups[group].append(Exhibit(photo, group))
        return [exhibit for found in groups.values() for exhibit in found], left_out

    def load(self, settings: Settings, spec: str) -> Colorizer:
        return load_colorizer(settings, spec)

    def look(self, model: Colorizer, exhibit: Exhibit, shown: Shown, go_on: Callable[[float], None]) -> Seen:
        coloured = to_eight_bits(model.colour(shown.picture, progress=go_on))
        picture = shrunk(coloured, SHOWN_SIDE)
        if exhibit.group == "old":
            return Seen(picture, {})
        found = measure(shrunk(coloured, _MEASURED_SIDE), shrunk(shown.picture.pixels, _MEASURED_SIDE))
        return Seen(picture, vars(found))

    def means(self, figures: Sequence[Figures]) -> Figures:
        return together(ColourFigures(**each) for each in figures)


def is_colourful(pixels: Pixels) -> bool:
    """Whether a photo, uint8 H×W×3, has several colours; toned and yellowed prints have one for each luma."""
    luma, chroma = to_luma_and_chroma(pixels.astype(np.float32) / np.float32(255))
    level = np.minimum((luma * _LEVELS).astype(np.intp), _LEVELS - 1).ravel()
    count = np.maximum(np.bincount(level, minlength=_LEVELS), 1)
    spread = [(plane - (np.bincount(level, plane, _LEVELS) / count)[level]).std() for plane in chroma.reshape(-1, 2).T]
    return bool(max(spread) >= LEAST_SPREAD)


def _thumbnail(work: Work, photo: Photo) -> Pixels:
    with Image.open(BytesIO(work.blobs.get(photo.thumbnail_sha256))) as image:
        return np.asarray(image.convert("RGB"), np.uint8)
