"""What `heirloom evaluate inpainter` does, from words to files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from db.settings import Settings
from inference.inpainter import Inpainter
from inference.progress import progress_bar
from trainer.evaluation.clean import clean_photos_in
from trainer.evaluation.filling import figures
from trainer.evaluation.filling.measuring import FillEvaluation, FillOutcome, evaluate_fills
from trainer.evaluation.filling.report import draw_report
from trainer.evaluation.outputs import keep, load_models, tell
from trainer.evaluation.tables import terminal_table, wide_console
from trainer.evaluation.tracking import keep_run, metrics_of, plain_name
from trainer.registry import answering

EXPERIMENT = "inpainter evaluation"


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
    inpainters, trained_on = load_models(settings, request.models, "inpainter", Inpainter.load)
    with progress_bar(len(photos)) as show:
        outcome = evaluate_fills(inpainters, photos, show, trained_on)
    result = figures.plain(outcome)
    result["data"]["on"] = where = ", ".join(map(str, request.on))
    measured = bool(outcome.views)
    if measured:
        track = partial(_track, settings, outcome) if request.track and settings.has_platform() else None
        result |= keep(result, request.out, lambda: draw_report(outcome, where), track)
    shown = partial(_show, outcome) if measured else None
    tell(result, as_json, shown, left_out=outcome.left_out, failed=outcome.failed)
    return not outcome.failed


def _track(settings: Settings, outcome: FillOutcome, facts: dict[str, Any], files: Sequence[Path]) -> list[str]:
    """A run per model, with the classical fills' figures beside its own."""
    beside = {key: value for each in outcome.references for key, value in _named(each, f"/{each.name}").items()}
    with answering(settings):
        return [
            keep_run(
                settings,
                EXPERIMENT,
                each.name,
                facts=facts,
                metrics=metrics_of({**_named(each), **beside}),
                files=files,
                pictures={f"filled/{entry.label}": entry.picture for entry in each.photos if entry.picture},
            )
            for each in outcome.models
        ]


def _named(evaluation: FillEvaluation, whose: str = "") -> dict[str, float]:
    return {
        f"{plain_name(group + whose)}/{key}": value
        for group, means in evaluation.means().items()
        for key, value in means.items()
    }


def _show(outcome: FillOutcome) -> None:
    console = wide_console()
    for title, rows in figures.sections(outcome):
        console.print(terminal_table(title, [rows], figures.HEADINGS))
    console.print(figures.REMARK, style="dim")
