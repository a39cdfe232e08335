"""Many inputs through one step: a bad one is named and the rest goes on; the outcome is told to people or machines."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import typer

from inference.errors import InferenceError
from inference.names import ModelName
from inference.progress import progress_bar

FAILED, WRONG_USE = 1, 2
Report = Callable[[float], None]


@dataclass(frozen=True)
class Done:
    """One finished input: the files written by what they are, and how they came about."""

    input: str
    outputs: dict[str, str]
    models: dict[str, str]
    marked_share: float
    """Share of the photo's pixels that are in the mask, 0 to 1."""
    threshold: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """One input that could not be done, and why."""

    input: str
    reason: str


@dataclass
class Outcome:
    """What became of all inputs, in their order."""

    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def run_batch(inputs: Sequence[Path], step: Callable[[int, Report], Done], as_json: bool) -> None:
    """Do `step(number, report)` for every input, tell the outcome, and leave with 1 if some failed."""
    outcome = Outcome()
    with ExitStack() as stack:
        show = stack.enter_context(progress_bar(len(inputs)))
        for number, path in enumerate(inputs):
            _do_one(number, path, step, outcome, show)
    _tell(outcome, as_json)
    if outcome.failed:
        raise typer.Exit(FAILED)


def _do_one(
    number: int, path: Path, step: Callable[[int, Report], Done], outcome: Outcome, show: Callable[[str, float], None]
) -> None:
    show(path.name, number)
    try:
        outcome.done.append(step(number, lambda share: show(path.name, number + share)))
    except InferenceError as error:
        outcome.failed.append(Failed(str(path), str(error)))
    except MemoryError:
        outcome.failed.append(Failed(str(path), f"{path} needs more memory than there is; cut it into parts."))


def _tell(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(outcome), ensure_ascii=False, indent=2))
    for done in outcome.done:
        for warning in done.warnings:
            typer.echo(f"Note: {warning}", err=True)
        if not as_json:
            typer.echo(_line(done))
    for failed in outcome.failed:
        typer.echo(f"Failed: {failed.reason}", err=True)


def _line(done: Done) -> str:
    models = ", ".join(done.models.values())
    return f"{done.input} → {', '.join(done.outputs.values())} ({done.marked_share:.1%} defect; {models})"


def named(models: dict[str, ModelName]) -> dict[str, str]:
    """The models' names as text."""
    return {part: str(name) for part, name in models.items()}


def refuse(error: InferenceError) -> typer.Exit:
    """Say what is wrong with the call; raise what this returns to leave with 2."""
    typer.echo(f"heirloom: {error}", err=True)
    return typer.Exit(WRONG_USE)
