"""The command line's root: mounts each room's commands and turns expected errors into one sentence."""

import sys
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Annotated, TypeGuard

import typer

from annotator.printing import printing
from db.errors import PlatformError
from inference.batch import FAILED, WRONG_USE
from inference.errors import CheckpointError, InferenceError, ModelError, UsageProblem
from trainer.errors import TrainerError, WrongUse

if TYPE_CHECKING:
    from pydantic import ValidationError

    from inference.resolve import Model

ROOMS = (
    "annotator.up",
    "annotator.cli",
    "db.cli",
    "trainer.cli",
    "trainer.defects_cli",
    "trainer.evaluation.cli",
    "inference.cli",
)
_WRONG_USES = (UsageProblem, CheckpointError, ModelError, WrongUse)
PLATFORM_PACKAGES = {"mlflow", "streamlit", "dbos", "accelerate", "albumentations", "altair"}


def resolve_model(spec: str | None, kind: str) -> "Model":
    """The `inference.resolve.Resolver` of the whole program: the registry's names as well as files.

    Without a spec: the platform's production model, or the shipped one where there is no platform.
    Raises the registry's error when it should answer and does not.
    """
    from db.settings import Settings
    from trainer.tracking.registry import resolve
    from trainer.tracking.store import ask_briefly

    ask_briefly()
    return resolve(Settings(), spec, kind)


def build() -> typer.Typer:
    """The whole program; the rooms' command modules are light, so this costs no torch and no MLflow."""
    root = typer.Typer(
        name="heirloom",
        help="Label, train, restore and review old photographs.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_root)
    for room in ROOMS:
        root.add_typer(import_module(room).commands)
    return root


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"heirloom {metadata.version('heirloom')}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 – its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj = resolve_model


def main(arguments: list[str] | None = None) -> None:
    """Run the program and leave with 0 (done), 1 (some inputs failed), 2 (wrong use), 130 (Ctrl-C) or 143 (SIGTERM)."""
    try:
        with printing():
            typer.main.get_command(build()).main(arguments, prog_name="heirloom")
    except Exception as error:
        sentence = expected(error)
        if sentence is None:
            raise
        typer.echo(f"heirloom: {sentence}", err=True)
        sys.exit(WRONG_USE if isinstance(error, _WRONG_USES) or _is_of_settings(error) else FAILED)


def expected(error: Exception) -> str | None:
    """The sentence for an error that people cause or can mend; None for a fault of ours, which keeps its traceback."""
    if isinstance(error, InferenceError | PlatformError | TrainerError):
        return str(error)
    if _is_of_settings(error):
        said = ((each["loc"], each["msg"].removeprefix("Value error, ")) for each in error.errors())
        problems = "; ".join(f"{'.'.join(map(str, where))}: {what}" for where, what in said)
        return f"The settings in the environment do not fit: {problems}."
    from sqlalchemy.exc import OperationalError

    if isinstance(error, OperationalError):
        return _of_database(error)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in PLATFORM_PACKAGES:
        return f"This command needs {error.name}, which comes with the platform: pip install 'heirloom[platform]'"
    return None


def _is_of_settings(error: Exception) -> "TypeGuard[ValidationError]":
    # Settings are read by few commands, and pydantic takes half a second to import.
    from pydantic import ValidationError

    return isinstance(error, ValidationError)


def _of_database(error: Exception) -> str | None:
    """What a database says that no longer answers in the middle of the work, such as for want of room."""
    from db.answering import answering
    from db.settings import Settings

    try:
        with answering(Settings().database_url):
            raise error
    except PlatformError as told:
        return str(told)
