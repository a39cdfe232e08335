"""What `heirloom evaluate colorizer` does, from words to files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from db.settings import Settings
from inference.colorizer import Colorizer
from inference.progress import progress_bar
from trainer.evaluation.clean import clean_photos_in
from trainer.evaluation.colouring import figures
from trainer.evaluation.colouring.measuring import ColourEvaluation, ColourOutcome, evaluate_colours
from trainer.evaluation.colouring.report import draw_report
from trainer.evaluation.outputs import keep, load_models, tell
from trainer.evaluation.tables import terminal_table, wide_console
from trainer.evaluation.tracking import keep_run, metrics_of, plain_name
from trainer.registry import answering

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
    colorizers, trained_on = load_models(settings, request.models, "colorizer", Colorizer.load)
    with progress_bar(len(photos)) as show:
        outcome = evaluate_colours(colorizers, photos, show, trained_on)
    result = figures.plain(outcome)
    result["data"]["on"] = where = ", ".join(map(str, request.on))
    measured = bool(outcome.views)
    if measured:
        track = partial(_track, settings, outcome) if request.track and settings.has_platform() else None
        result |= keep(result, request.out, lambda: draw_report(outcome, where), track)
    shown = partial(_show, outcome) if measured else None
    tell(result, as_json, shown, left_out=outcome.left_out, failed=outcome.failed)
    return not outcome.failed


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


def _show(outcome: ColourOutcome) -> None:
    console = wide_console()
    for title, rows in figures.sections(outcome):
        console.print(terminal_table(title, [rows], figures.HEADINGS))
    console.print(figures.REMARK, style="dim")
