"""What every evaluation does around its measuring: load models, keep files and runs, tell what was found."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

import typer

from db.settings import Settings
from inference.batch import Failed
from inference.names import ModelName
from inference.writing import write_file
from trainer.learning.seen import trained_on
from trainer.tracking.registry import resolve

Model_co = TypeVar("Model_co", covariant=True)
Model = TypeVar("Model")


class Loader(Protocol[Model_co]):
    """Makes a model of a checkpoint file, under a name."""

    def __call__(self, path: Path, *, name: ModelName) -> Model_co: ...


def load_models(
    settings: Settings, specs: Sequence[str], kind: str, load: Loader[Model]
) -> tuple[list[Model], dict[str, str]]:
    """The models, the one in use where none is named; and for every photo that one was trained on, by hash, its name.

    Raises RegistryError or CheckpointError for one that cannot be had.
    """
    models: list[Model] = []
    learners: dict[str, str] = {}
    for spec in specs or (None,):
        path, name = resolve(settings, spec, kind)
        models.append(load(path, name=name))
        learners |= dict.fromkeys(trained_on(path), str(name))
    return models, learners


def keep(
    result: Mapping[str, Any],
    out: Path | None,
    report: Callable[[], bytes],
    track: Callable[[dict[str, Any], Sequence[Path]], list[str]] | None,
) -> dict[str, Any]:
    """Write report.png and figures.json to the folder asked for, and keep runs; returns where they are.

    `track` takes facts about the data and the files, and returns the runs' ids; None keeps no runs. Raises OutputError
    where a file cannot be written.
    """
    if out is None and track is None:
        return {}
    with TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        files = {"report": folder / "report.png", "figures": folder / "figures.json"}
        write_file(files["report"], report())
        write_file(files["figures"], json.dumps(result, ensure_ascii=False, indent=1).encode())
        facts = {**result["data"], "version": version("heirloom")}
        runs = track(facts, list(files.values())) if track else []
    outputs = {name: str(path) for name, path in files.items()} if out else {}
    return {"outputs": outputs, "runs": runs}


@dataclass(frozen=True)
class Findings:
    """What an evaluation found, ready to be told."""

    result: dict[str, Any]
    """All of it as JSON values."""
    show: Callable[[], None] | None
    """Prints it for people; None where nothing was measured."""
    left_out: Sequence[Failed]
    failed: Sequence[Failed]
    notes: Sequence[str] = ()
    """What to know of photos that were measured."""

    def tell(self, as_json: bool) -> bool:
        """Print it as JSON or for people, then `tell_notes`. Returns whether every photo could be measured."""
        if as_json:
            typer.echo(json.dumps(self.result, ensure_ascii=False, indent=2))
        elif self.show:
            self.show()
            for path in self.result.get("outputs", {}).values():
                typer.echo(path)
        return self.tell_notes()

    def tell_notes(self) -> bool:
        """Print on stderr notes, and what was not measured, and why. Returns whether every photo could be."""
        for note in self.notes:
            typer.echo(f"Note: {note}", err=True)
        for entry in self.left_out:
            typer.echo(f"Left out: {entry.input}: {entry.reason}", err=True)
        for entry in self.failed:
            typer.echo(f"Failed: {entry.reason}", err=True)
        return not self.failed
