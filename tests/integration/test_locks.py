"""Locks between processes: one holder, and none once the holder's process is gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.settings import Settings
from trainer.errors import RunBusy
from trainer.locks import exclusive, lock_path

HOLD = """
import time
from db.settings import Settings
from trainer.locks import exclusive
with exclusive(Settings(), "run-1"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["file", "postgresql+psycopg", "postgres"])
def platform(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    if request.param != "file":
        _, rest = request.getfixturevalue("postgres_url").split("://")
        monkeypatch.setenv("HEIRLOOM_DATABASE_URL", f"{request.param}://{rest}")
    return Settings()


def test_a_lock_has_one_holder_and_ends_with_its_process(platform: Settings) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env=dict(os.environ))
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunBusy, match="run-1"), exclusive(platform, "run-1", wait_s=0.5):
            pass
        with exclusive(platform, "run-2", wait_s=0):
            pass
        assert lock_path(platform, "run-1").exists() == platform.database_url.startswith("sqlite")
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with exclusive(platform, "run-1", wait_s=120) as lock:
        assert lock.still_held()
