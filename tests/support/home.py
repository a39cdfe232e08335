"""`heirloom up` as a person starts it, in a home of its own, and a look into what it wrote."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from annotator.ports import free_port
from db.engine import Database
from db.settings import Settings

UP_SECONDS = 420.0
_GONE = (FileNotFoundError, ProcessLookupError)
"""What reading /proc raises where a process or a thread ends at that moment."""


@dataclass(frozen=True)
class RunningHome:
    """A platform that is up: its addresses, its folder and its database."""

    app: str
    mlflow: str
    home: Path
    settings: Settings
    database: Database
    process: subprocess.Popen[str]
    log: Path

    def child(self, module: str) -> int:
        """The process id of a direct child of `up` whose command line holds `module`."""
        for pid in _children(self.process.pid):
            if module in _command_line(pid):
                return pid
        raise LookupError(f"{module} does not run; the log of up:\n{self.log.read_text()}")


@contextmanager
def heirloom_up(
    home: Path, *arguments: str, extra_environment: dict[str, str] | None = None, log: Path | None = None
) -> Iterator[RunningHome]:
    """Run `heirloom up` on free ports until the block ends; then Ctrl-C, and all of it has to be gone."""
    home.mkdir(parents=True, exist_ok=True)
    log = log or home / "up.log"
    options = ["--port", str(free_port("127.0.0.1", 0)), "--mlflow-port", str(free_port("127.0.0.1", 0))]
    with log.open("w") as sink:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "heirloom"), "up", *options, *arguments],
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean_environment(), "HEIRLOOM_HOME": str(home), **(extra_environment or {})},
            cwd=home,
        )
    try:
        app, mlflow = _wait_for_addresses(process, log)
        settings = Settings(home=home)
        database = Database(settings.database_url)
        yield RunningHome(app, mlflow, home, settings, database, process, log)
        database.dispose()
    finally:
        stop(process)


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting of heirloom or MLflow."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HEIRLOOM_", "MLFLOW_"))}


def stop(process: "subprocess.Popen[str]", seconds: float = 120.0) -> None:
    """Ctrl-C, and force if that does not help."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def alive(pid: int) -> bool:
    """Whether the process still runs (a zombie does not)."""
    state = _told(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return bool(state) and state[0] != "Z"


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = _children(pid)
    return found + [each for child in found for each in descendants(child)]


def _wait_for_addresses(process: "subprocess.Popen[str]", log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + UP_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text()
        app, mlflow = (re.search(rf"^  {name} +(http://\S+)", text, re.MULTILINE) for name in ("the app", "MLflow"))
        if app and mlflow and "heirloom is up" in text:
            return app[1], mlflow[1]
        if process.poll() is not None:
            raise RuntimeError(f"heirloom up ended with {process.returncode}:\n{text}")
        time.sleep(0.1)
    raise TimeoutError(f"heirloom up printed no addresses within {UP_SECONDS:.0f} s:\n{log.read_text()}")


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except _GONE:
        return []
    return [int(child) for each in threads for child in _told(f"/proc/{pid}/task/{each}/children").split()]


def _command_line(pid: int) -> str:
    return _told(f"/proc/{pid}/cmdline").replace("\0", " ")


def _told(file: str) -> str:
    """What the kernel tells of a process or a thread; nothing where it ended before it was read."""
    try:
        return Path(file).read_text(errors="replace")
    except _GONE:
        return ""
