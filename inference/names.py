"""How models are called wherever a result names them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from inference.errors import CheckpointError
from inference.text import readable

KINDS = ("detector", "inpainter", "colorizer")
"""The kinds of models, in the order in which a photo meets them."""
DESCRIPTION = "heirloom"
"""The entry in which a checkpoint's file says what it holds."""


@dataclass(frozen=True)
class ModelName:
    """Which model it was and where it came from; every restoration names its models so."""

    name: str
    version: str
    source: str
    """`registry`, `shipped`, `file`, or `opencv` for the classical fills."""

    def __str__(self) -> str:
        if self.source == "registry":
            return f"{self.name} v{self.version} (registry)"
        if self.source == "shipped":
            return f"{self.name} shipped-{self.version}"
        if self.source == "opencv":
            return f"{self.name} (OpenCV {self.version})"
        return f"{self.name}@{self.version}"

    @classmethod
    def of_file(cls, kind: str, path: Path) -> "ModelName":
        """Name a checkpoint file by kind, file name and the first digits of its SHA-256. Raises CheckpointError."""
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise CheckpointError(
                f"{path} cannot be read ({error.strerror or error}); check the file's permissions."
            ) from error
        return cls(f"{kind} {readable(path.name)}", digest[:8], "file")
