"""Checkpoints: a network's weights and what is needed to use them, in one safetensors file."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from inference.errors import CheckpointError, OutputError
from inference.names import DESCRIPTION, KINDS

_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Weights with their architecture, the settings they are used with and where they come from."""

    kind: str
    """`detector`, `inpainter` or `colorizer`."""
    architecture: dict[str, Any]
    settings: dict[str, Any]
    """How to use it. Of a detector: `threshold` in (0, 1), `certainty` in [0, 1] and `sizes`, in how many it sees
    photos (`views.VIEWS`); of an inpainter: `largest_hole` in pixels; of a colorizer: `side` of the pictures that it
    sees in pixels, and `chroma_scale`."""
    provenance: dict[str, Any]
    """Where it comes from: recipe, snapshot, code version, run."""
    state: dict[str, torch.Tensor] = field(repr=False)
    """The network's state dict."""


def save_checkpoint(path: Path, checkpoint: Checkpoint, half: bool = False) -> None:
    """Write a checkpoint beside its place, then move it there. `half` stores floating weights as float16.

    Raises OutputError where it cannot be written, such as on a full disk; what was there stays.
    """
    if checkpoint.kind not in KINDS:
        raise CheckpointError(f"A checkpoint is of kind {', '.join(KINDS)}; not '{checkpoint.kind}'.")
    description = {
        "format": _FORMAT,
        "kind": checkpoint.kind,
        "architecture": checkpoint.architecture,
        "settings": checkpoint.settings,
        "provenance": checkpoint.provenance,
    }
    tensors = {key: _stored(value, half) for key, value in checkpoint.state.items()}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, beside, metadata={DESCRIPTION: json.dumps(description, sort_keys=True)})
        beside.chmod(0o644)  # safetensors keeps its files to their owner
        with beside.open("rb") as file:
            os.fsync(file.fileno())  # or a power cut may leave a training's state, which is kept so, without its best
        beside.replace(path)
    except (SafetensorError, OSError) as error:
        raise OutputError(
            f"{path} cannot be written ({error}); check the folder's permissions and the free space."
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; floating weights come back as float32.

    Raises CheckpointError naming the file and the remedy when it is missing, corrupt or not one of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: _used(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no such checkpoint. Check the path.") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: this is not a readable safetensors file ({error}). Export or download the checkpoint again."
        ) from error
    return _described(path, metadata.get(DESCRIPTION), state)


def _described(path: Path, entry: str | None, state: dict[str, torch.Tensor]) -> Checkpoint:
    if entry is None:
        raise CheckpointError(f"{path}: these weights were not saved by heirloom. Give a checkpoint of a training.")
    try:
        description = json.loads(entry)
        if description["format"] != _FORMAT or description["kind"] not in KINDS:
            raise CheckpointError(f"{path}: checkpoint of an unknown format or kind. Use a newer heirloom to read it.")
        return Checkpoint(
            kind=description["kind"],
            architecture=dict(description["architecture"]),
            settings=dict(description["settings"]),
            provenance=dict(description["provenance"]),
            state=state,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: the checkpoint's description is damaged. Export it again.") from error


def _stored(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    kept = tensor.detach().cpu().contiguous().clone()
    return kept.half() if half and kept.is_floating_point() else kept


def _used(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
