"""Commands of this room: `heirloom train …` and `heirloom worker`. Light: torch and MLflow come when work starts."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from inference.options import AsJson, named_path

commands = typer.Typer()
_train = typer.Typer(no_args_is_help=True, help="Train a model: on a platform as a job of its own, else into --out.")
commands.add_typer(_train, name="train")


Fields = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Fields of the recipe, such as epochs=5.")
]
Config = Annotated[
    Path | None,
    typer.Option(
        parser=named_path,
        metavar="NAME|FILE.yaml",
        help="A recipe: a YAML file, or the name of one of heirloom's; KEY=VALUE changes it.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        parser=named_path, metavar="DIR", help="Train into this folder and not as a job; the same folder again goes on."
    ),
]


@_train.command("detector")
def train_detector(
    fields: Fields = None,
    config: Config = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Name, id or hash of the snapshot to train on; without one, synthetic defects only."
        ),
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Train a detector in this shell. Ctrl-C stops it after the step at hand and keeps the last checkpoint.

    On several GPUs or machines: torchrun --nproc-per-node 4 --no-python heirloom train detector … --out DIR
    """
    _train_model("detector", fields, config, snapshot=snapshot, out=out, as_json=as_json)


@_train.command("inpainter")
def train_inpainter(
    fields: Fields = None,
    config: Config = None,
    snapshot: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Name, id or hash of a snapshot, whose masks give shapes of holes to train on."
        ),
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Train an inpainter in this shell, on clean photos. Ctrl-C stops it and keeps the last checkpoint."""
    _train_model("inpainter", fields, config, snapshot=snapshot, out=out, as_json=as_json)


@_train.command("colorizer")
def train_colorizer(
    fields: Fields = None, config: Config = None, out: Out = None, as_json: AsJson = False
) -> None:  # fmt: skip
    """Train a colorizer in this shell, on clean colour photos. Ctrl-C stops it and keeps the last checkpoint."""
    _train_model("colorizer", fields, config, snapshot=None, out=out, as_json=as_json)


def _train_model(
    kind: str, fields: list[str] | None, config: Path | None, *, snapshot: str | None, out: Path | None, as_json: bool
) -> None:
    from db.settings import Settings
    from trainer.learning.kinds import recipe_class
    from trainer.learning.reading import load_recipe

    recipe = load_recipe(recipe_class(kind), config, fields or [])
    settings = Settings()
    if out is None and not settings.has_platform():
        raise typer.BadParameter(
            "There is no platform here; say where to keep the model with --out DIR, or set HEIRLOOM_HOME."
        )
    if out is None and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise typer.BadParameter(
            "A job of the platform starts its processes itself; write processes=N without torchrun, or give --out DIR."
        )
    if snapshot is not None and not settings.has_platform():
        raise typer.BadParameter("A snapshot belongs to a platform, and there is none here; set HEIRLOOM_HOME.")
    if out is not None:
        from trainer.shell import source_of, train_alone

        source = source_of(settings, snapshot) if snapshot is not None else None
        result = train_alone(recipe, out, as_json, source)
    else:
        from trainer.shell import train_as_job

        result = train_as_job(settings, recipe, snapshot, quiet=as_json)
    if os.environ.get("RANK", "0") != "0":
        return
    typer.echo(json.dumps(result) if as_json else "\n".join(_lines(result)))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    for key, value in result.items():
        if isinstance(value, dict):
            yield f"{key}:"
            yield from (f"  {name}: {figure:.4g}" for name, figure in value.items())
        else:
            yield f"{key}: {value}"


@commands.command()
def worker() -> None:
    """Do the platform's jobs until Ctrl-C. Several workers share them; makes the platform when there is none."""
    from db.settings import Settings
    from trainer.log import start_log
    from trainer.workers.worker import run_worker

    start_log()
    run_worker(Settings())
