"""The data of an evaluation: one hash, from which can be told whether two measured on the same, and names."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path


def data_sha(hashes: Iterable[str]) -> str:
    """SHA-256 over the hashes of everything that was measured, whatever its order."""
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


def told_apart(paths: Sequence[Path]) -> list[str]:
    """A name for each path: as many of its last parts as tell the different ones apart."""
    different = len(set(paths))
    for count in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-count:]) for path in paths]
        if len(set(names)) == different:
            return names
    return [str(path) for path in paths]
