"""The MLflow store of the platform: one client, one experiment per kind of model."""

import logging
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from db.addresses import sqlite_file
from db.answering import answering
from db.errors import SchemaError
from db.settings import Settings
from inference.names import KINDS
from trainer.errors import RegistryError

if TYPE_CHECKING:
    from mlflow import MlflowClient

JOB_TAG = "heirloom.job"
KIND_TAG = "heirloom.kind"
"""`training`, `evaluation`, or `shipped` for the run that only holds the weights which come with heirloom."""
_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Where MLflow's tables name artifacts."""
MODEL_FOLDER = "model"
"""The artifact folder of a run that holds its checkpoint."""
_SIGN_IN = re.compile(r"(https?://)([^/:@]+):([^/]+)@")


def ask_briefly() -> None:
    """Have MLflow asked three times where a person waits for the answer; its own eight times take minutes."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")


def own_store(settings: Settings) -> Path | None:
    """The file of a store of our own; None where a server keeps it."""
    uri = settings.mlflow_tracking_uri
    return sqlite_file(uri) if uri.startswith("sqlite") else None


def check_own_store(settings: Settings) -> None:
    """Raises RegistryError where the file of our own store is there and is none, or cannot be opened."""
    file = own_store(settings)
    if file is None or not file.exists():
        return
    try:
        with answering(settings.mlflow_tracking_uri, "MLFLOW_TRACKING_URI"), closing(sqlite3.connect(file)) as store:
            store.execute("PRAGMA schema_version")
    except SchemaError as error:
        raise RegistryError(str(error)) from error


def open_client(settings: Settings) -> "MlflowClient":
    """A client of the tracking store and the registry. MLflow is imported here: it takes seconds.

    Raises RegistryError where the file of our own store is none.
    """
    check_own_store(settings)
    from mlflow import MlflowClient

    address = tracking_address(settings)
    return MlflowClient(tracking_uri=address, registry_uri=address)


def tracking_address(settings: Settings) -> str:
    """Where MLflow is asked, and signed in to: its errors, which go into logs, name the address whole.

    So a server's user and password are handed to MLflow beside it.
    """
    uri = settings.mlflow_tracking_uri
    found = _SIGN_IN.match(uri)
    if found is None:
        return uri
    scheme, user, password = found.groups()
    os.environ |= {"MLFLOW_TRACKING_USERNAME": unquote(user), "MLFLOW_TRACKING_PASSWORD": unquote(password)}
    return scheme + uri[found.end() :]


def upgrade_own_store(settings: Settings) -> None:
    """Bring an MLflow store of ours that an older MLflow made up to date; a server looks after its own."""
    from mlflow.store.db.utils import _upgrade_db
    from sqlalchemy import create_engine

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    file = own_store(settings)
    if file is not None and file.exists():
        engine = create_engine(settings.mlflow_tracking_uri)
        _upgrade_db(engine)
        engine.dispose()


def follow_home(settings: Settings) -> None:
    """Tell a store of ours where its artifacts are since the platform's folder was moved: MLflow keeps whole paths.

    Nothing happens where `MLFLOW_TRACKING_URI` names the store. Experiments of all kinds of models have to be there.
    """
    file = own_store(settings)
    if file is None or settings.tracking_uri is not None:
        return
    here = settings.artifacts_dir.as_uri()
    with closing(sqlite3.connect(file)) as store, store:
        query = "SELECT artifact_location FROM experiments WHERE name = ?"
        [location] = store.execute(query, (KINDS[0],)).fetchone()
        before = location.removesuffix(f"/{KINDS[0]}")
        if before == here:
            return
        for table, column in _PLACES:
            store.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                (here, len(before) + 1, len(before) + 1, f"{before}/"),
            )


def experiment_id(settings: Settings, client: "MlflowClient", kind: str) -> str:
    """The experiment that holds the runs of one kind of model; made when missing."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(kind)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(kind, artifact_location=_artifact_location(settings, kind)))
    except MlflowException as error:
        again = client.get_experiment_by_name(kind)
        if again is None:
            raise RegistryError(
                f"MLflow at {settings.shown_tracking_uri} could not make the experiment '{kind}' ({error})."
            ) from error
        return str(again.experiment_id)


def _artifact_location(settings: Settings, kind: str) -> str | None:
    """A server decides for itself; our own store keeps artifacts in the platform's folder."""
    if settings.mlflow_tracking_uri.startswith(("http://", "https://")):
        return None
    return (settings.artifacts_dir / kind).as_uri()


def local_artifact(uri: str) -> Path | None:
    """The path of an artifact that lies on this machine's disk, else None."""
    parts = urlsplit(uri)
    path = Path(unquote(parts.path)) if parts.scheme in ("file", "") else None
    return path if path is not None and path.exists() else None
