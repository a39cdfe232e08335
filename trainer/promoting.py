"""Which version of a model is in production: a promotion moves the alias, is recorded, and can be undone."""

from db import promotions
from db.engine import Database
from db.models import Promotion
from db.settings import Settings
from trainer import jobs
from trainer.errors import RegistryError
from trainer.locks import exclusive
from trainer.tracking.registry import PRODUCTION, ModelVersion, answering, client_of, find_model, list_models


def promote(settings: Settings, database: Database, name: str, version: str, by_id: int | None) -> Promotion:
    """Move the alias `production` to a version, record who did it, and have new proposals made with it.

    Raises RegistryError when there is no such version or it is in production already.
    """
    with exclusive(settings, f"promotion-{name}"):
        target = find_model(settings, name, version)
        if PRODUCTION in target.aliases:
            raise RegistryError(f"{target.spec} is in production already.")
        previous = _in_production(settings, name)
        moved = _move(settings, database, target, previous=previous, by_id=by_id, undoes_id=None)
    _propose_anew(settings, database, name, by_id)
    return moved


def undo(settings: Settings, database: Database, name: str, by_id: int | None) -> Promotion:
    """Put back what was in production before the latest promotion; this is recorded too.

    Raises RegistryError when nothing was promoted, or the latest promotion replaced nothing.
    """
    with exclusive(settings, f"promotion-{name}"):
        with database.reading() as session:
            latest = promotions.latest_standing(promotions.history(session, name))
        if latest is None or latest.previous_version is None:
            raise RegistryError(f"There is no promotion of {name} to undo.")
        target = find_model(settings, name, latest.previous_version)
        moved = _move(settings, database, target, previous=latest.version, by_id=by_id, undoes_id=latest.id)
    _propose_anew(settings, database, name, by_id)
    return moved


def _in_production(settings: Settings, name: str) -> str | None:
    return next((model.version for model in list_models(settings, name) if PRODUCTION in model.aliases), None)


def _move(
    settings: Settings,
    database: Database,
    target: ModelVersion,
    *,
    previous: str | None,
    by_id: int | None,
    undoes_id: int | None,
) -> Promotion:
    """The row and the alias together: a registry that does not answer leaves no row behind."""
    with database.unit_of_work() as session:
        row = promotions.record_promotion(session, target.name, target.version, previous, by_id, undoes_id=undoes_id)
        with answering(settings):
            client_of(settings).set_registered_model_alias(target.name, PRODUCTION, target.version)
    return row


def _propose_anew(settings: Settings, database: Database, name: str, by_id: int | None) -> None:
    if name == "detector":
        jobs.launch(settings, database, "propose", {"photo_ids": None}, by_id)
