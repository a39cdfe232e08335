"""A bar on the terminal for work that takes longer than a second."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from inference.text import one_line

_PATIENCE_S = 1.0


def terminal_bar(*, counted: bool = True, quiet: bool = False) -> Progress:
    """A bar on stderr, only if that is a terminal: with so many done of how many, or in percent; `quiet` shows none."""
    console, far = Console(stderr=True), MofNCompleteColumn() if counted else TaskProgressColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), far, TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)


@contextmanager
def progress_bar(count: int) -> Iterator[Callable[[str, float], None]]:
    """Yield `report(label, done)`, with `done` out of `count`; the bar comes after a second of work."""
    bar = terminal_bar()
    task = bar.add_task("", total=count)
    begun, shown = time.monotonic(), False

    def report(label: str, done: float) -> None:
        nonlocal shown
        if not shown and time.monotonic() - begun > _PATIENCE_S:
            bar.start()
            shown = True
        bar.update(task, description=one_line(label), completed=done)

    try:
        yield report
    finally:
        if shown:
            bar.stop()
