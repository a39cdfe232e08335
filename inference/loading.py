"""From a checkpoint file, or the shipped one, to a network that is ready for use."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError, InferenceError
from inference.names import ModelName
from inference.resolve import shipped_model

Network = TypeVar("Network", bound=nn.Module)
Used = TypeVar("Used")


def load_network(
    kind: str,
    path: Path | None,
    name: ModelName | None,
    build: Callable[[dict[str, Any]], Network],
    read: Callable[[Mapping[str, Any]], Used],
) -> tuple[Network, Used, ModelName]:
    """The network of a checkpoint of `kind` with its weights, what `read` takes from its settings, and its name.

    Without a path it is the shipped one, without a name that of the file. `build` makes the network of an architecture.
    Raises CheckpointError naming the file and the remedy.
    """
    if path is None:
        path, name = shipped_model(kind)
    checkpoint = load_checkpoint(path)
    if checkpoint.kind != kind:
        article = "an" if kind[0] in "aeiou" else "a"
        raise CheckpointError(f"{path}: this is a checkpoint of kind {checkpoint.kind}; give one of {article} {kind}.")
    network = _built(path, partial(build, checkpoint.architecture))
    try:
        network.load_state_dict(checkpoint.state)
        used = read(checkpoint.settings)
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        cause = str(error).splitlines()[0]
        raise CheckpointError(f"{path}: weights and description do not fit ({cause}); export it again.") from error
    return network, used, name or ModelName.of_file(kind, path)


def _built(path: Path, build: Callable[[], Network]) -> Network:
    """What the checkpoint describes. Networks know no files: whose description it is that will not do is told here."""
    try:
        return build()
    except InferenceError as error:
        raise CheckpointError(f"{path}: {error} Give another checkpoint, or export it again.") from error
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path}: it describes a network that cannot be built ({error}); give another one, or export it again."
        ) from error
