"""`heirloom up`: the app, an MLflow server and one worker on this machine, as one thing that starts and stops."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from annotator.children import Child, stop
from annotator.ports import answers, free_port
from db.errors import PlatformError

if TYPE_CHECKING:
    from db.settings import Settings

LOOPBACK = "127.0.0.1"
START_SECONDS = 300.0
"""How long a part may take until it answers; on a busy machine that can be minutes."""

commands = typer.Typer()


class UpError(PlatformError):
    """The parts could not be started, or do not stay up."""


@commands.command()
def up(
    sample_photos: Annotated[
        bool, typer.Option("--sample-photos", help="Import the sample photos if there are no photos yet.")
    ] = False,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address that the app listens on.")] = LOOPBACK,
    port: Annotated[int, typer.Option(help="Port of the app; the next free one if it is taken.")] = 8501,
    mlflow_port: Annotated[int, typer.Option(help="Port of MLflow; the next free one if it is taken.")] = 5000,
) -> None:
    """Start the app, MLflow and a worker on this machine; Ctrl-C stops them."""
    from db.settings import Settings
    from inference.writing import check_folder

    settings = Settings()
    home = settings.home.resolve()
    check_folder(home, "HEIRLOOM_HOME")
    home.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background processes deaf to Ctrl-C
        signal.signal(number, _interrupt)
    with _only_one(home):
        typer.echo("heirloom is starting; the first time takes a minute.")
        _prepare(sample_photos)
        children = plan(settings, host, port, mlflow_port)
        try:
            for child in children:
                start(child)
            _wait_until_ready(children)
            typer.echo(f"heirloom is up; its state is in {home}. Ctrl-C stops all of it, and nothing is lost.")
            _watch(children)
        except KeyboardInterrupt:
            typer.echo("Stopping …")
        finally:
            stop(children)
    typer.echo("Stopped.")


def plan(settings: "Settings", host: str, port: int, mlflow_port: int) -> list[Child]:
    """The processes to start; the app first, because people wait for it."""
    from db.addresses import without_sign_in

    environment = {**os.environ, "HEIRLOOM_HOME": str(settings.home.resolve())}
    logs = settings.home.resolve() / "logs"
    app_port = _port(host, port)
    app_address = _address(host, app_port)
    app = Child(
        "the app",
        f"{app_address}{_moved(port, app_port)}",
        [sys.executable, "-m", "annotator.serve", "--host", host, "--port", str(app_port)],
        environment,
        logs / "app.log",
        _answers_at(f"{app_address}/_stcore/health"),
    )
    worker_command = [sys.executable, "-m", "trainer.workers.worker"]
    worker = Child("the worker", "on this machine", worker_command, environment, logs / "worker.log", _says_ready)
    if settings.mlflow_tracking_uri.startswith("http"):
        environment["HEIRLOOM_MLFLOW_ADDRESS"] = without_sign_in(settings.mlflow_tracking_uri)
        typer.echo(f"  MLflow      {settings.shown_tracking_uri}, as MLFLOW_TRACKING_URI says")
        return [app, worker]
    tracking_port = _port(LOOPBACK, mlflow_port)
    address = environment["HEIRLOOM_MLFLOW_ADDRESS"] = _address(LOOPBACK, tracking_port)
    tracking = Child(
        "MLflow",
        f"{address}{_moved(mlflow_port, tracking_port)}",
        [sys.executable, "-m", "trainer.tracking.server", "--port", str(tracking_port)],
        environment,
        logs / "mlflow.log",
        _answers_at(f"{address}/health"),
    )
    return [app, worker, tracking]


def _prepare(sample_photos: bool) -> None:
    """Migrations, stores and samples, in a process of its own so that this one stays small."""
    command = [sys.executable, "-m", "annotator.preparing"]
    done = subprocess.run([*command, "--sample-photos"] if sample_photos else command, check=False)
    if done.returncode:
        raise UpError("The platform could not be prepared; what went wrong stands above.")


def start(child: Child) -> None:
    """Start a part. Raises UpError where the system does not let it."""
    try:
        child.start()
    except OSError as error:
        said = f"{child.name} cannot be started ({error})"
        raise UpError(f"{said}; see to it that {child.log} may be written and that there is memory.") from error


def _wait_until_ready(children: list[Child]) -> None:
    deadline = time.monotonic() + START_SECONDS
    waiting = list(children)
    while waiting:
        for child in list(waiting):
            if not child.alive:
                raise UpError(
                    f"{child.name} stopped while it was starting. The end of {child.log}:\n{child.last_words()}"
                )
            if child.ready(child):
                typer.echo(f"  {child.name:<10}  {child.where}")
                waiting.remove(child)
        if waiting and time.monotonic() > deadline:
            names = " and ".join(child.name for child in waiting)
            raise UpError(f"{names} did not answer within {START_SECONDS:.0f} s; {waiting[0].log} may say why.")
        time.sleep(0.2)


def _watch(children: list[Child]) -> None:
    """Until a signal: restart what dies, with a growing pause; raise UpError when it does not help."""
    while True:
        for child in children:
            if child.restart_at is not None:
                if time.monotonic() >= child.restart_at:
                    start(child)
            elif not child.alive:
                _report_death(child)
        time.sleep(0.3)


def _report_death(child: Child) -> None:
    code = child.process.returncode if child.process is not None else None
    how = f"was ended by signal {-code}" if code is not None and code < 0 else f"stopped with exit code {code}"
    pause = child.note_death()
    if pause is None:
        raise UpError(f"{child.name} {how} again and again. The end of {child.log}:\n{child.last_words()}")
    typer.echo(f"{child.name} {how}; it starts again in {pause:.0f} s. Its log: {child.log}", err=True)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the home for this process; the lock goes with the process, however it ends."""
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UpError(
                f"heirloom is already up on {home} (process {lock.read().strip() or 'unknown'}); "
                "stop that one, or set HEIRLOOM_HOME to another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _port(host: str, wanted: int) -> int:
    try:
        return free_port(host, wanted)
    except OSError as error:
        raise UpError(f"The address {host}:{wanted} cannot be used: {error}") from error


def _moved(wanted: int, found: int) -> str:
    return f" (port {wanted} is taken)" if wanted not in (0, found) else ""


def _address(host: str, port: int) -> str:
    reachable = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{reachable}:{port}"


def _answers_at(address: str) -> Callable[[Child], bool]:
    return lambda _child: answers(address)


def _says_ready(child: Child) -> bool:
    return " is ready" in child.output()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
