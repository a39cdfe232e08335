"""Launches and cancels durable jobs. Light: the row comes first, then the workflow that carries it."""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import jobs as rows
from db.addresses import normal_url
from db.answering import answering
from db.engine import Database
from db.errors import SchemaError
from db.models import Job, JobKind
from db.settings import Settings

if TYPE_CHECKING:
    from dbos import DBOSClient

    from trainer.learning.recipe import Recipe

APPLICATION = "heirloom"
APPLICATION_VERSION = "heirloom-jobs-1"
"""Fixed by us: the default, a hash of the worker's source, would leave old jobs waiting for ever after an update."""
WORKFLOW = "perform_job"
TRAINING_QUEUE = "training"
PROPOSALS_QUEUE = "proposals"
PICTURES_QUEUE = "pictures"
"""What people wait for, restorations and comparisons, queues behind neither a training nor a thousand proposals."""
_LOST_AFTER = timedelta(seconds=5)
_log = logging.getLogger(__name__)


def launch(settings: Settings, database: Database, kind: JobKind, params: dict[str, Any], by_id: int | None) -> Job:
    """Ask for a job: a row, then its workflow under the same id. Returns the row.

    When the queue does not answer the row stays, and the next worker puts it in the queue: whoever was told of an
    error would ask again, and get two jobs.
    """
    with database.unit_of_work() as session:
        job = rows.add_job(session, kind, params, by_id)
    try:
        enqueue(settings, [job])
    except SchemaError as error:
        _log.warning("job %s waits for a worker that puts it in the queue: %s", job.id, error)
    return job


def cancel(settings: Settings, database: Database, job_id: str) -> Job:
    """Ask a job to stop. One that waits in the queue is cancelled at once; a running one keeps its last checkpoint."""
    with database.unit_of_work() as session:
        job = rows.request_cancel(session, job_id)
    if job.status == "cancelled":
        _withdraw(settings, job_id)
    return job


def enqueue(settings: Settings, jobs: list[Job]) -> None:
    """Put jobs in the queue; one that is there already stays as it is. Raises SchemaError where it does not answer."""
    client = open_queue(settings)
    try:
        with answering(settings.jobs_database_url, settings.jobs_variable):
            for job in jobs:
                enqueue_with(client, job)
    finally:
        client.destroy()


def open_queue(settings: Settings) -> "DBOSClient":
    """A client of the job queue's database, whose tables must exist (`trainer.platform.prepare`).

    Raises SchemaError where it does not answer.
    """
    from dbos import DBOSClient

    with answering(settings.jobs_database_url, settings.jobs_variable):
        return DBOSClient(
            system_database_url=normal_url(settings.jobs_database_url),
            application_name=APPLICATION,
            retry_connection_errors=False,
        )


def enqueue_with(client: "DBOSClient", job: Job) -> None:
    """Put a job in its queue, where it is not there already."""
    client.enqueue(
        {
            "workflow_name": WORKFLOW,
            "queue_name": queue_of(job.kind),
            "workflow_id": job.id,
            "app_version": APPLICATION_VERSION,
        },
        job.id,
    )


def _withdraw(settings: Settings, job_id: str) -> None:
    """Take a job that never ran out of the queue."""
    client = open_queue(settings)
    try:
        client.cancel_workflows([job_id])
    finally:
        client.destroy()


def queue_of(kind: JobKind) -> str:
    """The queue in which jobs of a kind wait."""
    return {"train": TRAINING_QUEUE, "propose": PROPOSALS_QUEUE}.get(kind, PICTURES_QUEUE)


def training_params(recipe: "Recipe", snapshot_id: int | None) -> dict[str, Any]:
    """What a training is launched with: `{"kind": "detector", "recipe": {...}, "snapshot": id | None}`."""
    return {"kind": recipe.kind, "recipe": recipe.to_dict(), "snapshot": snapshot_id}


def trained_kind(job: Job) -> str:
    """The kind of model that a training makes; the first ones said none and made detectors."""
    return str(job.params.get("kind", "detector"))


def job_folder(settings: Settings, job_id: str) -> Path:
    """Where a training keeps its checkpoints, its journal and its log."""
    return settings.home.resolve() / "jobs" / job_id


def has_state(settings: Settings, job_id: str) -> bool:
    """Whether this training has saved something that can be gone on from."""
    return (job_folder(settings, job_id) / "state" / "state.pt").exists()


def job_log(settings: Settings, job: Job) -> Path:
    """What a job prints. Trainings have a log of their own; what else a worker does goes into one for each queue."""
    if job.kind == "train":
        return job_folder(settings, job.id) / "log.txt"
    return queue_log(settings, queue_of(job.kind))


def queue_log(settings: Settings, queue: str) -> Path:
    """What the jobs of a queue print, other than trainings."""
    return settings.home.resolve() / "logs" / f"{queue}.log"


def is_overdue(job: Job, now: datetime) -> bool:
    """Whether a queued row is old enough that its enqueueing must have been lost; `now` is `shared_now`."""
    return job.status == "queued" and job.created_at < now - _LOST_AFTER
