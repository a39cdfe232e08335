"""Recipes: what a training does, checked when made. Those of one kind of model stand with it (trainer/detecting, …)."""

import math
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args

from inference.shipped import shipped_path
from trainer.defects.settings import DefectSettings
from trainer.errors import WrongUse

Precision = Literal["auto", "float32", "bfloat16", "float16"]
SHIPPED = "shipped"
"""What `init` calls the model of a recipe's kind that comes with heirloom."""


class RecipeError(WrongUse):
    """A recipe that cannot be followed; the message names the field and what it may be."""


@dataclass(frozen=True)
class Recipe:
    """What every training has, whatever kind of model it trains."""

    kind: ClassVar[str]
    """`detector`, `inpainter` or `colorizer`."""
    learns_from_annotations: ClassVar[bool] = True
    """Whether a snapshot can be trained on."""
    paths: ClassVar[tuple[str, ...]] = ("init", "photos", "validation_photos")
    """Fields that name files or folders."""

    init: str = ""
    """A checkpoint to start from, or `shipped` for the model that comes with heirloom; empty for none."""
    photos: tuple[str, ...] = ()
    """Folders of clean photos; empty for the sample photos that installed packages bring."""
    validation_photos: tuple[str, ...] = ()
    """Folders of clean photos for validation; empty: every eighth different clean photo, of the packaged ones two."""
    validation_pictures: int = 32
    """How many pictures validation makes of clean photos, the same ones each time."""
    size: int = 256
    """Side of a training picture in pixels."""
    batch: int = 8
    """Pictures that go through the network at once, per process."""
    accumulate: int = 1
    """Batches per step: their gradients are summed up before the weights move."""
    epochs: int = 10
    """An epoch ends with a validation."""
    steps_per_epoch: int = 100
    patience: int = 0
    """Validations without a better one after which the training ends; 0 for never."""
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    """Steps over which the learning rate rises; then it falls to nothing as a cosine."""
    weight_decay: float = 1e-4
    clip: float = 1.0
    """Largest norm of the gradient."""
    average: float = 0.0
    """Decay of the moving average of weights that is validated and kept; 0 for none."""
    precision: Precision = "auto"
    """`auto` takes half precision where a GPU has it, float32 on a CPU."""
    processes: int = 1
    """Processes that train together on this machine, on GPUs one for each; torchrun is for several machines."""
    workers: int = 2
    """Processes that make training pictures, per process that trains."""
    threads: int = 0
    """Threads of torch on a CPU; 0 leaves it to torch."""
    checkpoint_every: int = 50
    """Steps between two checkpoints of everything."""
    seed: int = 0

    def __post_init__(self) -> None:
        _check_types(self)
        for name in (
            "epochs", "steps_per_epoch", "batch", "accumulate", "checkpoint_every", "validation_pictures", "processes",
        ):  # fmt: skip
            check(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("workers", "threads", "warmup_steps", "weight_decay", "seed", "patience"):
            check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        check(self.seed < 2**53, "seed", self.seed, "below 2**53")
        check(self.size >= 32, "size", self.size, "at least 32 pixels")
        check(0 <= self.average < 1, "average", self.average, "0 or more and below 1")
        check(0 < self.learning_rate <= 1, "learning_rate", self.learning_rate, "above 0 and at most 1")
        check(self.clip > 0, "clip", self.clip, "above 0")
        check(self.precision in get_args(Precision), "precision", self.precision, f"one of {get_args(Precision)}")

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole training."""
        return self.epochs * self.steps_per_epoch

    @property
    def batch_normed(self) -> bool:
        """Whether the network has batch normalisation whose statistics several processes must share."""
        return True

    @property
    def first_weights(self) -> Path | None:
        """The checkpoint that `init` names, if any. Raises CheckpointError when heirloom ships none."""
        return self._checkpoint(self.init)

    @property
    def learned_from(self) -> list[Path]:
        """The checkpoints of which something goes into the model. Raises CheckpointError when heirloom ships none."""
        first = self.first_weights
        return [first] if first else []

    @property
    def taught_by(self) -> Path | None:
        """The checkpoint that is asked all through the training, where there is one."""
        return None

    def _checkpoint(self, choice: str) -> Path | None:
        if choice == SHIPPED:
            return shipped_path(self.kind)
        return Path(choice) if choice else None

    def rate_share(self, step: int) -> float:
        """Share of `learning_rate` at a step: a linear warm-up, then a cosine to nothing."""
        warmup = min(self.warmup_steps, max(1, self.steps // 2))
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, self.steps - warmup))))

    @property
    def read_throughout(self) -> list[str]:
        """The files and folders that it names and every process of its training reads, also one that goes on."""
        named = [getattr(self, name) for name in self.paths if name != "init"]
        return [each for value in named for each in ((value,) if isinstance(value, str) else value) if each]

    def needs_clean_photos(self, annotated: bool) -> bool:
        """Whether clean photos take part, where training annotations are there (`annotated`) or not."""
        return True

    def with_whole_paths(self) -> Self:
        """The same with absolute paths, for whoever goes on in another folder."""

        def whole(path: str) -> str:
            return os.path.realpath(path) if path and path != SHIPPED else path

        found: dict[str, Any] = {}
        for name in self.paths:
            value = getattr(self, name)
            found[name] = tuple(map(whole, value)) if isinstance(value, tuple) else whole(value)
        return replace(self, **found)

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON values; `reading.from_mapping` reads it back."""
        values = asdict(self)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


@dataclass(frozen=True)
class DamagingRecipe(Recipe):
    """A recipe that draws synthetic defects."""

    paths: ClassVar[tuple[str, ...]] = (*Recipe.paths, "textures", "validation_textures")

    textures: str = ""
    """Folder of defect textures (8-bit alpha maps); empty for textures of our own."""
    validation_textures: str = ""
    """Folder of textures for a detector's validation; empty for textures of our own."""
    defects: DefectSettings = field(default_factory=DefectSettings)
    """The synthetic defects; their textures are the recipe's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(not self.defects.textures, "defects.textures", self.defects.textures, "left out; the field is 'textures'")


def _check_types(recipe: Recipe) -> None:
    """Half-right values (a number as text) would fail much later."""
    for entry in fields(recipe):
        value = getattr(recipe, entry.name)
        sample = entry.default
        if isinstance(sample, float) and isinstance(value, int) and not isinstance(value, bool):
            continue
        if isinstance(sample, (bool, int, float, str, tuple)) and type(value) is not type(sample):
            raise RecipeError(
                f"The recipe's field '{entry.name}' cannot be {value!r}; use from_mapping for raw values."
            )


def check(good: bool, name: str, value: object, must: str) -> None:
    """Raises RecipeError, which names the field, unless its value is good."""
    if not good:
        raise RecipeError(f"The recipe's field '{name}' must be {must}, not {value!r}.")
