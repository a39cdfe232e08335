"""The kinds of models that can be trained, by name. Light: what a kind needs is loaded when it is asked for."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trainer.errors import WrongUse
from trainer.learning.examples import TrainingExample
from trainer.learning.recipe import Recipe

if TYPE_CHECKING:
    from trainer.learning.learner import Learner
    from trainer.learning.seen import Sides
    from trainer.learning.tracker import Tracker

_HOMES = {
    "detector": ("trainer.detecting", "Detector"),
    "inpainter": ("trainer.inpainting", "Inpainter"),
    "colorizer": ("trainer.colouring", "Colorizer"),
}


def recipe_class(kind: str) -> type[Recipe]:
    """The class of a kind's recipes. Raises WrongUse for a kind that cannot be trained."""
    found: type[Recipe] = _part(kind, "recipe", "Recipe")
    return found


def learner_for(recipe: Recipe, examples: Sequence[TrainingExample], clean: "Sides", tracker: "Tracker") -> "Learner":
    """A fresh learner. Raises TrainerError with a sentence for recipes and photos that cannot be used."""
    learner: Learner = _part(recipe.kind, "learner", "Learner").start(recipe, examples, clean, tracker)
    return learner


def _part(kind: str, module: str, ending: str) -> Any:
    if kind not in _HOMES:
        raise WrongUse(f"A '{kind}' cannot be trained; heirloom trains {', '.join(_HOMES)}.")
    package, name = _HOMES[kind]
    return getattr(import_module(f"{package}.{module}"), name + ending)
