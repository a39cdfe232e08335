"""Colours that a person gives at points of a photo, as the command line writes them."""

import re
from collections.abc import Sequence

from inference.colorizer import Hint
from inference.errors import UsageProblem

_HINT = re.compile(r"(\d+),(\d+),#([0-9A-Fa-f]{6})")


def read_hints(words: Sequence[str], photos: int) -> tuple[Hint, ...]:
    """Hints from ROW,COLUMN,#RRGGBB. Raises UsageProblem for other words, and for points of more than one photo."""
    if words and photos != 1:
        raise UsageProblem(f"--hint is a point of one photo, and {photos} are to be coloured; name one photo.")
    return tuple(_read(word) for word in words)


def _read(word: str) -> Hint:
    found = _HINT.fullmatch(word.replace(" ", ""))
    if found is None:
        raise UsageProblem(f"--hint {word} is not ROW,COLUMN,#RRGGBB, such as 120,64,#3b5a2e.")
    row, column, colour = found.groups()
    return Hint(int(row), int(column), *bytes.fromhex(colour))
