"""Recipes: what a training does, checked when made."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from inference.shipped import shipped_path
from trainer.defects.errors import DefectError
from trainer.defects.settings import AgeingSettings, DefectSettings
from trainer.errors import WrongUse

Precision = Literal["auto", "float32", "bfloat16", "float16"]
Stem = Literal["encoder", "full"]
Norm = Literal["batch", "inplace"]
CONFIGS = Path(__file__).parent / "configs"


class RecipeError(WrongUse):
    """A recipe that cannot be followed; the message names the field and what it may be."""


@dataclass(frozen=True)
class LossSettings:
    """How much each loss counts in the sum; 0 leaves it out. trainer/losses.py says what each is."""

    bce: float = 1.0
    """Cross-entropy with positive weight."""
    dice: float = 1.0
    tversky: float = 0.0
    focal_tversky: float = 0.0
    centre_line: float = 0.0
    """Soft clDice."""
    boundary: float = 0.0
    """Distance to the mask's border in pixels: give it hundredths."""

    def __post_init__(self) -> None:
        shares = asdict(self)
        for name, share in shares.items():
            _check(0 <= share <= 100, f"loss.{name}", share, "between 0 and 100")
        _check(any(shares.values()), "loss", shares, "more than nothing")


SHIPPED = "shipped"
"""What `init` calls the detector that comes with heirloom."""


