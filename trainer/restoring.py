"""Restorations: photos through the pipeline, their results as blobs, a review task for each."""

from typing import TYPE_CHECKING, Any

from db import reviews
from db.deletion import remove_unneeded
from db.errors import NotFound, PlatformError
from db.models import Photo
from inference.errors import InferenceError
from inference.files import encode_mask, encode_png
from inference.photo import decode
from inference.thumbnails import browser_view
from trainer.models import load_detector
from trainer.photos import failure, named_photos
from trainer.work import Work

if TYPE_CHECKING:
    from inference.restorer import Restorer


def restore(work: Work) -> dict[str, Any]:
    """Restore the photos of the job, `{"photo_ids": [...], "method": "telea" | "ns"}`.

    A photo that fails is named in the result's `failures` and the others go on. A resumed job does not restore again
    what it has restored.
    """
    restorer = _restorer(work)
    with work.database.reading() as session:
        photos, failures = named_photos(session, work.params["photo_ids"])
    done = 0
    for place, photo in enumerate(photos):
        work.go_on()
        work.progress(place / len(photos), f"{photo.filename} ({place + 1} of {len(photos)})")
        try:
            if not _restored_already(work, photo):
                _restore_one(work, restorer, photo)
            done += 1
        except (PlatformError, InferenceError) as error:
            work.go_on()
            failures.append(failure(photo.id, photo.filename, error))
    return {"restored": done, "failures": failures}


def _restorer(work: Work) -> "Restorer":
    from inference.restorer import Restorer

    detector = load_detector(work.settings, work.params.get("model"))
    return Restorer(detector, work.params.get("method", "telea"))


def _restored_already(work: Work, photo: Photo) -> bool:
    """By this job, before its process died: nobody else restores a photo while its job is unfinished."""
    with work.database.reading() as session:
        latest = reviews.latest_restoration(session, photo.id)
    return latest is not None and latest.created_at >= (work.job.started_at or work.job.created_at)


def _restore_one(work: Work, restorer: "Restorer", photo: Photo) -> None:
    source = decode(work.blobs.get(photo.sha256), photo.filename)
    outcome = restorer.restore(source, lambda _: work.go_on())
    restored = encode_png(outcome.restored, exif=source.exif, icc=source.icc)
    view = browser_view(decode(restored, photo.filename), restored)
    mask, *pictures = (work.blobs.put(data) for data in (encode_mask(outcome.mask), restored, view))
    try:
        with work.database.unit_of_work() as session:
            reviews.add_restoration(
                session,
                photo.id,
                detector=str(outcome.models["detector"]),
                inpainter=str(outcome.models["inpainter"]),
                colorizer=None,
                threshold=outcome.threshold,
                mask_sha256=mask,
                warnings=list(outcome.warnings),
                results={"restored": (pictures[0], pictures[1])},
            )
    except NotFound:
        remove_unneeded(work.database, work.blobs, pictures)
        raise
