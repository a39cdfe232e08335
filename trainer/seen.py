"""What a training sees: which photos on which side, and what is kept and told about them."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from inference.checkpoint import load_checkpoint
from trainer.clean import CleanPhoto, clean_photos, hashes_of
from trainer.dataset import TrainingExample
from trainer.losses import share_weight
from trainer.recipe import DetectorRecipe, RecipeError
from trainer.tracker import Tracker

_FREE = ("workers", "threads", "checkpoint_every")
"""Fields of a recipe that may differ when a training goes on: they change no figure."""


def clean_sides(
    recipe: DetectorRecipe, examples: Sequence[TrainingExample]
) -> tuple[list[CleanPhoto], list[CleanPhoto]]:
    """Clean photos to train and to validate on; none where the recipe wants no synthetic pictures and has others."""
    if recipe.synthetic_share == 0 and any(example.split == "train" for example in examples):
        return [], []
    return clean_photos(recipe.photos, recipe.validation_photos)


def seen_beside(recipe: DetectorRecipe, examples: Sequence[TrainingExample]) -> set[str]:
    """Hashes of the photos that a model saw beside its training annotations.

    Those its first weights were trained on, and the clean photos of the recipe's folders: a platform may hold the
    same files. Raises CheckpointError, CleanPhotosError.
    """
    first = recipe.first_weights
    before = load_checkpoint(first).provenance.get("trained_on", []) if first else []
    return {*before, *hashes_of(clean_sides(recipe, examples)[0])}


def provenance_of(
    recipe: DetectorRecipe, examples: Sequence[TrainingExample], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What is kept in every checkpoint of a training, `given` (snapshot, run, code version) among it."""
    train = {example.photo_sha for example in examples if example.split == "train"}
    return {
        "code_version": metadata.version("heirloom"),
        **given,
        "recipe": recipe.to_dict(),
        "trained_on": sorted(train | seen_beside(recipe, examples)),
        "validated_on": sorted(example.photo_sha for example in examples if example.split == "validation"),
    }


def identity_of(recipe: DetectorRecipe, examples: Sequence[TrainingExample], processes: int) -> dict[str, Any]:
    """What a saved state must have been made with."""
    fixed = {key: value for key, value in recipe.to_dict().items() if key not in _FREE}
    known = sorted(f"{example.photo_sha} {example.split} {example.origin}" for example in examples)
    return {"recipe": fixed, "examples": known, "processes": processes}


def difference(saved: dict[str, Any], own: dict[str, Any]) -> str | None:
    """In what a saved training is another one than this, if it is; fields that it knew nothing of were at defaults."""
    recipe = {**flat(identity_of(DetectorRecipe(), [], 0)["recipe"]), **flat(saved["recipe"])}
    changed = sorted(key for key, value in flat(own["recipe"]).items() if recipe.get(key) != value)
    if changed:
        return f"another recipe ({', '.join(changed)})"
    if saved["examples"] != own["examples"]:
        return "other annotations"
    if saved["processes"] != own["processes"]:
        return f"{saved['processes']} processes, not {own['processes']}"
    return None


def weight_of_defects(recipe: DetectorRecipe, examples: Sequence[TrainingExample]) -> float | None:
    """BCE's positive weight where it is the same for every batch: fixed, or that of the snapshot; else None.

    Raises RecipeError when the recipe wants a snapshot's and there are no training masks.
    """
    if recipe.positive_weight != "snapshot":
        return recipe.fixed_weight
    defect = pixels = 0
    for example in examples:
        if example.split == "train":
            mask = example.load_mask()
            defect, pixels = defect + int(np.count_nonzero(mask)), pixels + mask.size
    if not pixels:
        raise RecipeError(
            "The recipe's field 'positive_weight' is 'snapshot', but there are no training masks to count. "
            "Train on a snapshot, or set it to 'batch' or a number."
        )
    return share_weight(defect, pixels, recipe.weight_limit)


def tell_what_is_real(examples: Sequence[TrainingExample], tracker: Tracker) -> None:
    """Say how many real annotations there are, and what it means when none is there to validate on."""
    real = [example for example in examples if example.is_real]
    judged = sum(example.split == "validation" for example in real)
    tracker.tag("real_annotations", str(len(real)))
    if not judged:
        tracker.tag(
            "real_annotations_note",
            "No real annotations to validate on: the figures say how it does on synthetic defects only, "
            "and nothing about real photos.",
        )


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Nested fields as dotted names."""
    found: dict[str, object] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found
