"""What a training sees: which photos on which side, and what is kept and told about them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

from inference.checkpoint import load_checkpoint
from trainer.learning.clean import CleanPhoto, CleanPhotosError, clean_photos, fingerprint, without
from trainer.learning.examples import TrainingExample
from trainer.learning.recipe import Recipe

Sides = tuple[list[CleanPhoto], list[CleanPhoto]]
"""Clean photos to train and to validate on."""
_FREE = ("workers", "threads", "checkpoint_every", "processes")
"""Fields of a recipe that may differ when a training goes on: they change no figure, or are compared by themselves."""

_BESIDE_THE_RECIPE = {
    "examples": "other annotations",
    "clean": "other clean photos",
    "teacher": "another teacher, whose file was replaced",
}
"""What a training is begun with beside its recipe, and what to say where that is another."""


def clean_sides(recipe: Recipe, examples: Sequence[TrainingExample]) -> Sides:
    """The recipe's clean photos by side; none where it wants no synthetic pictures and has others.

    A photo of one side's annotations is not on the other side here. Every file is read once to tell copies, which takes
    as long as reading the folders. Raises CleanPhotosError where a side is left without any.
    """
    if not recipe.needs_clean_photos(any(example.split == "train" for example in examples)):
        return [], []
    train, kept = clean_photos(recipe.photos, recipe.validation_photos)
    annotated: dict[str, set[str]] = {"train": set(), "validation": set()}
    for example in examples:
        annotated[example.split].add(example.photo_sha)
    return (
        _left(without(train, annotated["validation"]), "photos", "validation"),
        _left(without(kept, annotated["train"]), "validation_photos", "training"),
    )


def _left(photos: list[CleanPhoto], field: str, other: str) -> list[CleanPhoto]:
    if not photos:
        raise CleanPhotosError(
            f"All clean photos of {field} are annotated for {other} in the snapshot, and none is left. Name other "
            f"folders in {field}."
        )
    return photos


def trained_on(checkpoint: Path) -> list[str]:
    """Fingerprints (`clean.fingerprint`) of the photos that a checkpoint's model was trained on, as far as it says so.

    Raises CheckpointError.
    """
    return list(load_checkpoint(checkpoint).provenance.get("trained_on", []))


def seen_beside(recipe: Recipe, clean: Sequence[CleanPhoto]) -> set[str]:
    """Fingerprints (`clean.fingerprint`) of the photos that a model saw beside its training annotations.

    Those its first weights and its teacher were trained on, and the `clean` ones of its training: a platform may hold
    the same files, or samples made from them. Raises CheckpointError, CleanPhotosError.
    """
    before = map(trained_on, recipe.learned_from)
    return {*chain.from_iterable(before), *map(fingerprint, clean)}


def provenance_of(
    recipe: Recipe, examples: Sequence[TrainingExample], clean: Sides, given: Mapping[str, Any]
) -> dict[str, Any]:
    """What is kept in every checkpoint of a training, `given` (snapshot, run, code version) among it."""
    train = {example.photo_sha for example in examples if example.split == "train"}
    return {
        "code_version": metadata.version("heirloom"),
        **given,
        "recipe": recipe.to_dict(),
        "trained_on": sorted(train | seen_beside(recipe, clean[0])),
        "validated_on": sorted(example.photo_sha for example in examples if example.split == "validation"),
    }


def identity_of(recipe: Recipe, examples: Sequence[TrainingExample], clean: Sides, processes: int) -> dict[str, Any]:
    """What a saved state must have been made with."""
    fixed = {key: value for key, value in recipe.to_dict().items() if key not in _FREE}
    known = sorted(f"{example.photo_sha} {example.split} {example.origin}" for example in examples)
    sides = [[fingerprint(photo) for photo in side] for side in clean]
    digest = hashlib.sha256(json.dumps(sides).encode()).hexdigest()
    teacher = hashlib.sha256(recipe.taught_by.read_bytes()).hexdigest() if recipe.taught_by else None
    return {
        "kind": recipe.kind,
        "recipe": fixed,
        "examples": known,
        "clean": digest,
        "teacher": teacher,
        "processes": processes,
    }


def difference(saved: dict[str, Any], own: dict[str, Any], defaults: Recipe) -> str | None:
    """In what a saved training is another one than this, if it is; fields that it knew nothing of were at defaults."""
    if saved["kind"] != own["kind"]:
        return f"a recipe for {saved['kind']}s"
    recipe = {**flat(defaults.to_dict()), **flat(saved["recipe"])}
    changed = sorted(key for key, value in flat(own["recipe"]).items() if recipe.get(key) != value)
    if changed:
        return f"another recipe ({', '.join(changed)})"
    for key, words in _BESIDE_THE_RECIPE.items():
        if saved.get(key, own[key]) != own[key]:  # older states know less
            return words
    if saved["processes"] != own["processes"]:
        return f"{saved['processes']} processes, not {own['processes']}"
    return None


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Nested fields as dotted names."""
    found: dict[str, object] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found
