"""`python -m trainer.workers.child`: does the jobs whose ids its worker writes to it, and never outlives that worker.

A line `perform ID` on its input asks for a job, `close ID` ends the run of a job whose process died; one line on its
output answers each. SIGUSR1 stops the job at hand. When the input ends or the parent dies, the child saves what it
has and ends: the kernel tells it on Linux, the closed pipe tells it everywhere.
"""

import ctypes
import logging
import os
import queue
import signal
import sys
import threading
from contextlib import suppress

from db.errors import SchemaError
from db.settings import Settings
from trainer.log import start_log

_PR_SET_PDEATHSIG = 1
ORPHAN_GRACE_S = 20.0
"""How long an orphan may take to save its state before it is ended by force."""


class Orders:
    """What the worker wants: lines of its pipe, and whether the job at hand should stop."""

    def __init__(self) -> None:
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._orphaned = threading.Event()
        signal.signal(signal.SIGUSR1, lambda *_: self._stop.set())
        signal.signal(signal.SIGTERM, lambda *_: self.abandon())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def should_stop(self) -> bool:
        return self._stop.is_set() or self._orphaned.is_set()

    def next(self) -> str | None:
        """The next line; None when there will be no more. The stop of an earlier job does not count for it."""
        line = self.lines.get()
        self._stop.clear()
        return None if self._orphaned.is_set() else line

    def abandon(self) -> None:
        """Save and end: nobody waits for this process any more."""
        if not self._orphaned.is_set():
            self._orphaned.set()
            self.lines.put(None)
            timer = threading.Timer(ORPHAN_GRACE_S, os._exit, [1])
            timer.daemon = True
            timer.start()

    def _listen(self) -> None:
        waiting = b""
        while piece := os.read(0, 4096):
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                self.lines.put(line.decode())
        self.abandon()


def main() -> None:
    """Serve one worker until it closes the pipe."""
    orders = Orders()
    _die_with_parent(int(sys.argv[1]))
    answers = os.dup(1)
    os.dup2(2, 1)  # what libraries print belongs in the log
    start_log()
    settings = Settings()
    while (line := orders.next()) is not None:
        command, _, job_id = line.partition(" ")
        ending = _obey(settings, command, job_id, orders)
        with suppress(BrokenPipeError):  # an orphan has nobody to answer
            os.write(answers, f"{ending}\n".encode())


def _obey(settings: Settings, command: str, job_id: str, orders: Orders) -> str:
    from db.engine import open_database
    from trainer.workers.performing import perform

    try:
        database = open_database(settings)
    except SchemaError:  # it went since the worker took the job
        logging.getLogger(__name__).exception("job %s is left until the database answers", job_id)
        return "left"
    try:
        if command == "perform":
            return perform(settings, database, job_id, orders.should_stop)
        from trainer.jobs.training import close_after_death

        return close_after_death(settings, database, job_id)
    finally:
        database.dispose()


def _die_with_parent(parent: int) -> None:
    """Ask Linux for SIGTERM when the parent is gone; it may be gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main()
