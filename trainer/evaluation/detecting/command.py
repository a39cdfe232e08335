"""What `heirloom evaluate detector` does, from words to files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from db.blobs import open_blobs
from db.engine import open_database
from db.errors import NotFound
from db.settings import Settings
from db.snapshots import find_snapshot, snapshot_contents
from inference.detector import Detector
from inference.progress import progress_bar
from inference.views import ONCE
from inference.writing import check_folder
from trainer.errors import WrongUse
from trainer.evaluation.detecting import figures, tables
from trainer.evaluation.detecting.measuring import Outcome, evaluate
from trainer.evaluation.detecting.photos import EvaluationPhoto, pairs_in, photos_of, set_apart
from trainer.evaluation.detecting.report import draw_report
from trainer.evaluation.detecting.tophat import TopHat
from trainer.evaluation.detecting.tracking import track
from trainer.evaluation.outputs import Findings, keep, load_models


@dataclass(frozen=True)
class Request:
    """What was asked for; see the options of the command."""

    models: tuple[str, ...]
    on: tuple[str, ...]
    apart: tuple[str, ...] = ()
    threshold: float | None = None
    mirror: bool = True
    out: Path | None = None
    track: bool = True


def measure(settings: Settings, request: Request) -> Findings:
    """Measure, and keep what was asked for.

    Raises WrongUse, RegistryError, CheckpointError or UsageProblem before any work where the request cannot be met,
    OutputError where the results cannot be written.
    """
    if request.out:
        check_folder(request.out)
    photos, data = _photos(settings, request)
    load = partial(Detector.load, threshold=request.threshold, views=None if request.mirror else ONCE)
    detectors, trained_on = load_models(settings, request.models, "detector", load)
    with progress_bar(len(photos)) as show:
        outcome = evaluate(detectors, TopHat.calibrated(), photos, show, trained_on)
    result = figures.plain(outcome)
    result["data"] = {**data, **result["data"]}
    shown = None
    if outcome.reference.photos:
        result |= _keep(settings, request, outcome, result)
        shown = partial(tables.show, outcome)
    notes = [entry.doubt for entry in outcome.reference.photos if entry.doubt]
    return Findings(result, shown, outcome.left_out, outcome.failed, notes)


def _photos(settings: Settings, request: Request) -> tuple[list[EvaluationPhoto], dict[str, str]]:
    """The photos to measure on, and what to say about where they come from."""
    folders = [Path(name) for name in request.on if os.path.isdir(name)]
    if len(folders) == len(request.on):
        return set_apart(pairs_in(folders), request.apart), {"on": ", ".join(request.on)}
    if len(request.on) > 1:
        missing = next(name for name in request.on if not os.path.isdir(name))
        raise WrongUse(f"{missing} is not a folder. --on takes folders, or one snapshot alone.")
    return _of_snapshot(settings, request)


def _of_snapshot(settings: Settings, request: Request) -> tuple[list[EvaluationPhoto], dict[str, str]]:
    wanted = request.on[0]
    if not settings.has_platform():
        raise WrongUse(f"{wanted} is not a folder, and without a platform there are no snapshots. Set HEIRLOOM_HOME.")
    database = open_database(settings)
    try:
        with database.reading() as session:
            snapshot = snapshot_contents(session, find_snapshot(session, wanted).id)
    except NotFound as error:
        raise WrongUse(f"{wanted} is neither a folder nor a snapshot: {error}") from error
    finally:
        database.dispose()
    photos = set_apart(photos_of(snapshot, open_blobs(settings)), request.apart)
    return photos, {"on": snapshot.name, "snapshot": snapshot.sha256}


def _keep(settings: Settings, request: Request, outcome: Outcome, result: dict[str, Any]) -> dict[str, Any]:
    """The figures and the curves, in the folder asked for and in a run per model; returns where they are."""

    def track_runs(facts: dict[str, Any], files: Sequence[Path]) -> list[str]:
        return track(settings, outcome, {**facts, "mirror": str(request.mirror)}, files)

    tracked = request.track and settings.has_platform()
    return keep(
        {**result, "curves": figures.curves(outcome)},
        request.out,
        lambda: draw_report(outcome, str(result["data"]["on"])),
        track_runs if tracked else None,
    )
