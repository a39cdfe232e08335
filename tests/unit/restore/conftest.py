"""What the tests of `heirloom restore` start from: photos, and the command with small models."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from inference.cli import commands


@pytest.fixture
def restore(models: dict[str, Path]) -> Any:
    def call(*arguments: object, method: str | None = None) -> Result:
        needed = [path for kind, path in models.items() if kind != "inpainter" or method is None]
        chosen = [word for path in needed for word in ("--model", path)]
        words = ["restore", *arguments, *chosen, *(("--method", method) if method else ())]
        return CliRunner().invoke(commands, [str(word) for word in words])

    return call
