"""A throw-away PostgreSQL cluster for tests; its fixtures are there for every test."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

ACCOUNT = "postgres"
"""Who runs the server when we are root: PostgreSQL refuses to."""


@dataclass(frozen=True)
class Cluster:
    """A running server on a free port of the loopback address."""

    port: int
    account: str

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{self.account}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def fresh_database(self, template: str = "template1") -> Iterator[str]:
        """The address of a new copy of `template`, an empty database, dropped at the end."""
        name = f"t{uuid.uuid4().hex}"
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            yield self.url(name)
            with engine.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        finally:
            engine.dispose()


def postgres_binaries() -> Path | None:
    """The folder of the newest `initdb` on this machine."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def running_cluster(binaries: Path) -> Iterator[Cluster]:
    """Starts a private cluster in a temporary folder, stops it and removes the folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="heirloom-postgres-"))
    account = ACCOUNT if os.geteuid() == 0 else getpass.getuser()
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    try:
        initdb = [binaries / "initdb", "-D", data, "-U", account, "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(_as_account(initdb), cwd="/", env=_environment(), check=True, stdout=subprocess.DEVNULL)
        server, cluster = _start(folder, binaries, account)
        try:
            yield cluster
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=120)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One cluster for the whole test session; skips where PostgreSQL is not installed, but not in CI."""
    binaries = postgres_binaries()
    if binaries is None:
        reason = "PostgreSQL is not installed (apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    with postgres_cluster.fresh_database() as url:
        yield url


def _start(folder: Path, binaries: Path, account: str, tries: int = 5) -> tuple[subprocess.Popen[bytes], Cluster]:
    """The server as our child, which ends when we are killed."""
    for _ in range(tries):
        cluster = Cluster(_free_port(), account)
        options = {
            "port": cluster.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "fsync": "off",
        }
        command: list[object] = [binaries / "postgres", "-D", folder / "data"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (folder / "log").open("ab") as log:
            server = subprocess.Popen(
                _as_account(command), cwd="/", env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if _answers(server, cluster):
            return server, cluster
    raise AssertionError(f"PostgreSQL does not start:\n{(folder / 'log').read_text()}")


def _answers(server: subprocess.Popen[bytes], cluster: Cluster, seconds: float = 60) -> bool:
    """Waits until the server takes connections; False when it ended, such as for a port somebody else took."""
    engine = create_engine(cluster.url("postgres"), poolclass=NullPool)
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        try:
            with engine.connect():
                return True
        except OperationalError:
            time.sleep(0.1)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _as_account(command: Sequence[object]) -> list[str]:
    change = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *change, "--pdeathsig=QUIT", "--", *map(str, command)]


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}
