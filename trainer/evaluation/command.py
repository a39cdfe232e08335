"""What `heirloom evaluate detector` does, from words to files."""

import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from db.blobs import open_blobs
from db.engine import open_database
from db.errors import NotFound
from db.settings import Settings
from db.snapshots import find_snapshot, snapshot_contents
from inference.checkpoint import load_checkpoint
from inference.detector import Detector
from inference.files import check_folder, write_file
from inference.progress import progress_bar
from trainer.errors import WrongUse
from trainer.evaluation import figures, tables
from trainer.evaluation.measuring import Outcome, evaluate
from trainer.evaluation.photos import EvaluationPhoto, pairs_in, photos_of, set_apart
from trainer.evaluation.report import draw_report
from trainer.evaluation.tophat import TopHat
from trainer.evaluation.tracking import track
from trainer.registry import resolve


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


def run(settings: Settings, request: Request, as_json: bool) -> bool:
    """Measure, tell and keep. Returns whether every photo could be measured.

    Raises WrongUse, RegistryError, CheckpointError or UsageProblem before any work where the request cannot be met,
    OutputError where the results cannot be written.
    """
    if request.out:
        check_folder(request.out)
    photos, data = _photos(settings, request)
    detectors, trained_on = _detectors(settings, request)
    with progress_bar(len(photos)) as show:
        outcome = evaluate(detectors, TopHat.calibrated(), photos, show, trained_on)
    result = {**figures.plain(outcome), "data": {**data, **figures.plain(outcome)["data"]}}
    if outcome.reference.photos:
        result |= _keep(settings, request, outcome, result)
    _tell(outcome, result, as_json)
    return not outcome.failed


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
        raise WrongUse(f"{wanted} is neither a folder nor a snapshot: {error}.") from error
    finally:
        database.dispose()
    photos = set_apart(photos_of(snapshot, open_blobs(settings)), request.apart)
    return photos, {"on": snapshot.name, "snapshot": snapshot.sha256}


def _detectors(settings: Settings, request: Request) -> tuple[list[Detector], dict[str, str]]:
    """The detectors, and for every photo that one of them was trained on, by hash, that one's name."""
    detectors: list[Detector] = []
    trained_on: dict[str, str] = {}
    for spec in request.models or (None,):
        path, name = resolve(settings, spec, "detector")
        detectors.append(Detector.load(path, name=name, threshold=request.threshold, mirror=request.mirror))
        trained_on |= dict.fromkeys(load_checkpoint(path).provenance.get("trained_on", []), str(name))
    return detectors, trained_on


def _keep(settings: Settings, request: Request, outcome: Outcome, result: dict[str, Any]) -> dict[str, Any]:
    """Files in the folder asked for, a run per model in MLflow; returns where they are."""
    tracked = request.track and settings.has_platform()
    if request.out is None and not tracked:
        return {}
    with TemporaryDirectory() as scratch:
        folder = request.out or Path(scratch)
        files = {"report": folder / "report.png", "figures": folder / "figures.json"}
        write_file(files["report"], draw_report(outcome, str(result["data"]["on"])))
        kept = {**result, "curves": figures.curves(outcome)}
        write_file(files["figures"], json.dumps(kept, ensure_ascii=False, indent=1).encode())
        facts = {**result["data"], "mirror": str(request.mirror), "version": version("heirloom")}
        runs = track(settings, outcome, facts, list(files.values())) if tracked else []
    outputs = {name: str(path) for name, path in files.items()} if request.out else {}
    return {"outputs": outputs, "runs": runs}


def _tell(outcome: Outcome, result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
    elif outcome.reference.photos:
        tables.show(outcome)
        for path in result.get("outputs", {}).values():
            typer.echo(path)
    for entry in outcome.left_out:
        typer.echo(f"Left out: {entry.input}: {entry.reason}", err=True)
    for entry in outcome.failed:
        typer.echo(f"Failed: {entry.reason}", err=True)
