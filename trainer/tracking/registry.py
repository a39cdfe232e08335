"""Models by name: which checkpoint `detector@production` is, and how a training becomes a version."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.settings import Settings
from trainer.errors import RegistryError, UnknownModel
from trainer.tracking.store import (
    KIND_TAG,
    MODEL_FOLDER,
    experiment_id,
    local_artifact,
    open_client,
    own_store,
    tracking_address,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from inference.names import ModelName

PRODUCTION = "production"
"""The alias of the version in use."""
SHIPPED = "shipped"
"""The origin of the versions that came with heirloom."""
_NAMED = re.compile(r"(?P<name>[A-Za-z][\w-]*)@(?P<which>[\w.-]+)")


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    name: str
    version: str
    aliases: tuple[str, ...]
    run_id: str
    tags: dict[str, str]
    """`snapshot`, `job` and the figures of its training."""
    created_at: datetime

    @property
    def spec(self) -> str:
        """How the command line names it: `detector@3`."""
        return f"{self.name}@{self.version}"


def resolve(settings: Settings, spec: str | None, kind: str) -> "tuple[Path, ModelName]":
    """The checkpoint file that `spec` means, and the name under which results mention it.

    `spec` is a path, NAME@ALIAS, NAME@VERSION, or None: the platform's production model, the shipped one where there
    is no platform. Raises RegistryError when it names nothing or the registry does not answer, CheckpointError when
    nothing ships.
    """
    from inference.names import ModelName
    from inference.resolve import shipped_model

    if spec is None and not settings.has_platform():
        return shipped_model(kind)
    if spec is not None and os.path.isfile(spec):
        return Path(spec), ModelName.of_file(kind, Path(spec))
    named = _NAMED.fullmatch(spec if spec is not None else f"{kind}@{PRODUCTION}")
    if named is None:
        raise UnknownModel(f"'{spec}' is neither a checkpoint file nor NAME@ALIAS or NAME@VERSION. Check the spelling.")
    model = find_model(settings, named["name"], named["which"])
    return checkpoint_file(settings, model), ModelName(model.name, model.version, "registry")


def find_model(settings: Settings, name: str, which: str) -> ModelVersion:
    """The version that an alias or a version number means. Raises RegistryError when there is none."""
    models = list_models(settings, name)
    wanted = which.removeprefix("v") if which.removeprefix("v").isdigit() else None
    for model in models:
        if which in model.aliases or model.version == wanted:
            return model
    known = ", ".join(f"{model.spec} ({', '.join(model.aliases)})" if model.aliases else model.spec for model in models)
    raise UnknownModel(
        f"The registry at {settings.shown_tracking_uri} has no {name}@{which}; it has {known or f'no {name} at all'}. "
        "Name one of these or a checkpoint file."
    )


def list_models(settings: Settings, name: str) -> list[ModelVersion]:
    """Every version of a model, newest first; empty when the registry has none. Raises RegistryError."""
    with answering(settings):
        client = client_of(settings)
        found = list(_pages(client, f"name = '{name}'"))
        aliases = _aliases(client, name) if found else {}
    models = [
        ModelVersion(
            name=name,
            version=str(row.version),
            aliases=tuple(sorted(alias for alias, version in aliases.items() if version == str(row.version))),
            run_id=str(row.run_id or ""),
            tags={str(key): str(value) for key, value in row.tags.items()},
            created_at=datetime.fromtimestamp(row.creation_timestamp / 1000, UTC),
        )
        for row in found
    ]
    return sorted(models, key=lambda model: int(model.version), reverse=True)


def checkpoint_file(settings: Settings, model: ModelVersion) -> Path:
    """The safetensors file of a version; fetched once into HEIRLOOM_HOME/cache when it is not on this machine."""
    with answering(settings):
        source = str(client_of(settings).get_model_version_download_uri(model.name, model.version))
    folder = local_artifact(source)
    if folder is not None:
        return _only_checkpoint(folder, model)
    cached = settings.home.resolve() / "cache" / "models" / f"{model.name}-v{model.version}-{model.run_id}.safetensors"
    if not cached.exists():
        _fetch(settings, source, model, cached)
    return cached


def register(settings: Settings, name: str, checkpoint: Path, run_id: str, tags: dict[str, str]) -> str:
    """Make a checkpoint the next version of a model; its file goes into the run. Again for the same run: the same one.

    Raises RegistryError when the registry does not answer.
    """
    with answering(settings):
        client = client_of(settings)
        known = list(_pages(client, f"name = '{name}' and run_id = '{run_id}'"))
        if known:
            return str(known[0].version)
        if not client.list_artifacts(run_id, MODEL_FOLDER):
            client.log_artifact(run_id, str(checkpoint), MODEL_FOLDER)
        _ensure_model(client, name)
        source = f"{client.get_run(run_id).info.artifact_uri}/{MODEL_FOLDER}"
        made = client.create_model_version(name, source, run_id=run_id, tags=tags, await_creation_for=30)
        return str(made.version)


def ensure_shipped(settings: Settings, name: str, checkpoint: Path) -> str:
    """The weights that come with heirloom are a version of `name`, in production unless another one is.

    In a fresh registry that is version 1. Returns the version; called again, it changes nothing.
    """
    models = list_models(settings, name)
    made = next((model.version for model in models if model.tags.get("origin") == SHIPPED), None)
    with answering(settings):
        client = client_of(settings)
        if made is None:
            run = client.create_run(experiment_id(settings, client, name), run_name=SHIPPED, tags={KIND_TAG: SHIPPED})
            made = register(settings, name, checkpoint, run.info.run_id, {"origin": SHIPPED})
            client.set_terminated(run.info.run_id, "FINISHED")
        if not any(PRODUCTION in model.aliases for model in models):
            client.set_registered_model_alias(name, PRODUCTION, made)
    return made


def client_of(settings: Settings) -> "MlflowClient":
    """A client of a store that is there. Raises RegistryError when our own was never made."""
    own = own_store(settings)
    if own is not None and not own.exists():
        raise RegistryError(
            f"There is no MLflow store at {settings.shown_tracking_uri} yet. Run heirloom up or heirloom worker, "
            "or name a checkpoint file."
        )
    return open_client(settings)


@contextmanager
def answering(settings: Settings) -> Iterator[None]:
    """Turns what MLflow and its connections raise into one sentence, a RegistryError."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError) as error:
        said = next(iter(str(error).strip().splitlines()), "").rstrip(". ") or type(error).__name__
        said = said.replace(settings.mlflow_tracking_uri.rstrip("/"), settings.shown_tracking_uri.rstrip("/"))
        raise RegistryError(
            f"The model registry at {settings.shown_tracking_uri} does not answer as it should: {said}. "
            "Check that MLflow runs there, or name a checkpoint file."
        ) from error


def _pages(client: "MlflowClient", wanted: str) -> Iterator[Any]:
    token: str | None = None
    while True:
        page = client.search_model_versions(wanted, max_results=200, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _aliases(client: "MlflowClient", name: str) -> dict[str, str]:
    return {str(alias): str(version) for alias, version in client.get_registered_model(name).aliases.items()}


def _ensure_model(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _fetch(settings: Settings, source: str, model: ModelVersion, place: Path) -> None:
    from tempfile import TemporaryDirectory

    from mlflow.artifacts import download_artifacts

    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent) as folder, answering(settings):
        got = download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=tracking_address(settings))
        _only_checkpoint(Path(got), model).replace(place)


def _only_checkpoint(folder: Path, model: ModelVersion) -> Path:
    files = sorted(folder.glob("*.safetensors"))
    if len(files) != 1:
        raise RegistryError(
            f"{model.spec} should hold one safetensors file, {folder} holds {len(files)}. "
            "Put it back from a backup, or promote another version."
        )
    return files[0]
