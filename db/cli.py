"""`heirloom snapshot`, `heirloom export` and `heirloom db …`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

commands = typer.Typer()
database_commands = typer.Typer(help="The platform's database.", no_args_is_help=True)
commands.add_typer(database_commands, name="db")
errors = Console(stderr=True, highlight=False)
SOME_FAILED, WRONG_USE = 1, 2


def _place(text: str) -> Path:
    if not text:  # Path takes it for the current folder
        raise typer.BadParameter("It is empty; name a folder.")
    return Path(text)


def _snapshot_name(text: str) -> str:
    from db.snapshots import LONGEST_NAME

    if not 1 <= len(text.strip()) <= LONGEST_NAME:
        raise typer.BadParameter(f"A snapshot's name has 1 to {LONGEST_NAME} characters; leave it out to get one.")
    return text.strip()


AsJson = Annotated[bool, typer.Option("--json", help="Tell the outcome as one JSON document on stdout.")]


@commands.command()
def snapshot(
    name: Annotated[
        str | None,
        typer.Option(parser=_snapshot_name, metavar="NAME", help="A name of its own; without one it is numbered."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Freeze what is accepted now into a dataset snapshot."""
    from db.engine import open_database
    from db.settings import Settings
    from db.snapshots import make_snapshot, snapshot_counts

    database = open_database(Settings())
    with database.unit_of_work() as session:
        made = make_snapshot(session, name, None)
        counts = snapshot_counts(session, made.id)
    if as_json:
        typer.echo(json.dumps({"id": made.id, "name": made.name, "sha256": made.sha256, **asdict(counts)}))
        return
    typer.echo(f"{made.name} ({made.sha256[:12]}): {counts.total} photos")
    typer.echo(f"  real       {counts.real_train} to train on, {counts.real_validation} to validate")
    typer.echo(f"  synthetic  {counts.synthetic_train} to train on, {counts.synthetic_validation} to validate")


@commands.command()
def export(
    folder: Annotated[
        Path, typer.Argument(parser=_place, metavar="DIR", help="A folder that is empty or not there yet.")
    ],
    kind: Annotated[
        str, typer.Option("--format", metavar="png|coco|label-studio|cvat", help="What the masks are written as.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write the accepted masks and their photos for other tools."""
    from db.blobs import open_blobs
    from db.engine import open_database
    from db.export_formats import ExportFormat
    from db.exports import export_items, write_export
    from db.settings import Settings

    if kind not in list(ExportFormat):
        raise typer.BadParameter(f"Choose among {', '.join(ExportFormat)}.", param_hint="--format")
    settings = Settings()
    database = open_database(settings)
    with database.reading() as session:
        items = export_items(session)
    failed: list[str] = []
    with _progress() as bar, _wrong_use():
        task = bar.add_task("photos", total=len(items))
        write_export(
            items,
            open_blobs(settings),
            folder,
            ExportFormat(kind),
            lambda done: bar.update(task, completed=done),
            failed=failed,
        )
    written = len(items) - len(failed)
    said = {"folder": str(folder), "format": kind, "photos": written, "failed": failed}
    typer.echo(json.dumps(said) if as_json else f"{written} photos with their masks are in {folder}")
    _tell_failed(failed)


@database_commands.command()
def upgrade() -> None:
    """Make the database, or bring its tables up to this version."""
    from db.addresses import shown_url
    from db.migrate import current_revision
    from db.migrate import upgrade as migrate
    from db.settings import Settings

    url = Settings().database_url
    before = current_revision(url)
    with _wrong_use():
        migrate(url)
    after = current_revision(url)
    typer.echo(f"{shown_url(url)} is {'already ' if before == after else ''}at revision {after}")


@database_commands.command()
def backup(
    folder: Annotated[
        Path, typer.Argument(parser=_place, metavar="DIR", help="Where the copy goes; used again, only news is added.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy databases, pictures, models and what trainings need to go on into DIR while the platform runs.

    Copying DIR back restores them; a PostgreSQL's .dump is for pg_restore. What an MLflow server keeps is not copied.
    """
    from db.backup import back_up
    from db.settings import Settings

    with _progress() as bar, _wrong_use():
        task = bar.add_task("blobs", total=None)
        report = back_up(Settings(), folder, lambda done: bar.update(task, completed=done))
    if as_json:
        typer.echo(json.dumps(asdict(report)))
    else:
        typer.echo(
            f"{', '.join(report.databases)} and {report.blobs} blobs ({report.copied} of them new) are in {folder}"
        )
        if report.elsewhere:
            typer.echo(report.elsewhere)
    _tell_failed(report.failed)


def _tell_failed(sentences: list[str]) -> None:
    """Leave with 1 where there is something to tell."""
    for sentence in sentences:
        errors.print(f"heirloom: {sentence}", markup=False, soft_wrap=True)
    if sentences:
        raise typer.Exit(SOME_FAILED)


@contextmanager
def _wrong_use() -> Iterator[None]:
    """Leave with 2 where the DIR will not do."""
    from db.errors import WrongFolder

    try:
        yield
    except WrongFolder as error:
        errors.print(f"heirloom: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(WRONG_USE) from error


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
