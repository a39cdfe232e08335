"""The data of an evaluation as one hash: whether two measured on the same can be told from it."""

import hashlib
from collections.abc import Iterable


def data_sha(hashes: Iterable[str]) -> str:
    """SHA-256 over the hashes of everything that was measured, whatever its order."""
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()
