"""What pages do: each checks the person's role, changes rows in one unit of work, launches what has to run."""

from collections.abc import Sequence
from typing import Any, Literal

from annotator.colours import checked_colouring
from annotator.context import Platform
from db import deletion, label_tasks, people, photos, splits
from db.jobs import get_job, list_jobs
from db.models import Assessor, Job, JobKind, Photo, Snapshot, Split
from db.people import require_active, require_engineer
from db.references import remove_unneeded
from db.snapshots import make_snapshot
from inference.methods import FillMethod
from trainer import jobs, promoting
from trainer.learning.recipe import Recipe

Role = Literal["is_lead", "is_engineer", "active"]
ALL_PHOTOS: dict[str, Any] = {"photo_ids": None}
ENGINEERS_JOBS: tuple[JobKind, ...] = ("train", "compare")


def propose(here: Platform, by: Assessor) -> Job:
    """Have masks proposed for all photos that wait for one, ahead of whoever opens them.

    A job for all of them that has not begun yet will see the new ones too: then that is the job.
    """
    with here.database.reading() as session:
        queued = [job for job in list_jobs(session, "propose", active=True) if job.status == "queued"]
    waiting = next((job for job in queued if job.params == ALL_PHOTOS), None)
    return waiting or _launch(here, "propose", ALL_PHOTOS, by)


def restore(here: Platform, photo_ids: Sequence[int], by: Assessor, method: FillMethod | None = None) -> Job:
    """Restore photos by the models in production; with a `method` the classical fill takes the inpainter's place."""
    classical = {"method": method} if method else {}
    return _launch(here, "restore", {"photo_ids": list(photo_ids), **classical}, by)


def recolour(here: Platform, photo: Photo, colouring: Any, by: Assessor) -> Job:
    """Colour a photo's newest restoration anew, `colouring` as the page sent it. Raises ColouringError."""
    checked = checked_colouring(colouring, photo.width, photo.height)
    return _launch(here, "restore", {"photo_ids": [photo.id], "colouring": checked}, by)


def train(here: Platform, recipe: Recipe, snapshot_id: int | None, by: Assessor) -> Job:
    """Train by a recipe, on a snapshot or without."""
    require_engineer(by)
    return _launch(here, "train", jobs.training_params(recipe, snapshot_id), by)


def go_on(here: Platform, job: Job, by: Assessor) -> Job:
    """Resume a training that was stopped or failed, from its last checkpoint, in the same run."""
    require_engineer(by)
    return _launch(here, "train", {**job.params, "resume_run": job.run_id}, by)


def start_again(here: Platform, job: Job, by: Assessor) -> Job:
    """A training of which nothing was saved, from its beginning, in a run of its own."""
    require_engineer(by)
    return _launch(here, "train", {key: value for key, value in job.params.items() if key != "resume_run"}, by)


def compare(here: Platform, models: Sequence[str], by: Assessor) -> Job:
    """`models` as the registry names them, `detector@3`."""
    require_engineer(by)
    return _launch(here, "compare", {"models": list(models), "photo_ids": None}, by)


def promote(here: Platform, spec: str, by: Assessor) -> None:
    """Make a version, `detector@3`, the one of its kind that proposals and restorations use."""
    require_engineer(by)
    kind, _, version = spec.partition("@")
    promoting.promote(here.settings, here.database, kind, version, by.id)


def undo_promotion(here: Platform, kind: str, by: Assessor) -> None:
    """Put back what the latest promotion of a model of this kind replaced."""
    require_engineer(by)
    promoting.undo(here.settings, here.database, kind, by.id)


def stop(here: Platform, job_id: str, by: Assessor) -> Job:
    """Trainings and comparisons are stopped by whoever may start them: engineers."""
    require_active(by)
    with here.database.reading() as session:
        if get_job(session, job_id).kind in ENGINEERS_JOBS:
            require_engineer(by)
    return jobs.cancel(here.settings, here.database, job_id)


def label_first(here: Platform, photo_ids: Sequence[int], by: Assessor) -> int:
    """Put photos on top of the queue; returns how many."""
    require_active(by)
    with here.database.unit_of_work() as session:
        return len(label_tasks.queue_photos(session, list(photo_ids)))


def set_collection(here: Platform, photo_ids: Sequence[int], name: str, by: Assessor) -> None:
    require_active(by)
    with here.database.unit_of_work() as session:
        photos.set_collection(session, photo_ids, name)


def put_away(here: Platform, photo_ids: Sequence[int], by: Assessor) -> None:
    require_active(by)
    with here.database.unit_of_work() as session:
        photos.archive(session, photo_ids)


def bring_back(here: Platform, photo_ids: Sequence[int], by: Assessor) -> None:
    require_active(by)
    with here.database.unit_of_work() as session:
        photos.unarchive(session, photo_ids)


def delete(here: Platform, photo_ids: Sequence[int], by: Assessor) -> None:
    """Rows first, then the bytes that nothing needs any more, an import that began meanwhile included."""
    with here.database.unit_of_work() as session:
        unneeded = deletion.delete(session, photo_ids, by)
    remove_unneeded(here.database, here.blobs, unneeded)


def set_role(here: Platform, assessor_id: int, role: Role, given: bool, by: Assessor) -> None:
    """Gives or takes one role; the others stay as they are now, whatever the page showed."""
    with here.database.unit_of_work() as session:
        people.set_roles(session, by, assessor_id, **{role: given})


def move_split(here: Platform, photo_id: int, split: Split, by: Assessor) -> None:
    with here.database.unit_of_work() as session:
        splits.move_split(session, by, photo_id, split)


def freeze(here: Platform, name: str | None, by: Assessor) -> Snapshot:
    """A snapshot of what is accepted now."""
    require_engineer(by)
    with here.database.unit_of_work() as session:
        return make_snapshot(session, name or None, by.id)


def _launch(here: Platform, kind: JobKind, params: dict[str, Any], by: Assessor) -> Job:
    require_active(by)
    return jobs.launch(here.settings, here.database, kind, params, by.id)
