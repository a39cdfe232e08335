"""Restorations: photos through the pipeline, their three results as blobs, a review for each photo."""

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select

from db import reviews
from db.errors import PlatformError
from db.models import Photo, Restoration, ResultKind
from inference.decoding import decode
from inference.errors import InferenceError
from inference.masks import encode_mask
from inference.memory import room_for
from inference.results import encode_colour, encode_restored
from trainer.jobs.models import load_colorizer, load_detector, load_inpainter
from trainer.jobs.photos import failure, named_photos
from trainer.jobs.recolouring import recolouring
from trainer.jobs.results import Made
from trainer.jobs.work import Work

if TYPE_CHECKING:
    from inference.photo import Photo as Picture
    from inference.restorer import RestorationResult, Restorer


def restore(work: Work) -> dict[str, Any]:
    """Restore the photos of the job, `{"photo_ids": [...], "method"?: "telea" | "ns"}`, by the models in production.

    With a `colouring` (see `db.models.Restoration`) the newest restoration of each photo is coloured anew instead. With
    a `method` the classical fill takes the inpainter's place. A photo that fails is named in the result's
    `failures` and the others go on. A resumed job does not restore again what it has restored.
    """
    restore_photo = recolouring(work) if "colouring" in work.params else partial(_restore_one, work, _restorer(work))
    with work.database.reading() as session:
        photos, failures = named_photos(session, work.params["photo_ids"])
    done = 0
    for place, photo in enumerate(photos):
        work.go_on()
        work.progress(place / len(photos), f"{photo.filename} ({place + 1} of {len(photos)})")
        try:
            if not _restored_already(work, photo):
                with room_for(photo.filename):
                    restore_photo(photo)
            done += 1
        except (PlatformError, InferenceError) as error:
            work.go_on()
            failures.append(failure(photo.id, photo.filename, error))
    return {"restored": done, "failures": failures}


def _restorer(work: Work) -> "Restorer":
    from inference.fill import ClassicalInpainter
    from inference.restorer import Restorer

    method = work.params.get("method")
    inpainter = ClassicalInpainter(method) if method else load_inpainter(work.settings)
    return Restorer(load_detector(work.settings), inpainter, load_colorizer(work.settings))


def _restored_already(work: Work, photo: Photo) -> bool:
    """By this job, before its process died."""
    own = exists().where(Restoration.photo_id == photo.id, Restoration.job_id == work.job.id)
    with work.database.reading() as session:
        return bool(session.scalar(select(own)))


def _restore_one(work: Work, restorer: "Restorer", photo: Photo) -> None:
    source = decode(work.blobs.get(photo.sha256), photo.filename)
    outcome = restorer.restore(source, lambda _: work.go_on())
    made = Made(work)
    mask = made.put(encode_mask(outcome.mask))
    results = {kind: made.put_result(data, photo.filename) for kind, data in _pictures(source, outcome).items()}
    models = {part: str(name) for part, name in outcome.models.items()}
    with made.unit_of_work() as session:
        reviews.add_restoration(
            session,
            photo.id,
            detector=models["detector"],
            inpainter=models["inpainter"],
            colorizer=models["colorizer"],
            threshold=outcome.threshold,
            mask_sha256=mask,
            warnings=list(outcome.warnings),
            results=results,
            job_id=work.job.id,
        )


def _pictures(source: "Picture", outcome: "RestorationResult") -> dict[ResultKind, bytes]:
    """The three results as PNG, in the order of review."""
    return {
        "restored": encode_restored(source, outcome.restored),
        "restored_color": encode_colour(source, outcome.restored_color),
        "color": encode_colour(source, outcome.color),
    }
