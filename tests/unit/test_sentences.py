"""What people read of an error is a sentence, from a capital to a full stop."""

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("db", "inference", "trainer", "annotator")
PROGRAMS = ("heirloom", "pg_dump")
"""Names that keep their small letter."""
WORDS_OF_OTHERS = ("error", "failure.stderr.strip()", "child.last_words()", "layout.problem")
"""What our sentences pass on at their end."""


def told(room: str) -> Iterator[tuple[str, list[ast.expr]]]:
    """Every error of ours that a room raises: where, and the parts of its sentence."""
    for path in (ROOT / room).rglob("*.py"):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or not node.exc.args:
                continue
            kind, said = ast.unparse(node.exc.func), node.exc.args[0]
            if not hasattr(builtins, kind) and kind != "typer.Exit":
                yield f"{path.name}:{node.lineno}", said.values if isinstance(said, ast.JoinedStr) else [said]


def text(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""


@pytest.mark.parametrize("room", ROOMS)
def test_errors_begin_with_a_capital(room: str) -> None:
    begins = {place: text(parts[0]) for place, parts in told(room)}
    assert {place: said for place, said in begins.items() if said[:1].islower() and not said.startswith(PROGRAMS)} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_errors_end_with_a_full_stop(room: str) -> None:
    last = {place: parts[-1] for place, parts in told(room)}
    whole = {place: part for place, part in last.items() if isinstance(part, ast.Constant | ast.FormattedValue)}
    open_ended = {
        place: ast.unparse(part)
        for place, part in whole.items()
        if not text(part).endswith((".", "?", "!"))
        and not (isinstance(part, ast.FormattedValue) and ast.unparse(part.value) in WORDS_OF_OTHERS)
    }
    assert open_ended == {}
