"""The processes that `heirloom up` keeps: each is started, watched, restarted with a growing pause, and stopped.

None outlives its parent: the kernel sends SIGTERM to a child whose parent is gone, even after kill -9.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
STEADY_SECONDS = 60.0
"""A child that lived this long starts again with no memory of earlier deaths."""
MOST_DEATHS = 5
LOG_BYTES = 5_000_000


@dataclass
class Child:
    """One process: how to start it, how to know that it answers, and what to tell people then."""

    name: str
    where: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[["Child"], bool]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    restart_at: float | None = None
    log_start: int = field(default=0)
    """Where in the log this process's own lines begin."""

    def start(self) -> None:
        """Start it with its output in its log, in a process group of its own."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as sink:
            self.log_start = sink.tell()
            # The parent starts children from its main thread, before it has any other: preexec_fn is safe here.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid()) if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        self.started = time.monotonic()
        self.restart_at = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def output(self) -> str:
        """What this process has written so far."""
        with self.log.open("rb") as source:
            source.seek(self.log_start)
            return source.read().decode(errors="replace")

    def last_words(self) -> str:
        """The end of its output, for a person who asks why it died."""
        return "\n".join("    " + line for line in self.output().strip().splitlines()[-5:])

    def note_death(self) -> float | None:
        """Plan the restart: seconds until then, or None when it died too often in a row."""
        if time.monotonic() - self.started > STEADY_SECONDS:
            self.deaths = 0
        self.deaths += 1
        if self.deaths >= MOST_DEATHS:
            return None
        pause = 2.0 ** (self.deaths - 1)
        self.restart_at = time.monotonic() + pause
        return pause


def stop(children: list[Child], patience: float = 8.0) -> None:
    """Ask all to stop at once, then end by force whatever is left of their process groups after `patience` seconds.

    Only the child itself is asked: it knows in which order its own children have to save and stop.
    """
    for child in children:
        if child.process is not None:
            child.process.terminate()
    deadline = time.monotonic() + patience
    while any(child.alive for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        _kill_group(child)
        if child.process is not None:
            child.process.wait()


def _kill_group(child: Child) -> None:
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _die_with_parent(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def before_exec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
