"""Errors of this room, and what people read of any. Each message names the input and the remedy."""

from db.errors import FULL, PlatformError
from inference.errors import InferenceError
from inference.memory import ran_out

MEMORY_RAN_OUT = "Memory ran out. Choose a smaller size or batch and start it again."
NO_ROOM = "The disk of the computer that did it is full. Make room and start it again."


class TrainerError(PlatformError):
    """Work of the trainer that cannot be done as asked."""


class RegistryError(TrainerError):
    """A model that cannot be named, found or moved, or a registry that does not answer."""


class WrongUse(TrainerError):  # noqa: N818
    """Wrong use, known before any work starts."""


class UnknownModel(RegistryError, WrongUse):  # noqa: N818
    """A word that names no model of a registry that answers."""


class RunBusy(TrainerError):  # noqa: N818
    """Another process holds the lock of this run."""


class JobError(TrainerError):
    """A job that cannot be done as asked."""


class Stopped(TrainerError):  # noqa: N818
    """The work was asked to stop before it was done."""


def sentence(error: Exception) -> str:
    """What a person reads about a failed job."""
    if isinstance(error, PlatformError | InferenceError):
        return str(error)
    if ran_out(error):
        return MEMORY_RAN_OUT
    if isinstance(error, OSError) and error.errno in FULL:
        return NO_ROOM
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0] if said else 'no more is known'}. The job's log tells more."
