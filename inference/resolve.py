"""From the word after --model to a checkpoint file and the name that results give it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from inference.errors import CheckpointError, ModelError
from inference.names import DESCRIPTION, KINDS, ModelName
from inference.shipped import shipped_path

_UNREADABLE = (SafetensorError, OSError, LookupError, TypeError, ValueError)


Model = tuple[Path, ModelName]
"""A checkpoint file and the name that results give it."""
Resolver = Callable[[str | None, str], Model]
"""The model that a spec (NAME@ALIAS, PATH, or None for the model in use) means, of the kind given second.

Raises ModelError, CheckpointError or, where a registry is asked, its errors when the model cannot be had.
"""


def resolve_file(spec: str | None, kind: str) -> Model:
    """The file `spec` names, or the shipped model of `kind`: all there is without a platform.

    Raises ModelError where there is no such file and for names of a registry, CheckpointError when nothing ships.
    """
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


def shipped_model(kind: str) -> Model:
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
