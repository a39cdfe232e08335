"""`heirloom worker`: takes jobs from the durable queue, has child processes do them, and takes over from the dead."""

import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from db import jobs as rows
from db.addresses import normal_url
from db.answering import answering
from db.engine import Database, open_database
from db.errors import SchemaError
from db.migrate import refuse_newer, stored_revision
from db.models import Job
from db.settings import Settings
from trainer import jobs
from trainer.log import start_log
from trainer.platform import prepare
from trainer.workers.hand import Hand
from trainer.workers.holding import Holding, alive, dead_workers, worker_name
from trainer.workers.reviving import revive

if TYPE_CHECKING:
    from dbos import DBOSClient

_LOOK_EVERY_S = 2.0
_PATIENCE_S = 6.0
"""How long children may take to save when the worker is told to stop; `heirloom up` waits eight seconds for it."""
_log = logging.getLogger(__name__)


class Worker:
    """One executor of the queues. Each training gets a child of its own; each other queue has one that stays warm."""

    def __init__(self, settings: Settings, database: Database, name: str) -> None:
        self.settings, self.database, self.name = settings, database, name
        queues = (jobs.PROPOSALS_QUEUE, jobs.PICTURES_QUEUE)
        self._warm = {queue: Hand(jobs.queue_log(settings, queue)) for queue in queues}
        self._trainings: set[Hand] = set()
        self._stopping = threading.Event()
        self._never = threading.Event()
        self.carried: set[str] = set()
        """Jobs that it has in hand: it waits for one, or a child is at it."""

    def perform(self, job_id: str) -> None:
        """Carry one job to its end. Never returns once the worker is stopping: the workflow must stay unfinished."""
        self.carried.add(job_id)
        try:
            self._carry(job_id)
        finally:
            self.carried.discard(job_id)

    def _carry(self, job_id: str) -> None:
        job = self._claimed(job_id)
        if job is None:
            return
        if job.cancel_requested:
            self._end_cancelled(job)
            return
        hand = self._hand_for(job)
        with Holding(self.database, job_id, self.name, hand.stop_job) as holding:
            answered = hand.ask("perform", job_id)
            if self._stopping.is_set():
                self._never.wait()
            if not answered:
                self._bury(job, hand, holding.cancelled)
        if hand in self._trainings:
            hand.close()
            self._trainings.discard(hand)

    def stop(self) -> None:
        """Let children save what they have, and leave the jobs to whoever comes next.

        Where the database is away, its jobs are found by their silence.
        """
        self._stopping.set()
        hands = [*self._warm.values(), *self._trainings]
        closing = [threading.Thread(target=hand.close, args=(_PATIENCE_S,)) for hand in hands]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        try:
            with self.database.unit_of_work() as session:
                for job in rows.list_jobs(session, active=True):
                    rows.leave(session, job.id, self.name)
        except SQLAlchemyError:
            _log.exception("that the jobs are left could not be written")

    def _claimed(self, job_id: str) -> Job | None:
        """The job once it is ours; None when it is over. Waits while another living worker holds it."""
        while not self._stopping.is_set():
            with self.database.unit_of_work() as session:
                job = rows.get_job(session, job_id)
                if job.status not in rows.ACTIVE:
                    return None
                dead = dead_workers(self.settings, {job.worker} if job.worker else set())
                claimed = rows.claim(session, job_id, self.name, dead=sorted(dead))
                if claimed is not None:
                    return claimed
            self._stopping.wait(_LOOK_EVERY_S)
        self._never.wait()
        return None

    def _hand_for(self, job: Job) -> Hand:
        warm = self._warm.get(jobs.queue_of(job.kind))
        if warm is not None:
            return warm
        hand = Hand(jobs.job_log(self.settings, job))
        self._trainings.add(hand)
        return hand

    def _bury(self, job: Job, hand: Hand, cancelled: bool) -> None:
        """The child died over the job: write down how it ended, and end its run; not if another worker has it now."""
        with self.database.unit_of_work() as session:
            now = rows.get_job(session, job.id)
            if now.status not in rows.ACTIVE or now.worker != self.name:
                return
            if cancelled:
                rows.end_cancelled(session, job.id)
            else:
                rows.fail(session, job.id, hand.cause_of_death())
        self._close_run(job)

    def _end_cancelled(self, job: Job) -> None:
        with self.database.unit_of_work() as session:
            rows.end_cancelled(session, job.id)
        self._close_run(job)

    def _close_run(self, job: Job) -> None:
        if job.kind == "train":
            hand = Hand(jobs.job_log(self.settings, job))
            hand.ask("close", job.id)
            hand.close()


_worker: Worker | None = None


@DBOS.step(name="carry_job")
def _carry_job(job_id: str) -> None:
    if _worker is None:
        raise RuntimeError("a job's step runs only inside a worker")
    _worker.perform(job_id)


@DBOS.workflow(name=jobs.WORKFLOW)
def _perform_job(job_id: str) -> None:
    """One step: what it did so far is in the job's row and in its checkpoints, not in the queue."""
    _carry_job(job_id)


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, or until a newer heirloom upgrades the tables. Prepares the platform when nobody
    did."""
    global _worker  # noqa: PLW0603 (the queue calls functions, not methods)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    prepare(settings)
    database = open_database(settings)
    name = worker_name()
    with alive(settings, name):
        _worker = Worker(settings, database, name)
        client = _join_queue(settings, name)
        sys.stdout.write(f"worker {name} is ready\n")
        sys.stdout.flush()
        outdated = False
        while not outdated and not told_to_stop.wait(_LOOK_EVERY_S):
            _look_after_others(settings, database, client, _worker.carried)
            outdated = _is_outdated(settings, database)
        _worker.stop()
    sys.stdout.flush()
    os._exit(int(outdated))  # steps of unfinished workflows wait for ever, so that these stay unfinished


def _join_queue(settings: Settings, name: str) -> "DBOSClient":
    """Raises SchemaError where the queue's database does not answer."""
    DBOS(
        config={
            "name": jobs.APPLICATION,
            "system_database_url": normal_url(settings.jobs_database_url),
            "application_version": jobs.APPLICATION_VERSION,
            "executor_id": name,
            "log_level": "WARNING",
            "run_migrations": False,
            "enable_otlp": False,
        }
    )
    with answering(settings.jobs_database_url, settings.jobs_variable):
        DBOS.launch()
        for queue in (jobs.TRAINING_QUEUE, jobs.PROPOSALS_QUEUE, jobs.PICTURES_QUEUE):
            DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=0.5, on_conflict="always_update")
    return jobs.open_queue(settings)


def _look_after_others(settings: Settings, database: Database, client: "DBOSClient", carried: set[str]) -> None:
    try:
        revived = revive(settings, database, client, frozenset(carried))
    except Exception:  # a database that is away for a while must not end the worker
        _log.exception("jobs of others could not be looked after")
        return
    if revived:
        _log.info("took up %s", ", ".join(revived))


def _is_outdated(settings: Settings, database: Database) -> bool:
    """Whether the tables come from a newer heirloom by now: no job is done here any more, and a newer worker's wait."""
    try:
        with database.reading() as session:
            refuse_newer(settings.database_url, stored_revision(session.connection()))
    except SchemaError as error:
        _log.error("this worker ends: %s", error)
        return True
    except SQLAlchemyError:
        _log.exception("whose the tables are could not be read")
    return False


def main() -> None:
    """Entry of `python -m trainer.workers.worker`."""
    start_log()
    run_worker(Settings())


if __name__ == "__main__":
    main()
