"""Proposals: the production detector's probabilities for photos that wait, and how uncertain it is about each."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from db import proposals
from db.errors import PlatformError
from db.models import Photo
from inference.decoding import decode
from inference.errors import InferenceError
from inference.memory import room_for
from inference.png import encode_png
from inference.probability import quantise
from trainer.jobs.models import load_detector
from trainer.jobs.photos import failure, named_photos
from trainer.jobs.results import Made
from trainer.jobs.work import Work

if TYPE_CHECKING:
    from inference.detector import Detector

_ROWS = 256


def propose(work: Work) -> dict[str, Any]:
    """Make a proposal for every photo of the job that has none by the production detector; what it proposed before
    another one was in production is offered again.

    The result names the model, counts the proposals and lists the photos that failed: `{"photo_id", "filename",
    "error"}` each. Photos imported while it ran are done too when the job is for all that wait.
    """
    detector = load_detector(work.settings)
    failures: list[dict[str, Any]] = []
    made, tried = 0, set[int]()
    while fresh := [photo for photo in _waiting(work, str(detector.name), failures) if photo.id not in tried]:
        for place, photo in enumerate(fresh):
            work.go_on()
            work.progress(place / len(fresh), f"{photo.filename} ({place + 1} of {len(fresh)})")
            tried.add(photo.id)
            try:
                with room_for(photo.filename):
                    _propose_for(work, detector, photo)
                made += 1
            except (PlatformError, InferenceError) as error:
                work.go_on()
                failures.append(failure(photo.id, photo.filename, error))
    return {"model": str(detector.name), "proposals": made, "failures": failures}


def uncertainty(probability: npt.NDArray[np.float32]) -> float:
    """Mean binary entropy of `float H×W` in [0, 1], in bits: 0 is sure everywhere, 1 is a coin for every pixel."""
    total = 0.0
    for start in range(0, probability.shape[0], _ROWS):
        p = np.clip(probability[start : start + _ROWS].astype(np.float64), 1e-7, 1 - 1e-7)
        total -= float(np.sum(p * np.log2(p) + (1 - p) * np.log2(1 - p)))
    return total / probability.size


def _waiting(work: Work, model: str, failures: list[dict[str, Any]]) -> list[Photo]:
    ids: list[int] | None = work.params.get("photo_ids")
    with work.database.reading() as session:
        if ids is None:
            return proposals.photos_to_propose_for(session, model)
        photos, missing = named_photos(session, ids)
        failures[:] = missing + [entry for entry in failures if entry not in missing]
        done = proposals.proposed_photos(session, model)
        return [photo for photo in photos if photo.id not in done]


def _propose_for(work: Work, detector: "Detector", photo: Photo) -> None:
    with work.database.unit_of_work() as session:
        if proposals.offer_again(session, photo.id, str(detector.name)):
            return
    pixels = decode(work.blobs.get(photo.sha256), photo.filename).pixels
    probability = detector.probability(pixels, progress=lambda _: work.go_on())
    made = Made(work)
    sha = made.put(encode_png(quantise(probability)))
    with made.unit_of_work() as session:
        proposals.add_proposal(
            session,
            photo.id,
            model=str(detector.name),
            probability_sha256=sha,
            threshold=detector.threshold,
            uncertainty=uncertainty(probability),
        )
