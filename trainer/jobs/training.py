"""A training as a job: a snapshot and a recipe in, one MLflow run and a model version out."""

import json
import logging
import subprocess
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import jobs as rows
from db.engine import Database
from db.models import Job
from db.settings import Settings
from db.snapshots import SnapshotContents, snapshot_contents
from trainer.errors import JobError, RegistryError, Stopped
from trainer.jobs import job_folder, job_log, trained_kind
from trainer.jobs.work import Work
from trainer.learning.examples import TrainingExample, examples_in
from trainer.learning.kinds import recipe_class
from trainer.learning.reading import from_mapping
from trainer.learning.recipe import Recipe
from trainer.locks import exclusive
from trainer.tracking import registry
from trainer.tracking.runs import MlflowTracker, RunStatus, close_run, open_run

if TYPE_CHECKING:
    from trainer.learning.loop import TrainingOutcome

TRAINING_PHOTOS = "training_photos.json"
_log = logging.getLogger(__name__)


def train(work: Work) -> dict[str, Any]:
    """Follow the job's recipe; its params are `training_params`, and `resume_run` where it goes on with a run.

    Without a snapshot it trains on clean photos alone. A run that an earlier job made goes on from its last checkpoint.
    Whoever writes a run holds its lock. Raises Stopped when asked to stop: the last checkpoint stays.
    """
    recipe = from_mapping(recipe_class(trained_kind(work.job)), work.params["recipe"])
    snapshot = _snapshot(work)
    owner = _owner(work)
    with exclusive(work.settings, run_lock(owner)) as lock:
        with registry.answering(work.settings):
            run_id = open_run(work.settings, recipe.kind, owner, name=f"{recipe.kind} {owner[:8]}")
        with work.database.unit_of_work() as session:
            rows.set_run(session, work.job.id, run_id)
            rows.progress(session, work.job.id, _begun(session, run_id), "starting")
        try:
            outcome = _run(work, recipe, snapshot, run_id, lambda: work.should_stop() or not lock.still_held())
            made = _register(work, recipe.kind, snapshot, run_id, outcome)
        except Stopped:
            if work.cancelled():
                _close_run(work, run_id, "KILLED")
            raise
        except BaseException:
            _close_run(work, run_id, "FAILED")
            raise
        _close_run(work, run_id, "FINISHED")
    return {"model": recipe.kind, "version": made, "run_id": run_id, "metrics": outcome.metrics}


def close_after_death(settings: Settings, database: Database, job_id: str) -> str:
    """End the run of a job whose process died, as its row says it ended."""
    with database.reading() as session:
        job = rows.get_job(session, job_id)
    if job.run_id is None:
        return job.status
    with exclusive(settings, run_lock(_owner_of(database, job))):
        ended = "KILLED" if job.status == "cancelled" else "FAILED"
        close_run(settings, job.run_id, ended, job_log(settings, job))  # type: ignore[arg-type]
    return job.status


def _close_run(work: Work, run_id: str, status: RunStatus) -> None:
    """How the training ended counts for more than that MLflow hears of it."""
    log = job_log(work.settings, work.job) if status == "FAILED" else None
    try:
        with registry.answering(work.settings):
            close_run(work.settings, run_id, status, log)
    except RegistryError as error:
        _log.warning("Run %s is not marked as %s: %s", run_id, status, error)


def run_lock(owner: str) -> str:
    """The lock of the run that the job `owner` made."""
    return f"run-{owner}"


