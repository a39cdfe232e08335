"""Train: what on, with which settings, how long it takes, and how it goes."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotator.context import Platform
from annotator.views.words import count, duration, job_name, percent
from db.jobs import ACTIVE
from db.models import Job, JobStatus, Photo, Snapshot, SnapshotItem
from db.settings import Settings
from db.snapshots import SnapshotCounts, list_snapshots, snapshot_counts
from inference.errors import CheckpointError
from inference.shipped import shipped_path
from trainer.detecting.recipe import DetectorRecipe
from trainer.jobs import has_state, job_log, trained_kind
from trainer.jobs.training import first_job
from trainer.learning.kinds import recipe_class
from trainer.learning.reading import from_mapping
from trainer.learning.recipe import Recipe, RecipeError
from trainer.tracking import runs
from trainer.workers.holding import was_here

SHOWN_PHOTOS = 8
ENDED_EARLY: tuple[JobStatus, ...] = ("cancelled", "failed")
LOG_BYTES = 20_000
PICTURE_SECONDS = {"folded": 0.12, "plain": 0.3, "resnet18": 0.45}
"""Forward and backward of one 256² picture on two cores, by the encoder of a detector that is otherwise as recipes are
by default; from measurements, a guess until such a training has run here."""
SPEED = (
    "processes", "encoder", "form", "stem", "shrink", "levels", "channels", "kernels", "decoder_channels",
    "convolutions", "fine",
)  # fmt: skip
"""Fields of the recipes that decide the speed beside how many pixels are seen: which network learns, and where."""


@dataclass(frozen=True)
class SnapshotChoice:
    """A snapshot to train on."""

    id: int
    name: str
    sha256: str
    counts: SnapshotCounts
    photos: tuple[Photo, ...]
    """A few of them, to look at."""


def snapshot_choices(session: Session) -> list[SnapshotChoice]:
    """Newest first."""
    return [_choice(session, snapshot) for snapshot in list_snapshots(session)]


def _choice(session: Session, snapshot: Snapshot) -> SnapshotChoice:
    photos = session.scalars(
        select(Photo).join(SnapshotItem).where(SnapshotItem.snapshot_id == snapshot.id).limit(SHOWN_PHOTOS)
    )
    counts = snapshot_counts(session, snapshot.id)
    return SnapshotChoice(snapshot.id, snapshot.name, snapshot.sha256, counts, tuple(photos))


def counts_sentence(counts: SnapshotCounts) -> str:
    """What is in a snapshot; synthetic masks are never counted as real."""
    real = counts.real_train + counts.real_validation
    said = f"{count(counts.total, 'photo')}, "
    if not real:
        return said + "all with synthetic defects. No real annotations yet, so nothing can be said about real photos."
    said += f"{real} with real masks ({counts.real_train} to train on, {counts.real_validation} to check with)"
    synthetic = counts.total - real
    said += f" and {synthetic} with synthetic ones." if synthetic else "."
    if not counts.real_validation:
        said += " None of the real ones is for checking, so figures on real photos will be missing."
    return said


def ships(kind: str) -> bool:
    """Whether heirloom comes with a model of this kind."""
    try:
        shipped_path(kind)
    except CheckpointError:
        return False
    return True


def first_sentence(file: Path) -> str:
    """What the comment at the head of a recipe's file says first."""
    head = takewhile(lambda line: line.startswith("#"), file.read_text(encoding="utf-8").splitlines())
    said = " ".join(line.removeprefix("#").strip() for line in head)
    return re.split(r"(?<=\.) (?=[A-Z])", said)[0]


def estimate(recipe: Recipe, past: Sequence[Job]) -> str:
    """How long the training will take, from trainings that ran here, else a guess where there is one."""
    rates = [rate for job in past if (rate := _pixel_seconds(job, recipe)) is not None]
    if rates:
        return f"About {duration(_pixels(recipe) * rates[0])}, going by the last training here."
    guesses = {_speed(DetectorRecipe(encoder=encoder)): seconds for encoder, seconds in PICTURE_SECONDS.items()}
    guess = guesses.get(_speed(recipe))
    if guess is None:
        return "How long it takes is known once such a training has run here."
    said = duration(_pixels(recipe) * guess / 256**2)
    return f"About {said} on two cores; a guess until such a training has run here."


