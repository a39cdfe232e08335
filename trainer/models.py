"""Detectors ready for use in this process; the last two stay loaded."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from db.settings import Settings
from inference.names import ModelName
from trainer import registry

if TYPE_CHECKING:
    from inference.detector import Detector


def load_detector(settings: Settings, spec: str | None = None) -> "Detector":
    """The detector that `spec` means, the production model without one. Raises RegistryError, CheckpointError."""
    path, name = registry.resolve(settings, spec, "detector")
    return _load(path, name)


@lru_cache(maxsize=2)
def _load(path: Path, name: ModelName) -> "Detector":
    from inference.detector import Detector

    return Detector.load(path, name=name)
