"""Tables of figures, and how a terminal shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_NARROWEST = 112
"""Characters of a line where nobody looks at a terminal of their own."""


class Row(NamedTuple):
    """One line of a table."""

    name: str
    figures: Mapping[str, str]
    """As text, by their key in the headings of the table, such as `dice`."""
    style: Literal["", "bold", "dim"] = ""


def wide_console() -> Console:
    """The terminal; where nobody looks at one, lines are long enough for a table."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _NARROWEST)
    return console


def terminal_table(title: str, sections: Iterable[Sequence[Row]], headings: Mapping[str, str]) -> Table:
    """Rows in sections below their headings (by key of the figures)."""
    table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in headings.values():
        table.add_column(heading, justify="right")
    for rows in sections:
        for name, figures, style in rows:
            table.add_row(Text(name), *(figures.get(key, "–") for key in headings), style=style)
        table.add_section()
    return table
