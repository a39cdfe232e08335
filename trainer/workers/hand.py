"""A worker's hand: one child process that does its jobs."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

STOP_GRACE_S = 20.0
"""How long a job that was asked to stop may take to save its state."""
_STARTER = ThreadPoolExecutor(1, thread_name_prefix="starter")
"""Linux ties a child to the thread that started it: this one lives as long as the process."""


class Hand:
    """Starts its child when first needed and again when it died. One job at a time."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._answered = threading.Event()
        self._refused = ""

    def ask(self, command: str, job_id: str) -> bool:
        """Give the child an order and wait until it is done. False when it died over it, or none could be started."""
        try:
            process, answered = self._started(), threading.Event()
        except OSError as error:  # no room for its log, no memory, too many processes
            self._refused = str(error)
            return False
        self._answered = answered
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{command} {job_id}\n".encode())
            process.stdin.flush()
            return bool(process.stdout.readline())
        except BrokenPipeError:
            return False
        finally:
            answered.set()

    def stop_job(self) -> None:
        """Ask the job at hand to save and stop; by force if it takes too long."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGUSR1)
            threading.Thread(target=_end_late, args=(process, self._answered), daemon=True).start()

    def close(self, patience: float = STOP_GRACE_S) -> None:
        """Close the pipe: the child saves what it has and ends, by force after `patience` seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # an order that the child did not live to read
            process.stdin.close()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def cause_of_death(self) -> str:
        """How the child ended, or why there was none, as a sentence."""
        if self._refused:
            return f"No process could be started for it ({self._refused}). See to that, and start it again."
        code = self._process.wait() if self._process is not None else 0
        if code == -signal.SIGKILL:
            return "The process was ended by force (signal 9); most often memory ran out."
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return f"The process ended {how}. Its log is {self.log}."

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = None
            self._process = _STARTER.submit(self._start).result()
            self._refused = ""
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as sink:
            command = [sys.executable, "-m", "trainer.workers.child", str(os.getpid())]
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink)


def _end_late(process: "subprocess.Popen[bytes]", answered: threading.Event) -> None:
    if not answered.wait(STOP_GRACE_S):
        process.kill()
