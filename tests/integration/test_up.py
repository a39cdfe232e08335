"""`heirloom up` as a whole: one per home, parts that die come back, and nothing is left when it ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from annotator.ports import answers
from tests.support.home import RunningHome, alive, clean_environment, descendants, heirloom_up
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with heirloom_up(tmp_path_factory.mktemp("up")) as home:
        yield home
    assert home.process.returncode == 0, home.log.read_text()


def test_everything_answers_and_lives_in_the_home(running: RunningHome) -> None:
    for address in (f"{running.app}/_stcore/health", f"{running.mlflow}/health"):
        wait_for(partial(answers, address, timeout=10), f"an answer of {address}")
    assert {path.name for path in running.home.iterdir()} >= {"heirloom.db", "jobs.db", "mlflow.db", "logs"}
    assert "  the worker  on this machine\n" in running.log.read_text()


def test_a_second_one_on_the_same_home_is_refused_in_a_sentence(running: RunningHome) -> None:
    heirloom = str(Path(sys.executable).parent / "heirloom")
    environment = {**clean_environment(), "HEIRLOOM_HOME": str(running.home)}
    second = subprocess.run([heirloom, "up"], env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert second.returncode == 1
    assert second.stderr.startswith(f"heirloom: heirloom is already up on {running.home}")
    assert str(running.process.pid) in second.stderr


def test_an_app_that_dies_is_reported_and_comes_back(running: RunningHome) -> None:
    first = running.child("annotator.serve")
    subprocess.run(["kill", "-9", str(first)], check=True)
    said = "the app was ended by signal 9; it starts again in 1 s"
    wait_for(lambda: said in running.log.read_text(), "the report")
    wait_for(lambda: answers(f"{running.app}/_stcore/health"), "an answer of the new app")
    assert running.child("annotator.serve") != first


def test_a_killed_one_leaves_nothing_behind(tmp_path: Path) -> None:
    with heirloom_up(tmp_path) as home:
        below = descendants(home.process.pid)
        assert len(below) >= 3
        home.process.send_signal(signal.SIGKILL)
        home.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in below), "the end of all of them")
