"""What a training reports to, whoever keeps it."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Tracker(Protocol):
    """Keeps what a training says about itself: parameters, figures, pictures, progress."""

    def params(self, values: dict[str, object]) -> None:
        """Keep the recipe's parameters, once, at the start."""

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Keep figures of one optimiser step."""

    def picture(self, key: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        """Keep a picture, `uint8 H×W×3` RGB."""

    def tag(self, key: str, value: str) -> None:
        """Keep one word or sentence about the whole training."""

    def file(self, path: Path) -> None:
        """Keep a file that the training wrote."""

    def progress(self, fraction: float | None, message: str) -> None:
        """Say how far the training is, 0 to 1, in one sentence; None where it is as far as it was."""


class NullTracker:
    """Keeps nothing."""

    def params(self, values: dict[str, object]) -> None:
        """Forget the parameters."""

    def metrics(self, values: dict[str, float], step: int) -> None:
        """Forget the figures."""

    def picture(self, key: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        """Forget the picture."""

    def tag(self, key: str, value: str) -> None:
        """Forget the tag."""

    def file(self, path: Path) -> None:
        """Leave the file where it is."""

    def progress(self, fraction: float | None, message: str) -> None:
        """Stay silent."""
