"""What `heirloom evaluate colorizer` does, from words to files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from db.settings import Settings
from inference.checkpoint import load_checkpoint
from inference.colorizer import Colorizer
from inference.files import write_file
from inference.progress import progress_bar
from trainer.evaluation.clean import clean_photos_in
from trainer.evaluation.colouring import figures
from trainer.evaluation.colouring.measuring import ColourEvaluation, ColourOutcome, evaluate_colours
from trainer.evaluation.colouring.report import draw_report
from trainer.evaluation.tables import terminal_table, wide_console
from trainer.evaluation.tracking import keep_run, metrics_of, plain_name
from trainer.registry import answering, resolve

EXPERIMENT = "colorizer evaluation"


@dataclass(frozen=True)
class Request:
    """What was asked for; see the options of the command."""

    models: tuple[str, ...]
    on: tuple[Path, ...]
    out: Path | None = None
    track: bool = True


def run(settings: Settings, request: Request, as_json: bool) -> bool:
    """Measure, tell and keep. Returns whether every photo could be measured.

    Raises WrongUse, RegistryError or CheckpointError before any work where the request cannot be met, OutputError where
    the results cannot be written.
    """
    photos = clean_photos_in(request.on)
    colorizers, trained_on = _colorizers(settings, request.models)
    with progress_bar(len(photos)) as show:
        outcome = evaluate_colours(colorizers, photos, show, trained_on)
    result = figures.plain(outcome)
    result["data"]["on"] = ", ".join(map(str, request.on))
    if outcome.views:
        result |= _keep(settings, request, outcome, result)
    _tell(outcome, result, as_json)
    return not outcome.failed


def _colorizers(settings: Settings, specs: Sequence[str]) -> tuple[list[Colorizer], dict[str, str]]:
    """The colorizers, and for every photo that one of them was trained on, by hash, that one's name."""
    colorizers: list[Colorizer] = []
    trained_on: dict[str, str] = {}
    for spec in specs or (None,):
        path, name = resolve(settings, spec, "colorizer")
        colorizers.append(Colorizer.load(path, name=name))
        trained_on |= dict.fromkeys(load_checkpoint(path).provenance.get("trained_on", []), str(name))
    return colorizers, trained_on


def _keep(settings: Settings, request: Request, outcome: ColourOutcome, result: dict[str, Any]) -> dict[str, Any]:
    """Files in the folder asked for, a run per model in MLflow; returns where they are."""
    tracked = request.track and settings.has_platform()
    if request.out is None and not tracked:
        return {}
    with TemporaryDirectory() as scratch:
        folder = request.out or Path(scratch)
        files = {"report": folder / "report.png", "figures": folder / "figures.json"}
        write_file(files["report"], draw_report(outcome, str(result["data"]["on"])))
        write_file(files["figures"], json.dumps(result, ensure_ascii=False, indent=1).encode())
        facts = {**result["data"], "version": version("heirloom")}
        runs = _track(settings, outcome, facts, list(files.values())) if tracked else []
    outputs = {name: str(path) for name, path in files.items()} if request.out else {}
    return {"outputs": outputs, "runs": runs}


def _track(settings: Settings, outcome: ColourOutcome, facts: dict[str, Any], files: Sequence[Path]) -> list[str]:
    """A run per model, with the references' figures beside its own."""
    beside = {
        f"{plain_name(f'{group}/{each.name}')}/{key}": value
        for each in outcome.references
        for group, means in each.means().items()
        for key, value in means.items()
    }
    with answering(settings):
        return [
            keep_run(
                settings,
                EXPERIMENT,
                each.name,
                facts=facts,
                metrics=metrics_of({**_named(each), **beside}),
                files=files,
                pictures={f"coloured/{entry.photo.label}": entry.picture for entry in each.photos},
            )
            for each in outcome.models
        ]


def _named(evaluation: ColourEvaluation) -> dict[str, float]:
    return {
        f"{plain_name(group)}/{key}": value
        for group, means in evaluation.means().items()
        for key, value in means.items()
    }  # fmt: skip


def _tell(outcome: ColourOutcome, result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    elif outcome.views:
        console = wide_console()
        for title, rows in figures.sections(outcome):
            console.print(terminal_table(title, [rows], figures.HEADINGS))
        console.print(figures.REMARK, style="dim")
        for path in result.get("outputs", {}).values():
            typer.echo(path)
    for entry in outcome.left_out:
        typer.echo(f"Left out: {entry.input}: {entry.reason}", err=True)
    for entry in outcome.failed:
        typer.echo(f"Failed: {entry.reason}", err=True)
