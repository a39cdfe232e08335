"""Errors of this room. Each message names the input and the remedy."""


class InferenceError(Exception):
    """A restoration that cannot be done as asked."""


class PhotoError(InferenceError):
    """A photo that cannot be decoded or is refused."""


class CheckpointError(InferenceError):
    """A checkpoint that cannot be read or used."""