def _run(
    work: Work, recipe: Recipe, snapshot: SnapshotContents | None, run_id: str, should_stop: Callable[[], bool]
) -> "TrainingOutcome":
    from trainer.learning.loop import train_model
    from trainer.learning.seen import clean_sides, seen_beside

    place = job_folder(work.settings, _owner(work))
    examples = _examples(work, snapshot) if snapshot is not None else []
    with MlflowTracker(work.settings, run_id, place, work.progress) as tracker:
        for key, value in _facts(snapshot).items():
            tracker.tag(key, value)
        tracker.progress(None, "Telling the clean photos of both sides apart")
        clean = clean_sides(recipe, examples)
        tracker.file(_training_photos(place, snapshot, examples, seen_beside(recipe, clean[0])))
        made_from = {"job": work.job.id, "run": run_id, "snapshot": snapshot.sha256 if snapshot else None}
        outcome = train_model(
            recipe,
            examples,
            place,
            tracker,
            should_stop=should_stop,
            clean=clean,
            provenance={**made_from, "code_version": code_version()},
        )
    if outcome.stopped:
        raise Stopped(f"Job {work.job.id} was asked to stop.")
    return outcome


def _examples(work: Work, snapshot: SnapshotContents) -> list[TrainingExample]:
    """The job's message says how far their checking is, and it can be stopped."""

    def tell(message: str) -> None:
        work.go_on()
        work.progress(None, message)

    return examples_in(snapshot, work.blobs.url, tell)


def _register(work: Work, kind: str, snapshot: SnapshotContents | None, run_id: str, outcome: "TrainingOutcome") -> str:
    tags = {"job": work.job.id, "snapshot": snapshot.sha256 if snapshot else "none", "origin": "training"}
    figures = {key: f"{value:.4f}" for key, value in outcome.metrics.items()}
    if outcome.checkpoint is None:
        raise JobError("The training ended without a validated model; start it again with at least one epoch.")
    return registry.register(work.settings, kind, outcome.checkpoint, run_id, {**figures, **tags})


def _snapshot(work: Work) -> SnapshotContents | None:
    wanted = work.params.get("snapshot")
    if wanted is None:
        return None
    with work.database.reading() as session:
        return snapshot_contents(session, int(wanted))


def _begun(session: Session, run_id: str) -> float:
    """How far the jobs before this one, or this one before its worker died, brought the run."""
    return session.scalar(select(func.max(Job.progress)).where(Job.run_id == run_id)) or 0.0


def _owner(work: Work) -> str:
    """The job whose folder and run this one writes: its own, or the one it goes on with."""
    run_id = work.params.get("resume_run")
    if not run_id:
        return work.job.id
    with work.database.reading() as session:
        return first_job(session, run_id)


def _owner_of(database: Database, job: Job) -> str:
    with database.reading() as session:
        return first_job(session, str(job.run_id))


def first_job(session: Session, run_id: str) -> str:
    """The job that made a run: all that go on with it write into its folder. Raises JobError when there is none."""
    made_it = Job.params["resume_run"].as_string().is_(None)
    found = session.scalar(select(Job.id).where(Job.run_id == run_id, made_it))
    if found is None:
        raise JobError(f"No job here made the run {run_id}; start a new training.")
    return found


def _facts(snapshot: SnapshotContents | None) -> dict[str, str]:
    """Tags of the run: what it was made from."""
    return {
        "heirloom.version": version("heirloom"),
        "heirloom.code": code_version(),
        "heirloom.snapshot": snapshot.sha256 if snapshot else "none",
        "heirloom.snapshot_name": snapshot.name if snapshot else "none",
    }


def code_version() -> str:
    """The commit of a checkout, with a `+` when files differ from it; the package's version elsewhere."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return version("heirloom")
    try:
        commit = _git(here, "rev-parse", "HEAD")
        return commit + ("+" if _git(here, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return version("heirloom")


def _git(here: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=here, check=True, capture_output=True, text=True).stdout.strip()


def _training_photos(
    place: Path, snapshot: SnapshotContents | None, examples: Sequence[TrainingExample], beside: set[str]
) -> Path:
    """Write which photos the model saw, `beside` its annotations among them; comparisons leave out `train`."""
    sides: dict[str, list[str]] = {"train": [], "validation": []}
    for example in examples:
        sides[example.split].append(example.photo_sha)
    sides["train"] = sorted({*sides["train"], *beside})
    path = place / TRAINING_PHOTOS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"snapshot": snapshot.sha256 if snapshot else None, **sides}, indent=1))
    return path
