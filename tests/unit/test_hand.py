"""A worker's hand, and what it makes of a child that is gone."""

import subprocess
from pathlib import Path

import pytest

from trainer.workers.hand import Hand


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


def test_a_child_that_cannot_be_started_is_told_and_tried_again(tmp_path: Path) -> None:
    in_the_way = tmp_path / "logs"
    in_the_way.touch()
    hand = Hand(in_the_way / "log.txt")
    assert not hand.ask("perform", "job-1")
    assert hand.cause_of_death().startswith("No process could be started for it (")
    assert str(in_the_way) in hand.cause_of_death()
    hand.close()
