"""Which model does which part: from the words after --model, each naming one kind, to a checkpoint per kind."""

import os
from collections.abc import Sequence
from pathlib import Path

from inference.errors import ModelError, UsageProblem
from inference.names import KINDS
from inference.resolve import Model, Resolver, checkpoint_kind


def resolve_models(resolver: Resolver, specs: Sequence[str], kinds: Sequence[str] = KINDS) -> dict[str, Model]:
    """A model of each of `kinds`: the one that a spec names, else the one in use.

    A checkpoint file says itself what kind it is of; in NAME@ALIAS the name is the kind. Raises UsageProblem for two of
    one kind and for a kind that is not among `kinds`, and what the resolver raises where a model cannot be had.
    """
    chosen: dict[str, str] = {}
    for spec in specs:
        kind = _kind_of(spec)
        if kind in chosen:
            raise UsageProblem(f"--model names two models of kind {kind}, {chosen[kind]} and {spec}; give one of each.")
        if kind not in kinds:
            raise UsageProblem(f"--model {spec} is of kind {kind}, and none is needed here; leave it out.")
        chosen[kind] = spec
    return {kind: resolver(chosen.get(kind), kind) for kind in kinds}


def _kind_of(spec: str) -> str:
    if os.path.isfile(spec):
        return checkpoint_kind(Path(spec))
    name, at, _ = spec.partition("@")
    if name in KINDS and at:
        return name
    if at and Path(spec).suffix != ".safetensors":
        raise ModelError(f"There is no model {spec}: names of models are {', '.join(KINDS)}, followed by @ALIAS.")
    raise ModelError(f"There is no checkpoint file {spec}; check the path after --model.")
