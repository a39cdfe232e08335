"""Which code made a model: the commit, so that a run can be repeated."""

import subprocess
from pathlib import Path

from trainer.jobs.training import code_version

ROOT = Path(__file__).parents[2]


def test_a_run_names_the_commit_that_it_was_made_with() -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert code_version().removesuffix("+") == head.strip()
