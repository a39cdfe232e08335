"""What pages show begins with a capital: the errors of the rooms whose sentences people read there."""

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ("heirloom", "pg_dump")
"""Names that keep their small letter."""


def small_beginnings(path: Path) -> Iterator[str]:
    """What the errors say that a module raises, where it begins with a small letter."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or not node.exc.args:
            continue
        said = node.exc.args[0]
        first = said.values[0] if isinstance(said, ast.JoinedStr) else said
        begins = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
        ours = not hasattr(builtins, ast.unparse(node.exc.func))
        if ours and begins[:1].islower() and not begins.startswith(PROGRAMS):
            yield f"{path.name}:{node.lineno}: {begins}"


@pytest.mark.parametrize("room", ["db", "annotator"])
def test_errors_begin_with_a_capital(room: str) -> None:
    modules = (path for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts)
    assert [said for path in modules for said in small_beginnings(path)] == []
