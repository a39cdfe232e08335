"""What `heirloom evaluate restoration` does, from words to files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from db.settings import Settings
from inference.choosing import resolve_models
from inference.detector import Detector
from inference.fill import ClassicalInpainter
from inference.inpainter import Inpainter
from inference.methods import FillMethod
from inference.names import ModelName
from inference.progress import progress_bar
from inference.resolve import Model
from inference.writing import check_folder
from trainer.evaluation.outputs import Findings, keep
from trainer.evaluation.restoring import figures
from trainer.evaluation.restoring.measuring import RestoredOutcome, evaluate_restorations
from trainer.evaluation.restoring.pairs import restored_pairs_in
from trainer.evaluation.restoring.report import draw_report
from trainer.evaluation.tables import terminal_table, wide_console
from trainer.evaluation.tracking import keep_run, metrics_of, plain_name
from trainer.learning.seen import trained_on
from trainer.tracking.registry import answering, resolve

EXPERIMENT = "restoration evaluation"


@dataclass(frozen=True)
class Request:
    """What was asked for; see the options of the command."""

    models: tuple[str, ...]
    on: tuple[Path, ...]
    method: FillMethod | None = None
    threshold: float | None = None
    out: Path | None = None
    track: bool = True


def measure(settings: Settings, request: Request) -> Findings:
    """Measure, and keep what was asked for.

    Raises WrongUse, RegistryError, CheckpointError or UsageProblem before any work where the request cannot be met,
    OutputError where the results cannot be written.
    """
    if request.out:
        check_folder(request.out)
    pairs = restored_pairs_in(request.on)
    kinds = ["detector"] if request.method else ["detector", "inpainter"]
    chosen = resolve_models(partial(resolve, settings), request.models, kinds)
    detector = Detector.load(chosen["detector"][0], name=chosen["detector"][1], threshold=request.threshold)
    inpainter = ClassicalInpainter(request.method) if request.method else _inpainter(*chosen["inpainter"])
    with progress_bar(len(pairs)) as show:
        outcome = evaluate_restorations(detector, inpainter, pairs, show, _trained_on(chosen))
    result = figures.plain(outcome)
    result["data"]["on"] = where = ", ".join(map(str, request.on))
    shown = None
    if outcome.photos:
        track = partial(_track, settings, outcome, result) if request.track and settings.has_platform() else None
        result |= keep(result, request.out, lambda: draw_report(outcome, where), track)
        shown = partial(_show, outcome)
    notes = [entry.doubt for entry in outcome.photos if entry.doubt]
    return Findings(result, shown, outcome.left_out, outcome.failed, notes)


def _inpainter(path: Path, name: ModelName) -> Inpainter:
    return Inpainter.load(path, name=name)


def _trained_on(chosen: dict[str, Model]) -> dict[str, str]:
    """For every photo that one of the models was trained on, by hash, that one's name."""
    return {sha: str(name) for path, name in chosen.values() for sha in trained_on(path)}


def _track(
    settings: Settings, outcome: RestoredOutcome, result: dict[str, Any], facts: dict[str, Any], files: Sequence[Path]
) -> list[str]:
    named = {f"mean/{key}": value for key, value in outcome.means().items()}
    named |= {
        f"{plain_name(photo['name'])}/{key}": value
        for photo in result["photos"]
        for key, value in photo["figures"].items()
        if value is not None
    }
    pictures = {f"{what}/{entry.name}": jpeg for entry in outcome.photos for what, jpeg in entry.views.items()}
    with answering(settings):
        run_id = keep_run(
            settings, EXPERIMENT, figures.title(outcome), facts=facts, metrics=metrics_of(named), files=files,
            pictures=pictures,
        )  # fmt: skip
    return [run_id]


def _show(outcome: RestoredOutcome) -> None:
    console = wide_console()
    console.print(terminal_table(figures.title(outcome), [figures.rows(outcome)], figures.HEADINGS))
    console.print(figures.REMARK, style="dim")
