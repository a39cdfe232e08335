"""Models ready for use in this process; the last two of each kind stay loaded."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from db.settings import Settings
from inference.names import ModelName
from trainer.tracking import registry

if TYPE_CHECKING:
    from inference.colorizer import Colorizer
    from inference.detector import Detector
    from inference.inpainter import Inpainter


def load_detector(settings: Settings, spec: str | None = None) -> "Detector":
    """The detector that `spec` means, the production model without one. Raises RegistryError, CheckpointError."""
    return _detector(*registry.resolve(settings, spec, "detector"))


def load_inpainter(settings: Settings, spec: str | None = None) -> "Inpainter":
    """The inpainter that `spec` means, the production model without one. Raises RegistryError, CheckpointError."""
    return _inpainter(*registry.resolve(settings, spec, "inpainter"))


def load_colorizer(settings: Settings, spec: str | None = None) -> "Colorizer":
    """The colorizer that `spec` means, the production model without one. Raises RegistryError, CheckpointError."""
    return _colorizer(*registry.resolve(settings, spec, "colorizer"))


@lru_cache(maxsize=2)
def _detector(path: Path, name: ModelName) -> "Detector":
    from inference.detector import Detector

    return Detector.load(path, name=name)


@lru_cache(maxsize=2)
def _inpainter(path: Path, name: ModelName) -> "Inpainter":
    from inference.inpainter import Inpainter

    return Inpainter.load(path, name=name)


@lru_cache(maxsize=2)
def _colorizer(path: Path, name: ModelName) -> "Colorizer":
    from inference.colorizer import Colorizer

    return Colorizer.load(path, name=name)
