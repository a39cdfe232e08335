"""From the word after --model to a checkpoint file and the name that results give it."""

import json
import os
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError, safe_open

from inference.errors import CheckpointError, ModelError
from inference.names import DESCRIPTION, KINDS, ModelName
from inference.shipped import shipped_path

_UNREADABLE = (SafetensorError, OSError, LookupError, TypeError, ValueError)


class ModelResolver(Protocol):
    """What the commands need from the root of the command line."""

    def resolve_model(self, spec: str | None, kind: str) -> tuple[Path, ModelName]:
        """The checkpoint of `spec` (NAME@ALIAS, PATH, or None for the model in use) and its name.

        Raises InferenceError (ModelError, CheckpointError) when it cannot be had.
        """


class FilesOnly:
    """Resolves paths and the shipped models: all there is without a platform."""

    def resolve_model(self, spec: str | None, kind: str) -> tuple[Path, ModelName]:
        """The file `spec` names, or the shipped model of `kind`. Raises ModelError for names of a registry."""
        if spec is None:
            return shipped_model(kind)
        path = Path(spec)
        if os.path.isfile(path):
            return path, ModelName.of_file(kind, path)
        if "@" in spec and path.suffix != ".safetensors":
            raise ModelError(
                f"{spec} names a model of a platform, and there is none here; give a checkpoint file, "
                "or set HEIRLOOM_HOME to a platform's folder."
            )
        raise ModelError(f"There is no checkpoint file {spec}; check the path after --model.")


def shipped_model(kind: str) -> tuple[Path, ModelName]:
    """The checkpoint of `kind` that comes with heirloom. Raises CheckpointError when there is none or it is damaged."""
    path = shipped_path(kind)
    try:
        version = str(_description(path)["provenance"].get("version", 1))
    except _UNREADABLE as error:
        raise CheckpointError(f"{path} is damaged ({error}); install heirloom again.") from error
    return path, ModelName(kind, version, "shipped")


def checkpoint_kind(path: Path) -> str:
    """The kind of model that a checkpoint file says it holds, without loading weights. Raises CheckpointError."""
    try:
        kind = str(_description(path)["kind"])
    except _UNREADABLE as error:
        raise CheckpointError(
            f"{path}: this is not a checkpoint of heirloom ({error}). Give one of a training, or export it again."
        ) from error
    if kind not in KINDS:
        raise CheckpointError(f"{path}: checkpoint of an unknown kind, {kind}. Use a newer heirloom to read it.")
    return kind


def _description(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
    described: dict[str, Any] = json.loads(metadata[DESCRIPTION])
    return described
