"""Prepares a platform: folders, tables, the job queue, the MLflow store, the shipped models in the registry."""

import json
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from db.addresses import normal_url, shown_url, sqlite_file
from db.answering import answering
from db.migrate import upgrade
from db.settings import Settings
from inference.errors import CheckpointError
from inference.names import KINDS
from inference.shipped import shipped_path
from inference.writing import check_folder
from trainer.locks import exclusive
from trainer.tracking.store import check_own_store, own_store


def prepare(settings: Settings) -> None:
    """Make everything that work on the platform needs. Idempotent; any number of processes may call it at once.

    What one MLflow store needs is done once for it, because importing MLflow alone takes seconds. Raises UsageProblem
    where the home cannot be made or written into, SchemaError and RegistryError where a database or MLflow does not
    answer or is damaged.
    """
    home = settings.home.resolve()
    for folder in (home, settings.artifacts_dir, home / "jobs", home / "locks", home / "logs"):
        check_folder(folder, "HEIRLOOM_HOME")
        folder.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database_url)
    check_own_store(settings)
    with exclusive(settings, "prepare", wait_s=900):
        wanted = _state(settings)
        if _done(settings) == wanted and _store_exists(settings):
            return
        prepare_queue(settings)
        _prepare_mlflow(settings)
        _remember(settings, wanted)


def _state(settings: Settings) -> dict[str, str]:
    """What decides whether the slow part has to run again; it is kept in a file, so without passwords."""
    return {
        "jobs": shown_url(settings.jobs_database_url),
        "mlflow": settings.shown_tracking_uri,
        "dbos version": version("dbos"),
        "mlflow version": version("mlflow"),
        "shipped": ", ".join(_shipped()),
    }


def _shipped() -> dict[str, Path]:
    """The checkpoints that come with heirloom, by kind."""
    found = {}
    for kind in KINDS:
        with suppress(CheckpointError):
            found[kind] = shipped_path(kind)
    return found


def _marker(settings: Settings) -> Path:
    return settings.home.resolve() / "prepared.json"


def _done(settings: Settings) -> dict[str, str] | None:
    try:
        found = json.loads(_marker(settings).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _remember(settings: Settings, state: dict[str, str]) -> None:
    marker = _marker(settings)
    beside = marker.with_suffix(".new")
    beside.write_text(json.dumps(state, indent=2))
    beside.replace(marker)


def _store_exists(settings: Settings) -> bool:
    """Our own files may have been deleted since; what a server keeps is its own affair."""
    own = (sqlite_file(settings.jobs_database_url), own_store(settings))
    return all(file is None or file.exists() for file in own)


def prepare_queue(settings: Settings) -> None:
    """Make the tables of the job queue, without which nothing can be put in it."""
    from dbos import DBOS

    with answering(settings.jobs_database_url, settings.jobs_variable):
        DBOS.migrate(normal_url(settings.jobs_database_url))


def _prepare_mlflow(settings: Settings) -> None:
    """Open the store once, alone: several processes in the migrations of a fresh file all fail."""
    from trainer.tracking import registry
    from trainer.tracking.store import experiment_id, follow_home, open_client, upgrade_own_store

    with registry.answering(settings):
        upgrade_own_store(settings)
        client = open_client(settings)
        for kind in KINDS:
            experiment_id(settings, client, kind)
        follow_home(settings)
    for kind, checkpoint in _shipped().items():
        registry.ensure_shipped(settings, kind, checkpoint)
