"""Many inputs through one step: a bad one is named and the rest goes on; the outcome is told to people or machines."""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from inference.errors import InferenceError, UsageProblem
from inference.files import left_out_words
from inference.memory import room_for
from inference.names import ModelName
from inference.progress import progress_bar
from inference.text import marked_words, one_line, readable

if TYPE_CHECKING:
    from inference.sheet import ContactSheet

FAILED, WRONG_USE, TERMINATED = 1, 2, 128 + signal.SIGTERM
Report = Callable[[float], None]


@dataclass(frozen=True)
class Done:
    """One finished input: the files written by what they are, and how they came about."""

    input: str
    outputs: dict[str, str]
    models: dict[str, str]
    marked_share: float | None = None
    """Share of the photo's pixels that are in the mask, 0 to 1; None where no mask had a part in it."""
    threshold: float | None = None
    warnings: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    """What the steps took, where that was measured."""
    earlier: bool = False
    """Whether an earlier run had done it, and this one left it as it is."""


@dataclass(frozen=True)
class Failed:
    """One input that could not be done, and why."""

    input: str
    reason: str


@dataclass
class Outcome:
    """What became of all inputs, in their order, and the contact sheets that show them."""

    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Pictures in folders that were passed over, since heirloom does not read their kind."""


def run_batch(
    inputs: Sequence[Path],
    step: Callable[[int, Report], Done],
    as_json: bool,
    sheet: "ContactSheet | None" = None,
    left_out: Sequence[Path] = (),
) -> None:
    """Do `step(number, report)` for every input, tell the outcome, and leave with 1 if some failed, 2 on wrong use.

    On a `sheet`, a failed input gets its row here; that of a finished one is the step's affair. Where the work is
    broken off, by Ctrl-C, SIGTERM or a fault of ours, what was done until then is told all the same.
    """
    outcome = Outcome(left_out=[str(path) for path in left_out])
    with ExitStack() as at_last:
        at_last.callback(_tell_failed, outcome)  # also where standard output takes nothing
        at_last.callback(_tell_done, outcome, as_json)
        if sheet:
            at_last.callback(_close, sheet, outcome)
        with _ending_at_sigterm():
            _do_all(inputs, step, outcome, sheet)
    if outcome.failed:
        raise typer.Exit(FAILED)


@contextmanager
def _ending_at_sigterm() -> Iterator[None]:
    """SIGTERM leaves the block, as Ctrl-C does; a process dies of it otherwise, and says nothing."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _do_all(
    inputs: Sequence[Path], step: Callable[[int, Report], Done], outcome: Outcome, sheet: "ContactSheet | None"
) -> None:
    with progress_bar(len(inputs)) as show:
        for number, path in enumerate(inputs):
            failures = len(outcome.failed)
            _do_one(number, path, step, outcome, show)
            if sheet and len(outcome.failed) > failures:
                sheet.add_failed(outcome.failed[-1].reason)


def _do_one(
    number: int, path: Path, step: Callable[[int, Report], Done], outcome: Outcome, show: Callable[[str, float], None]
) -> None:
    show(path.name, number)
    try:
        with room_for(str(path)):
            outcome.done.append(step(number, lambda share: show(path.name, number + share)))
    except UsageProblem as error:  # one that only the photo shows, such as a hint beyond its edge
        raise refuse(error) from error
    except InferenceError as error:
        outcome.failed.append(Failed(str(path), str(error)))


def _close(sheet: "ContactSheet", outcome: Outcome) -> None:
    try:
        outcome.sheets = [str(page) for page in sheet.close()]
    except InferenceError as error:
        outcome.failed.append(Failed(str(sheet.path), str(error)))


def _tell_done(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        typer.echo(readable(json.dumps(asdict(outcome), ensure_ascii=False, indent=2)))
    for done in outcome.done:
        for warning in done.warnings:
            _say(f"Note: {warning}", err=True)
        if not as_json:
            _say(_line(done))
    if outcome.sheets and not as_json:
        _say(f"On one sheet: {', '.join(outcome.sheets)}")
    if outcome.done and not as_json:
        _say(_summary(outcome))


def _tell_failed(outcome: Outcome) -> None:
    if outcome.left_out:
        _say(f"Left out: {left_out_words(outcome.left_out)}.", err=True)
    for failed in outcome.failed:
        _say(f"Failed: {failed.reason}", err=True)


def _say(text: str, err: bool = False) -> None:
    typer.echo(one_line(text), err=err)


def _line(done: Done) -> str:
    """The photo, what was written and how much was marked; of many files what their names have in common."""
    mask = done.outputs.get("mask")
    target = f"{mask.removesuffix('.mask.png')}.*" if mask else ", ".join(done.outputs.values())
    earlier = ["done earlier"] if done.earlier else []
    marked = [marked_words(done.marked_share)] if done.marked_share is not None else []
    return f"{done.input} → {target}" + (f" ({', '.join(earlier + marked)})" if earlier + marked else "")


def _summary(outcome: Outcome) -> str:
    """How many were done, how many were not, and by which models."""
    failed = f", {len(outcome.failed):,} failed" if outcome.failed else ""
    return f"{len(outcome.done):,} done{failed}, by {', '.join(outcome.done[-1].models.values())}."


def named(models: dict[str, ModelName]) -> dict[str, str]:
    """The models' names as text."""
    return {part: str(name) for part, name in models.items()}


def refuse(error: InferenceError) -> typer.Exit:
    """Say what is wrong with the call; raise what this returns to leave with 2."""
    _say(f"heirloom: {error}", err=True)
    return typer.Exit(WRONG_USE)