@dataclass(frozen=True)
class DetectorRecipe:
    """How a detector is trained."""

    encoder: str = "folded"
    """`folded`, our light U-Net on folded pixels; `plain`, our narrow full-resolution encoder; or a name that
    segmentation-models-pytorch knows."""
    decoder_channels: tuple[int, ...] = (128, 96, 64, 48, 32)
    """Channels of the five decoder blocks, deepest first."""
    stem: Stem = "encoder"
    """`full`: the encoder's first convolution keeps full resolution, and the pooling after it is left out."""
    norm: Norm = "batch"
    """`inplace`: in-place activated batch normalisation, which keeps less for backward."""
    shrink: int = 1
    """The network sees photos this many times smaller, and its answer is enlarged: what resolution is worth."""
    pretrained: bool = False
    """Start the encoder from ImageNet weights; when they cannot be had, the training says so and starts at random."""
    init: str = ""
    """A checkpoint to start from instead, or `shipped` for the detector that comes with heirloom; empty for none."""
    synthetic_share: float = 0.5
    """Share of training pictures made from clean photos with synthetic defects; 1 without annotations."""
    photos: tuple[str, ...] = ()
    """Folders of clean photos; empty for the sample photos that installed packages bring."""
    textures: str = ""
    """Folder of defect textures (8-bit alpha maps); empty for textures of our own."""
    validation_photos: tuple[str, ...] = ()
    """Folders of clean photos for validation; empty: every eighth of the clean photos is kept for it."""
    validation_textures: str = ""
    """Folder of textures for validation; empty for textures of our own."""
    validation_pictures: int = 32
    """How many synthetic pictures validation makes, the same ones each time."""
    size: int = 256
    """Side of a training crop in pixels."""
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
    loss: LossSettings = field(default_factory=LossSettings)
    positive_weight: str = "batch"
    """Weight of defect pixels in BCE: clean pixels / defect pixels of each `batch`, or of all training masks of the
    `snapshot`, or a fixed number."""
    weight_limit: float = 100.0
    """Largest positive weight that a batch or a snapshot may give."""
    average: float = 0.0
    """Decay of the moving average of weights that is validated and kept; 0 for none."""
    precision: Precision = "auto"
    """`auto` takes half precision where a GPU has it, float32 on a CPU."""
    recompute: bool = False
    """Keep only what enters each level of the network and compute the rest again for backward, to save memory."""
    workers: int = 2
    """Processes that make training pictures."""
    threads: int = 0
    """Threads of torch on a CPU; 0 leaves it to torch."""
    checkpoint_every: int = 50
    """Steps between two checkpoints of everything."""
    seed: int = 0
    defects: DefectSettings = field(default_factory=DefectSettings)
    """The synthetic defects; their textures are the recipe's."""

    def __post_init__(self) -> None:
        _check_types(self)
        for name in (
            "epochs", "steps_per_epoch", "batch", "accumulate", "shrink", "checkpoint_every", "validation_pictures"
        ):  # fmt: skip
            _check(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("workers", "threads", "warmup_steps", "weight_decay", "seed", "patience"):
            _check(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        _check(self.size >= 32, "size", self.size, "at least 32 pixels")
        _check(0 <= self.synthetic_share <= 1, "synthetic_share", self.synthetic_share, "between 0 and 1")
        _check(0 <= self.average < 1, "average", self.average, "0 or more and below 1")
        _check(0 < self.learning_rate <= 1, "learning_rate", self.learning_rate, "above 0 and at most 1")
        _check(self.clip > 0, "clip", self.clip, "above 0")
        _check(self.weight_limit >= 1, "weight_limit", self.weight_limit, "at least 1")
        for name, words in (("precision", Precision), ("stem", Stem), ("norm", Norm)):
            _check(getattr(self, name) in get_args(words), name, getattr(self, name), f"one of {get_args(words)}")
        _check(
            self.positive_weight in ("batch", "snapshot") or self.fixed_weight is not None,
            "positive_weight", self.positive_weight, "batch, snapshot or a number above 0",
        )  # fmt: skip
        widths = self.decoder_channels
        _check(len(widths) == 5 and min(widths) > 0, "decoder_channels", widths, "five positive numbers")

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole training."""
        return self.epochs * self.steps_per_epoch

    @property
    def first_weights(self) -> Path | None:
        """The checkpoint that `init` names, if any. Raises CheckpointError when heirloom ships none."""
        if self.init == SHIPPED:
            return shipped_path("detector")
        return Path(self.init) if self.init else None

    @property
    def fixed_weight(self) -> float | None:
        """The positive weight where the recipe gives it as a number, else None."""
        try:
            weight = float(self.positive_weight)
        except ValueError:
            return None
        return weight if 0 < weight < math.inf else None

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON values; `from_mapping` reads it back."""
        values = asdict(self)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def from_mapping(values: Mapping[str, Any]) -> DetectorRecipe:
    """The recipe with these fields, the others at their defaults. Raises RecipeError for an unknown or wrong one."""
    recipe: DetectorRecipe = _build(DetectorRecipe, values, "")
    return recipe


def load_recipe(path: Path | None, overrides: Sequence[str] = ()) -> DetectorRecipe:
    """Read a recipe from a YAML file (None for the defaults) and change fields given as `key=value`.

    A bare name such as `albunet18` means the recipe of that name that comes with heirloom, unless there is such a
    file. A dotted key reaches inside: `defects.dust=2`. A list is written `a,b`. Raises RecipeError naming file or
    field.
    """
    values = _read_yaml(_found(path)) if path else {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise RecipeError(f"'{override}': write a field as key=value, for example epochs=5.")
        _put(values, key.split("."), text)
    return from_mapping(values)


def _found(path: Path) -> Path:
    if path.exists() or len(path.parts) > 1 or path.suffix:
        return path
    known = sorted(config.stem for config in CONFIGS.glob("*.yaml"))
    if path.name not in known:
        raise RecipeError(f"'{path}' is no recipe of heirloom. Name a file, or one of {', '.join(known)}.")
    return CONFIGS / f"{path.name}.yaml"


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: there is no such recipe. Check the path.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f"{path}: this recipe cannot be read ({error}). It has to be YAML.") from error
    if not isinstance(values, dict):
        raise RecipeError(f"{path}: a recipe is a list of fields, one `name: value` per line.")
    return values


def _put(values: dict[str, Any], keys: list[str], text: str) -> None:
    for key in keys[:-1]:
        inner = values.setdefault(key, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"{'.'.join(keys)}: the recipe's field '{key}' has no fields of its own.")
        values = inner
    values[keys[-1]] = text


def _build(shape: type[Any], values: Mapping[str, Any], prefix: str) -> Any:
    hints = get_type_hints(shape)
    known = {entry.name for entry in fields(shape)}
    built: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise RecipeError(f"A recipe has no field '{prefix}{key}'. It has: {', '.join(sorted(known))}.")
        built[key] = _convert(hints[key], value, prefix + key)
    try:
        return shape(**built)
    except DefectError as error:
        raise RecipeError(f"{prefix.rstrip('.')}: {error}") from error


def _convert(hint: Any, value: Any, name: str) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise RecipeError(f"The recipe's field '{name}' holds fields of its own; write them below it.")
        return _build(hint, value, f"{name}.")
    try:
        return _plain(hint, value)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"The recipe's field '{name}' cannot be {value!r}.") from error


def _plain(hint: Any, value: Any) -> Any:
    if hint in (tuple[str, ...], tuple[int, ...]):
        entries = [part for part in value.split(",") if part] if isinstance(value, str) else value
        kind = str if hint == tuple[str, ...] else int
        return tuple(kind(entry) for entry in entries)
    if hint is bool:
        words = {"true": True, "yes": True, "false": False, "no": False}
        return value if isinstance(value, bool) else _word(words, value)
    if hint is int:
        if isinstance(value, bool) or float(value) != int(float(value)):
            raise ValueError(value)
        return int(float(value))
    if hint is float:
        if isinstance(value, bool):
            raise ValueError(value)
        return float(value)
    return str(value)


def _word(words: Mapping[str, bool], value: Any) -> bool:
    found = words.get(str(value).lower())
    if found is None:
        raise ValueError(value)
    return found


def _check_types(recipe: DetectorRecipe) -> None:
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


def _check(good: bool, name: str, value: object, must: str) -> None:
    if not good:
        raise RecipeError(f"The recipe's field '{name}' must be {must}, not {value!r}.")


__all__ = [
    "AgeingSettings",
    "DefectSettings",
    "DetectorRecipe",
    "LossSettings",
    "RecipeError",
    "from_mapping",
    "load_recipe",
]
