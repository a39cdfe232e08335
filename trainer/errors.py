"""Errors of this room. Each message names the input and the remedy."""

from db.errors import PlatformError


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
