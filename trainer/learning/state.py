"""Everything a training needs to go on exactly where it stopped, in one file."""

import os
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.errors import TrainerError

_NAME = "state.pt"


class StateError(TrainerError):
    """A training that cannot be saved, or a saved one that cannot be gone on with."""


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write the state beside its place, then move it there: a crash leaves the older one.

    Only one process at a time may write into a folder; what a killed one left half written is written over. Raises
    StateError where it cannot be written, such as on a full disk.
    """
    beside = folder / f".{_NAME}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            torch.save({**state, "chance": _chance()}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / _NAME)
    except (OSError, RuntimeError) as error:
        cause = error if isinstance(error, OSError) else error.__context__  # torch speaks of positions in the file
        if not isinstance(cause, OSError):
            raise
        with suppress(OSError):
            beside.unlink()
        raise StateError(
            f"{folder / _NAME} cannot be written ({cause.strerror}). See to the free space and the folder's "
            "permissions; what was saved before is kept."
        ) from error


def load_state(folder: Path) -> dict[str, Any] | None:
    """Read the state, with the random generators as they were (`restore_chance`); None when there is none.

    Raises StateError naming the file when it cannot be read or is damaged.
    """
    path = folder / _NAME
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise StateError(f"{path} cannot be read ({error.strerror}). See to its permissions.") from error
    except Exception as error:  # its text is torch's advice to whoever writes such files
        raise StateError(f"{path}: the saved training is damaged. Delete it to start anew.") from error
    return state


def _chance() -> dict[str, Any]:
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,  # of this process's own GPU
    }


def restore_chance(state: dict[str, Any]) -> None:
    """Set the random generators to what they were when a state was saved. Those of all processes of a training are
    alike: each begins with the recipe's seed and draws as often as the others."""
    chance = state["chance"]
    version, numbers, gauss = chance["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = chance["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(chance["torch"])
    if chance["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(chance["cuda"])
