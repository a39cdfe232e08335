"""What --help says: of every command, argument and option, in one form; and the docs know them all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from annotator.main import build

ROOT = Path(__file__).parents[2]


def commands(group: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command below a group, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*names, name))
        else:
            yield " ".join((*names, name)), command


COMMANDS = dict(commands(typer.main.get_command(build())))
every_command = pytest.mark.parametrize("words", list(COMMANDS))


@pytest.fixture(scope="module")
def docs() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md")))


@every_command
def test_a_command_its_arguments_and_options_are_told_in_sentences(words: str) -> None:
    command = COMMANDS[words]
    told = [command.help.partition("\n\n")[0], *(parameter.help for parameter in command.params)]
    for sentence in told:
        assert re.fullmatch(r"[A-Z].*\.", sentence or "", re.DOTALL), sentence


@every_command
def test_the_docs_know_a_command_and_its_options(words: str, docs: str) -> None:
    first, _, last = words.partition(" ")
    assert re.search(rf"heirloom {first} (?:[a-z|]+\|)?{last}\b" if last else rf"heirloom {first}\b", docs)
    for parameter in COMMANDS[words].params:
        flags = [flag for flag in (*parameter.opts, *parameter.secondary_opts) if flag.startswith("--")]
        assert not flags or any(re.search(rf"{flag}\b", docs) for flag in flags), flags


def test_json_is_the_same_for_all() -> None:
    told = {
        parameter.help for command in COMMANDS.values() for parameter in command.params if "--json" in parameter.opts
    }
    assert len(told) == 1
