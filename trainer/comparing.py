"""Comparisons: the same photos through several detectors, every figure computed anew.

The report, which becomes the job's result:

    {"models": [{"spec", "name", "threshold", "run_id"}, ...],
     "left_out": [{"photo_id", "filename", "reason"}, ...],
     "figures": {spec: {"real": {...} | "no real annotations yet", "synthetic": {...} | "no synthetic annotations"}},
     "counts": {"real": n, "synthetic": n},
     "photos": [{"photo_id", "filename", "real": bool, "view": sha,
                 "models": {spec: {"figures": {...}, "overlay": sha}}}, ...]}

A figure that a photo cannot have (AUC without a defect) is null.
"""

import math
from typing import TYPE_CHECKING, Any

from db.errors import PlatformError
from db.models import Annotation
from inference.errors import InferenceError
from inference.files import decode_mask
from inference.photo import decode
from inference.thumbnails import thumbnail
from trainer.errors import JobError
from trainer.evaluation.measuring import SHOWN_SIDE, look
from trainer.judges import Candidate, candidate_of, choose_photos, left_out_entry
from trainer.metrics import Metrics, mean_metrics
from trainer.models import load_detector
from trainer.overlays import overlay_at
from trainer.work import Work

if TYPE_CHECKING:
    from inference.detector import Detector

NO_REAL = "no real annotations yet"
NO_SYNTHETIC = "no synthetic annotations"


def compare(work: Work) -> dict[str, Any]:
    """Run the job `{"models": ["detector@3", ...], "photo_ids": [...] | None}`; returns the report (see above).

    Only accepted photos that none of the models was trained on count, nor near-copies of such. A photo that cannot be
    read is left out by name. Raises JobError with fewer than two models, RegistryError for an unknown one.
    """
    candidates = [candidate_of(work, spec) for spec in dict.fromkeys(work.params["models"])]
    if len({candidate.spec for candidate in candidates}) < 2:
        raise JobError("A comparison needs at least two different models; choose another one.")
    annotations, left_out = choose_photos(work, candidates)
    photos = {annotation.photo_id: _entry(annotation) for annotation in annotations}
    models = [_show_to(work, candidate, annotations, photos, left_out) for candidate in candidates]
    shown = [entry for entry in photos.values() if len(entry["models"]) == len(candidates)]
    return _report(models, left_out, shown)


def _show_to(
    work: Work,
    candidate: Candidate,
    annotations: list[Annotation],
    photos: dict[int, dict[str, Any]],
    left_out: list[dict[str, Any]],
) -> dict[str, Any]:
    """Put all photos through one model; one that cannot be read falls out of the comparison."""
    detector = load_detector(work.settings, candidate.spec)
    for place, annotation in enumerate(annotations):
        work.go_on()
        photo = annotation.photo
        work.progress(place / len(annotations), f"{photo.filename} through {candidate.spec}")
        if photo.id not in photos:
            continue
        try:
            _examine(work, detector, candidate.spec, annotation, photos[photo.id])
        except (PlatformError, InferenceError) as error:
            work.go_on()
            del photos[photo.id]
            left_out.append(left_out_entry(photo, str(error)))
    described = {"spec": candidate.spec, "name": str(detector.name), "threshold": detector.threshold}
    return {**described, "run_id": candidate.model.run_id}


def _examine(work: Work, detector: "Detector", spec: str, annotation: Annotation, entry: dict[str, Any]) -> None:
    photo = annotation.photo
    pixels = decode(work.blobs.get(photo.sha256), photo.filename).pixels
    height, width = pixels.shape[:2]
    mask = decode_mask(work.blobs.get(annotation.mask_sha256 or ""), (height, width), f"mask of {photo.filename}")
    seen = look(detector, pixels, mask, progress=lambda _: work.go_on())
    shown = overlay_at(SHOWN_SIDE, pixels, mask, seen.found)
    entry["view"] = work.blobs.put(thumbnail(pixels, SHOWN_SIDE))
    entry["models"][spec] = {
        "figures": seen.tally.metrics().to_dict(),
        "overlay": work.blobs.put(thumbnail(shown, SHOWN_SIDE)),
    }


def _entry(annotation: Annotation) -> dict[str, Any]:
    photo = annotation.photo
    real = annotation.origin != "synthetic"
    return {"photo_id": photo.id, "filename": photo.filename, "real": real, "view": "", "models": {}}


def _report(
    models: list[dict[str, Any]], left_out: list[dict[str, Any]], shown: list[dict[str, Any]]
) -> dict[str, Any]:
    real = [entry for entry in shown if entry["real"]]
    synthetic = [entry for entry in shown if not entry["real"]]
    figures = {
        model["spec"]: {
            "real": _means(real, model["spec"]) or NO_REAL,
            "synthetic": _means(synthetic, model["spec"]) or NO_SYNTHETIC,
        }
        for model in models
    }
    for entry in shown:
        for seen in entry["models"].values():
            seen["figures"] = _without_nan(seen["figures"])
    counts = {"real": len(real), "synthetic": len(synthetic)}
    return {"models": models, "left_out": left_out, "figures": figures, "counts": counts, "photos": shown}


def _means(entries: list[dict[str, Any]], spec: str) -> dict[str, float | None]:
    return _without_nan(mean_metrics(Metrics(**entry["models"][spec]["figures"]) for entry in entries))


def _without_nan(figures: dict[str, float]) -> dict[str, float | None]:
    return {key: None if math.isnan(value) else value for key, value in figures.items()}
