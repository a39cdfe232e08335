"""A worker's hand, and what it makes of a child that is gone."""

import subprocess
from pathlib import Path

import pytest

from trainer.hand import Hand


def test_a_child_that_does_not_live_to_read_its_order_is_told_and_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(tmp_path / "log.txt")
    with subprocess.Popen(["false"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as gone:
        gone.wait()
        hand._process = gone
        monkeypatch.setattr(hand, "_started", lambda: gone)
        assert not hand.ask("perform", "job-1")
        assert hand.cause_of_death() == f"The process ended with exit code 1. Its log is {tmp_path / 'log.txt'}."
        hand.close()
