"""What a comparison asks of every kind of model: which photos it is shown, and what it makes of each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from db.models import Annotation, Photo
from db.settings import Settings
from inference.arrays import Mask, Pixels
from inference.photo import Photo as Picture
from trainer.comparing.judges import Candidate, choose_annotations
from trainer.errors import JobError
from trainer.jobs.work import Work

Figures = Mapping[str, float]
SHOWN_SIDE = 1024
"""Longer side of the pictures kept of a photo, pixels."""
_HOMES = {
    "detector": ("trainer.comparing.detectors", "DetectorExaminer"),
    "inpainter": ("trainer.comparing.inpainters", "InpainterExaminer"),
    "colorizer": ("trainer.comparing.colorizers", "ColorizerExaminer"),
}


@dataclass(frozen=True)
class Exhibit:
    """A photo that all models of a comparison are shown."""

    photo: Photo
    group: str
    """Photos of one group are counted together, `real` and `synthetic` never."""
    annotation: Annotation | None = None
    """The accepted annotation, where one is needed."""


@dataclass(frozen=True, eq=False)
class Shown:
    """An exhibit ready to be shown: decoded once per model."""

    picture: Picture
    mask: Mask | None
    """The accepted mask, bool H×W, where the exhibit has one."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What one model made of one photo."""

    picture: Pixels
    """To look at, uint8 H×W×3, of one size for all models."""
    figures: Figures
    """Empty where nothing is known to measure against."""


class Examiner(ABC):
    """How models of one kind are compared."""

    @abstractmethod
    def exhibits(self, work: Work, candidates: Sequence[Candidate]) -> tuple[list[Exhibit], list[dict[str, Any]]]:
        """The photos that may judge these models, and those left out with the reason."""

    @abstractmethod
    def load(self, settings: Settings, spec: str) -> Any:
        """The model, ready for use. Raises RegistryError, CheckpointError."""

    def facts(self, model: Any) -> dict[str, Any]:
        """What the report says of a model beside its name."""
        return {}

    def view(self, shown: Shown) -> Pixels:
        """The photo beside which the models' pictures are looked at, uint8 H×W×3."""
        return shown.picture.pixels

    @abstractmethod
    def look(self, model: Any, exhibit: Exhibit, shown: Shown, go_on: Callable[[float], None]) -> Seen:
        """Put one photo through a model."""

    @abstractmethod
    def means(self, figures: Sequence[Figures]) -> Figures:
        """Figures over photos, by the names under which they are shown."""

    def apart(self, seen: Sequence[Seen]) -> float:
        """How far the models are apart on a photo, 0 where they agree: photos are shown by it."""
        return max((difference(a.picture, b.picture) for a in seen for b in seen), default=0.0)


def examiner_for(kind: str) -> Examiner:
    """Raises JobError for models of a kind that is none."""
    if kind not in _HOMES:
        raise JobError(f"There are no models called '{kind}'; compare {', '.join(f'{each}s' for each in _HOMES)}.")
    module, name = _HOMES[kind]
    made: Examiner = getattr(import_module(module), name)()
    return made


def annotated(work: Work, candidates: Sequence[Candidate]) -> tuple[list[Exhibit], list[dict[str, Any]]]:
    """Photos with an accepted mask, real ones apart from those whose defects we drew; and those left out."""
    chosen, left_out = choose_annotations(work, candidates)
    return [
        Exhibit(annotation.photo, "synthetic" if annotation.origin == "synthetic" else "real", annotation)
        for annotation in chosen
    ], left_out


def difference(first: Pixels, second: Pixels) -> float:
    """Mean absolute difference of two pictures of one size, in [0, 1]."""
    return float(np.abs(first.astype(np.int16) - second.astype(np.int16)).mean()) / 255
