"""A throw-away PostgreSQL cluster for tests: `from tests.support.postgres import postgres_cluster, postgres_url`."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

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
        _run(folder, binaries / "initdb", "-D", data, "-U", account, "-A", "trust", "--no-sync", "-E", "UTF8")
        port = _start(folder, binaries, data)
        yield Cluster(port, account)
    finally:
        if (data / "postmaster.pid").exists():
            _run(folder, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
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


def _start(folder: Path, binaries: Path, data: Path, tries: int = 5) -> int:
    for attempt in range(tries):
        port = _free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        try:
            _run(folder, binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        except AssertionError:
            if attempt == tries - 1:
                raise
            time.sleep(0.2)  # somebody else took the port in between
        else:
            return port
    raise AssertionError("unreachable: the last try either returns or raises")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(folder: Path, *command: object) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", ACCOUNT, "--", *words]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    # files, not pipes: the server inherits them and would hold a pipe open for ever
    with (folder / "output").open("a+") as output:
        done = subprocess.run(
            words, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment, cwd="/", check=False
        )
        output.seek(0)
        assert done.returncode == 0, f"{words} failed:\n{output.read()}"
