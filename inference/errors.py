"""What can go wrong in restoring one photo; every message names the input and the remedy."""


class InferenceError(Exception):
    """Base of all expected errors of this package; its text is a sentence meant for people."""


class PhotoError(InferenceError):
    """A photo or a mask that cannot be decoded, or is refused."""


class CheckpointError(InferenceError):
    """A file of weights that is missing, corrupt or of the wrong kind."""


class ModelError(InferenceError):
    """A model that was asked for by name and cannot be had."""


class UsageProblem(InferenceError):  # noqa: N818 - a problem of the call, not of its inputs
    """Wrong use, known before any work starts."""


class OutputError(InferenceError):
    """A result that cannot be written."""


def not_finite(model: object) -> InferenceError:
    """What to raise where a model's network answers with what is no number."""
    return InferenceError(f"{model} answers with what is no number: its weights are damaged; export it again.")
