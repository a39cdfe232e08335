"""Recipes from what people write and runs keep: YAML files, `key=value` on the command line, JSON."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from trainer.defects.errors import DefectError
from trainer.learning.recipe import Recipe, RecipeError

CONFIGS = Path(__file__).parents[1] / "configs"
"""The recipes that come with heirloom: a folder for each kind of model, NAME.yaml in it."""
AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)


def from_mapping(kind: type[AnyRecipe], values: Mapping[str, Any]) -> AnyRecipe:
    """The recipe with these fields, the others at their defaults. Raises RecipeError for an unknown or wrong one."""
    recipe: AnyRecipe = _build(kind, values, "")
    return recipe


def load_recipe(kind: type[AnyRecipe], path: Path | None, overrides: Sequence[str] = ()) -> AnyRecipe:
    """Read a recipe from a YAML file (None for the defaults) and change fields given as `key=value`.

    A bare name such as `albunet18` means the recipe of that kind and name that comes with heirloom, unless there is
    such a file. A dotted key reaches inside: `defects.dust=2`. A list is written `a,b`. Raises RecipeError naming file
    or field.
    """
    values = _read_yaml(_found(kind.kind, path)) if path else {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise RecipeError(f"'{override}': write a field as key=value, for example epochs=5.")
        _put(values, key.split("."), text)
    return from_mapping(kind, values)


def _found(kind: str, path: Path) -> Path:
    if os.path.exists(path) or len(path.parts) > 1 or path.suffix:
        return path
    known = sorted(config.stem for config in (CONFIGS / kind).glob("*.yaml"))
    if path.name not in known:
        raise RecipeError(f"'{path}' is no recipe of heirloom for {kind}s. Name a file, or one of {', '.join(known)}.")
    return CONFIGS / kind / f"{path.name}.yaml"


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
    except (TypeError, ValueError, OverflowError) as error:
        raise RecipeError(f"The recipe's field '{name}' cannot be {value!r}.") from error


def _plain(hint: Any, value: Any) -> Any:
    if hint in (tuple[str, ...], tuple[int, ...]):
        entries = [part for part in value.split(",") if part] if isinstance(value, str) else value
        return tuple(_plain(get_args(hint)[0], entry) for entry in entries)
    if hint is bool:
        words = {"true": True, "yes": True, "false": False, "no": False}
        return value if isinstance(value, bool) else _word(words, value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(value)
    if hint is int:
        if float(value) != int(float(value)):
            raise ValueError(value)
        return int(float(value))
    return float(value) if hint is float else str(value)


def _word(words: Mapping[str, bool], value: Any) -> bool:
    found = words.get(str(value).lower())
    if found is None:
        raise ValueError(value)
    return found
