"""A training in a person's shell: as a job of the platform, or alone into a folder."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy.orm import Session

from db import jobs as rows
from db.engine import Database, open_database
from db.errors import NotFound, PlatformError
from db.settings import Settings
from db.snapshots import SnapshotContents, find_snapshot, snapshot_contents
from inference.memory import ran_out
from inference.progress import terminal_bar
from inference.writing import check_folder
from trainer.errors import MEMORY_RAN_OUT, JobError, RunBusy, WrongUse
from trainer.jobs import training_params
from trainer.learning.examples import examples_in
from trainer.learning.recipe import Recipe
from trainer.learning.tracker import NullTracker
from trainer.platform import prepare
from trainer.workers.holding import Holding, alive, worker_name
from trainer.workers.performing import perform

_LOOK_EVERY_S = 0.5


def train_as_job(settings: Settings, recipe: Recipe, snapshot: str | None, quiet: bool) -> dict[str, Any]:
    """Train under the rules of every job: one run, one writer, cancellable from the pages, resumed by a worker if this
    process dies. Returns the job's result. Raises JobError with the job's error when it failed or was cancelled.
    """
    prepare(settings)
    database = open_database(settings)
    name, stop = worker_name(), threading.Event()
    with alive(settings, name):
        job_id = _claimed_job(database, recipe, snapshot, name)
        with (
            _interrupts(lambda: _cancel(database, job_id)),
            Holding(database, job_id, name, stop.set),
            _shown(database, job_id, quiet),
        ):
            perform(settings, database, job_id, stop.is_set)
    with database.reading() as session:
        job = rows.get_job(session, job_id)
    if job.status != "done":
        raise JobError(job.error or f"Job {job_id} is {job.status}; its last checkpoint is kept.")
    return job.result


@dataclass(frozen=True)
class Source:
    """A snapshot, and where the bytes of its photos are."""

    contents: SnapshotContents
    blobs_url: str


def source_of(settings: Settings, snapshot: str) -> Source:
    """The platform's snapshot of this name, id or hash. Raises WrongUse when there is none."""
    database = open_database(settings)
    try:
        with database.reading() as session:
            return Source(snapshot_contents(session, _snapshot_id(session, snapshot)), settings.blobs_url)
    finally:
        database.dispose()


def _snapshot_id(session: Session, snapshot: str) -> int:
    try:
        return find_snapshot(session, snapshot).id
    except NotFound as error:
        raise WrongUse(str(error)) from error


def train_alone(recipe: Recipe, out: Path, quiet: bool, source: Source | None = None) -> dict[str, Any]:
    """Train into a folder, without a job or MLflow; the same folder again goes on where it was.

    Without a snapshot it trains on synthetic defects alone. torchrun may run it in several processes: the main one
    writes and tells. Raises UsageProblem when `out` is no folder to write in, RunBusy when another training writes into
    it, JobError when it was stopped or memory ran out.
    """
    from trainer.learning.loop import train_model

    stop, main = threading.Event(), os.environ.get("RANK", "0") == "0"
    with _only_writer(out) if main else nullcontext(), _bar(quiet or not main) as tell, _interrupts(stop.set):
        examples = examples_in(source.contents, source.blobs_url, partial(tell, None)) if source else []
        made_from = {"snapshot": source.contents.sha256 if source else None}
        try:
            outcome = train_model(
                recipe, examples, out, _Teller(tell), should_stop=stop.is_set, provenance=made_from
            )  # fmt: skip
        except Exception as error:
            if not ran_out(error):
                raise
            raise JobError(MEMORY_RAN_OUT) from error
    if outcome.stopped:
        raise JobError(f"Stopped. The last checkpoint is in {out}; the same command goes on from it.")
    return {"checkpoint": str(outcome.checkpoint), "metrics": outcome.metrics}


@contextmanager
def _only_writer(out: Path) -> Iterator[None]:
    check_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise RunBusy(f"Another process trains into {out}. Wait for it to end, or choose another --out.") from error


class _Teller(NullTracker):
    """Says how far a training is, and keeps nothing."""

    def __init__(self, tell: Callable[[float | None, str], None]) -> None:
        self._tell = tell

    def progress(self, fraction: float | None, message: str) -> None:
        self._tell(fraction, message)


def _claimed_job(database: Database, recipe: Recipe, snapshot: str | None, name: str) -> str:
    """Row and claim in one step, so that no worker sees a job that waits."""
    with database.unit_of_work() as session:
        chosen = _snapshot_id(session, snapshot) if snapshot is not None else None
        job = rows.add_job(session, "train", training_params(recipe.with_whole_paths(), chosen), None)
        rows.claim(session, job.id, name)
        return job.id


def _cancel(database: Database, job_id: str) -> None:
    with database.unit_of_work() as session:
        rows.request_cancel(session, job_id)


@contextmanager
def _interrupts(react: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C asks the training to stop, from a thread: a signal may arrive in the middle of a unit of work.

    So does SIGTERM, by which torchrun ends its processes.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: threading.Thread(target=react).start()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _shown(database: Database, job_id: str, quiet: bool) -> Iterator[None]:
    over = threading.Event()

    def follow(tell: Callable[[float | None, str], None]) -> None:
        while not over.wait(_LOOK_EVERY_S):
            try:
                with database.reading() as session:
                    job = rows.get_job(session, job_id)
            except PlatformError:
                return
            tell(job.progress, job.message)

    with _bar(quiet) as tell:
        thread = threading.Thread(target=follow, args=(tell,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[float | None, str], None]]:
    with terminal_bar(counted=False, quiet=quiet) as progress:
        task = progress.add_task("Starting", total=None)

        def tell(fraction: float | None, message: str) -> None:
            begun = None if not fraction else 1.0  # while it loads, nobody knows how far it is
            progress.update(task, total=begun, completed=fraction, description=message)

        yield tell
