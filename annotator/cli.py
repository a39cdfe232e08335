"""`heirloom import`: photos from files, folders and zips into the platform."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from inference.batch import FAILED, WRONG_USE
from inference.options import AsJson, named_path
from inference.progress import terminal_bar
from inference.text import one_line

if TYPE_CHECKING:
    from annotator.importing import ImportReport
    from db.settings import Settings

commands = typer.Typer()
errors = Console(stderr=True, highlight=False)


@commands.command("import")
def import_photos(
    paths: Annotated[
        list[Path], typer.Argument(parser=named_path, metavar="PATH", help="Photos, folders of photos, or zips.")
    ],
    masks: Annotated[
        Path | None,
        typer.Option(
            parser=named_path,
            metavar="DIR",
            help="Folder of masks, NAME.png or NAME.mask.png; bright is defect. They come in as accepted.",
        ),
    ] = None,
    collection: Annotated[str, typer.Option(metavar="NAME", help="Collection that the photos join.")] = "",
    as_json: AsJson = False,
) -> None:
    """Bring photos in. Files whose bytes are here already are recognised; one bad file never stops the others."""
    from annotator.context import platform
    from annotator.importing import import_paths
    from annotator.sources import ImportProblem
    from db.settings import Settings
    from trainer.platform import prepare

    settings = Settings()
    prepare(settings)
    try:
        with terminal_bar(quiet=as_json) as progress:
            task = progress.add_task("Importing", total=None)
            report = import_paths(
                platform(),
                paths,
                masks,
                collection,
                progress=lambda done, total, name: progress.update(task, completed=done, total=total, description=name),
            )
    except ImportProblem as problem:
        errors.print(f"heirloom: {one_line(str(problem))}", markup=False, soft_wrap=True)
        raise typer.Exit(WRONG_USE) from problem
    _propose(settings, report)
    _tell(report, collection, as_json)
    if report.failures:
        raise typer.Exit(FAILED)


def _propose(settings: "Settings", report: "ImportReport") -> None:
    """New photos get a proposal ahead of whoever opens them."""
    from annotator.context import platform
    from trainer.jobs import launch

    if report.waiting_ids:
        launch(settings, platform().database, "propose", {"photo_ids": report.waiting_ids}, None)


def _tell(report: "ImportReport", collection: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return
    from db.photos import collection_name
    from inference.files import left_out_words

    masked = sum(outcome.has_mask for outcome in report.outcomes)
    typer.echo(f"{len(report.new_ids)} new, {len(report.known)} known already, {masked} with a mask.")
    for outcome in report.known:
        known = f" as {outcome.known_as}" if outcome.known_as != Path(outcome.name).name else ""
        elsewhere = collection and outcome.collection != collection_name(collection)
        stays = f"; it stays in the collection {outcome.collection}" if elsewhere else ""
        typer.echo(one_line(f"known already{known}: {outcome.name}{stays}"))
    if report.left_out:
        errors.print(one_line(f"Left out: {left_out_words(report.left_out)}."), markup=False, soft_wrap=True)
    for failure in report.failures:
        errors.print(one_line(f"{failure.name}: {failure.reason}"), markup=False, soft_wrap=True)
