"""What `heirloom up` promises of its children, with small ones: they restart, they stop, they never outlive it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotator.children import MOST_DEATHS, STEADY_SECONDS, Child, stop
from annotator.up import UpError, start
from tests.support.home import alive
from tests.support.waiting import wait_for

SLEEP = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


def child(tmp_path: Path, code: str) -> Child:
    return Child(
        "the child",
        "here",
        [sys.executable, "-c", code],
        dict(os.environ),
        tmp_path / "c.log",
        lambda c: "ready" in c.output(),
    )


def test_a_child_is_ready_when_it_says_so_and_stops_when_asked(tmp_path: Path) -> None:
    one = child(tmp_path, SLEEP)
    one.start()
    wait_for(lambda: one.ready(one), "the child", 240)
    assert one.alive
    stop([one])
    assert not one.alive


def test_a_child_whose_log_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    one = child(tmp_path, SLEEP)
    one.log.mkdir()
    with pytest.raises(
        UpError, match=rf"^the child cannot be started \(.*{one.log}'\); see to it that {one.log} may be"
    ):
        start(one)


def test_a_child_that_ignores_the_request_is_ended_by_force(tmp_path: Path) -> None:
    one = child(tmp_path, STUBBORN)
    one.start()
    wait_for(lambda: one.ready(one), "the child", 240)
    stop([one], patience=0.2)
    assert one.process is not None
    assert one.process.returncode == -signal.SIGKILL


def test_what_an_earlier_process_wrote_does_not_make_the_next_one_ready(tmp_path: Path) -> None:
    (tmp_path / "c.log").write_text("ready\n")
    one = child(tmp_path, "import time; time.sleep(600)")
    one.start()
    assert not one.ready(one)
    stop([one])


def test_pauses_grow_and_then_it_is_given_up(tmp_path: Path) -> None:
    one = child(tmp_path, "raise SystemExit('no room left')")
    pauses = []
    for _ in range(MOST_DEATHS):
        one.start()
        assert one.process is not None
        one.process.wait()
        pauses.append(one.note_death())
    assert pauses == [1.0, 2.0, 4.0, 8.0, None]
    assert "no room left" in one.last_words()


def test_what_lived_long_has_no_earlier_deaths(tmp_path: Path) -> None:
    one = child(tmp_path, "")
    one.deaths, one.started = MOST_DEATHS - 1, time.monotonic() - STEADY_SECONDS - 1
    assert one.note_death() == 1.0
    assert one.deaths == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_children_end_with_a_parent_that_is_killed_outright(tmp_path: Path) -> None:
    log = str(tmp_path / "c.log")
    parent_code = (
        "import os, sys, time\nfrom pathlib import Path\nfrom annotator.children import Child\n"
        f"c = Child('c', 'here', [sys.executable, '-c', {SLEEP!r}], dict(os.environ), Path({log!r}), bool)\n"
        "c.start()\nprint(c.process.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        wait_for(lambda: "ready" in (tmp_path / "c.log").read_text(), "the child", 240)
        parent.kill()
    wait_for(lambda: not alive(pid), "the end of the child", 240)