def _pixel_seconds(job: Job, recipe: Recipe) -> float | None:
    """Seconds per training pixel of a finished training at the same speed; of one that went on, None: it did a part."""
    if job.status != "done" or job.started_at is None or job.finished_at is None or trained_kind(job) != recipe.kind:
        return None
    if job.params.get("resume_run"):
        return None
    try:
        ran = from_mapping(type(recipe), job.params.get("recipe", {}))
    except RecipeError:
        return None
    if _speed(ran) != _speed(recipe):
        return None
    return (job.finished_at - job.started_at).total_seconds() / _pixels(ran)


def _pixels(recipe: Recipe) -> int:
    return recipe.steps * recipe.batch * recipe.accumulate * recipe.size**2


def _speed(recipe: Recipe) -> tuple[object, ...]:
    return tuple(getattr(recipe, name, None) for name in SPEED)


def log_tail(settings: Settings, job: Job) -> str:
    """The end of a job's log, where it lies on this machine; empty elsewhere or before it begins."""
    log = job_log(settings, job)
    return runs.log_tail(log, LOG_BYTES) if log.exists() else ""


def not_here(folder: str) -> str:
    """What to say of a folder of photos that this machine does not have; the worker's may. Else empty."""
    here = not folder or os.path.isdir(folder)
    return "" if here else "There is no such folder on this machine. It has to be on that of the worker."


def hindrance(job: Job) -> str:
    """What would end this training at once if it went on, where that is known beforehand; else empty.

    Files and folders can be looked for only if this is the machine that it ran on.
    """
    try:
        recipe = from_mapping(recipe_class(trained_kind(job)), job.params.get("recipe", {}))
    except RecipeError as error:
        return str(error)
    named = [path for path in recipe.read_throughout if os.path.isabs(path)] if was_here(job.worker) else []
    missing = next((path for path in named if not os.path.exists(path)), None)
    return f"{missing} is not there." if missing else ""


def is_kept(here: Platform, job: Job) -> bool:
    """Whether there is something to go on from; it is taken to be where the training ran on another machine."""
    if not was_here(job.worker):
        return True
    with here.database.reading() as session:
        return has_state(here.settings, first_job(session, str(job.run_id)))


def newest_of_runs(jobs: Sequence[Job]) -> set[str]:
    """Ids of the trainings, of `jobs` newest first, that wrote their run last, or are about to: only they can go on.

    One that ended early is none while another goes on with the run, or after one did to its end, whatever clocks say.
    """
    newest: dict[str, str] = {}
    for job in sorted(jobs, key=lambda job: job.status in ENDED_EARLY):
        run = job.run_id or (job.params.get("resume_run") if job.status in ACTIVE else None)
        if run:
            newest.setdefault(run, job.id)
    return set(newest.values())


def ending(job: Job, kept: bool, went_on: bool = False) -> str:
    """How a training ended, in one line; `kept` says whether there is something to go on from."""
    if job.status == "failed":
        return f"{job_name(job)} failed: {job.error}"
    if job.status == "cancelled" and not job.progress:
        return f"{job_name(job)} was stopped before it began to learn."
    if job.status == "cancelled" and went_on:
        return f"{job_name(job)} was stopped at {percent(job.progress)}, and went on."
    if job.status == "cancelled":
        left = "the last checkpoint is kept" if kept else "nothing of it is kept"
        return f"{job_name(job)} was stopped at {percent(job.progress)}; {left}."
    if job.status == "done":
        made = f"{job.result.get('model', 'detector')}@{job.result.get('version', '?')}"
        took = ""
        if job.started_at and job.finished_at:
            took = f" in {duration((job.finished_at - job.started_at).total_seconds())}"
        return f"Became {made}{took}."
    return ""
