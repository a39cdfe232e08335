"""A platform with results to review and masks to accept, made through the rooms' own functions."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from annotator import identity
from annotator.context import Platform
from annotator.importing import import_bytes
from db.models import Assessor, Restoration, ResultKind, Task
from db.people import sign_in
from db.reviews import add_restoration
from inference.masks import encode_mask
from inference.png import encode_png
from tests.support.databases import submit_mask

WIDTH, HEIGHT = 240, 180
DAMAGED, MENDED = 40, 200
"""Grey of the original and of the result: a wipe line is seen from their difference."""
HOLE = (slice(60, 100), slice(80, 140))
"""Rows and columns of the mask."""


@dataclass(frozen=True)
class Reviewable:
    """Who is there and what waits for them."""

    platform: Platform
    lead: Assessor
    member: Assessor
    reviews: list[int]
    """Ids of the review tasks, one per photo, in the order of the queue."""
    accepts: list[int]
    """Ids of the accept tasks; `member` drew the masks."""
    results: dict[int, list[int]]
    """Ids of the results that each review task is about, in the order of review."""

    def cookie(self, assessor: Assessor) -> dict[str, str]:
        return {identity.COOKIE: identity.sign(assessor.id, self.platform.settings)}


def make_reviewable(
    platform: Platform, *, photos: int = 3, kinds: tuple[ResultKind, ...] = ("restored",)
) -> Reviewable:
    """`photos` photos, each with a restoration of those kinds and a submitted mask by somebody who is no lead."""
    with platform.database.unit_of_work() as session:
        lead, member = sign_in(session, "Lena"), sign_in(session, "Max")
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[HOLE] = True
    mask_sha = platform.blobs.put(encode_mask(mask))
    reviews: list[int] = []
    accepts: list[int] = []
    results: dict[int, list[int]] = {}
    for number in range(photos):
        name = f"family-{number}.png"
        photo_id = import_bytes(platform, encode_png(picture(DAMAGED, number)), name, "album", member.id).photo_id
        restoration = _restore(platform, photo_id, mask_sha, number, kinds)
        with platform.database.unit_of_work() as session:
            accept = submit_mask(session, member, photo_id, mask_sha, share=float(mask.mean()), seconds=243.0)
            tasks = session.query(Task).where(Task.photo_id == photo_id).order_by(Task.id).all()
            (review,) = (task.id for task in tasks if task.restoration_id == restoration.id)
            reviews.append(review)
            results[review] = [result.id for result in restoration.results]
            accepts.append(accept.id)
    return Reviewable(platform, lead, member, reviews, accepts, results)


def picture(grey: int, number: int) -> NDArray[np.uint8]:
    """H×W uint8 of one grey with the photo's number on it, so that no two files are the same."""
    pixels = np.full((HEIGHT, WIDTH), grey, np.uint8)
    cv2.putText(pixels, str(number), (WIDTH - 30, HEIGHT - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 128, 1)
    return pixels


def _restore(
    platform: Platform, photo_id: int, mask_sha: str, number: int, kinds: tuple[ResultKind, ...]
) -> Restoration:
    shas = {kind: platform.blobs.put(encode_png(picture(MENDED - 20 * i, number))) for i, kind in enumerate(kinds)}
    with platform.database.unit_of_work() as session:
        return add_restoration(
            session,
            photo_id,
            detector="detector shipped-1",
            inpainter="inpainter shipped-1",
            colorizer="colorizer shipped-1" if len(kinds) > 1 else None,
            threshold=0.5,
            mask_sha256=mask_sha,
            warnings=[],
            results={kind: (sha, sha) for kind, sha in shas.items()},
        )
