"""`heirloom defects …`. Light: nothing heavy is imported before work starts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.batch import FAILED
from inference.options import named_path

if TYPE_CHECKING:
    from inference.arrays import Pixels
    from trainer.defects import DefectSettings
    from trainer.learning.clean import CleanPhoto

commands = typer.Typer()
_defects = typer.Typer(no_args_is_help=True, help="Look at the defects that trainings draw.")
commands.add_typer(_defects, name="defects")


@_defects.callback()
def _room() -> None:
    """Keeps `preview` a sub-command while it is the only one."""


@_defects.command()
def preview(
    folder: Annotated[
        Path, typer.Argument(parser=named_path, metavar="FOLDER", help="Clean photos, read recursively.")
    ],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Settings of the defects: crease=2, textures=DIR, ageing.grey=1."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", parser=named_path, metavar="FILE", help="The sheet, a PNG.")],
    config: Annotated[
        Path | None,
        typer.Option(
            parser=named_path,
            metavar="NAME|FILE.yaml",
            help="A recipe whose defects to draw; without one, those drawn by default.",
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=400, help="How many photos.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Of the first photo; the next ones count up.")] = 0,
    size: Annotated[int, typer.Option(min=32, max=4096, help="Longer side of each photo in pixels.")] = 384,
    columns: Annotated[int, typer.Option(min=1, help="Photos in a row.")] = 4,
    masks: Annotated[
        bool, typer.Option("--masks/--no-masks", help="Outline the masks, on a second copy below each photo.")
    ] = True,
) -> None:
    """Draw defects on clean photos and lay them out on one sheet, as a training would see them."""
    from dataclasses import replace

    from inference.errors import UsageProblem
    from inference.files import real_path
    from inference.png import encode_png
    from inference.writing import check_png, write_file
    from trainer.defects.preview import sheet
    from trainer.detecting.recipe import DetectorRecipe
    from trainer.learning.clean import photos_in
    from trainer.learning.reading import load_recipe

    check_png(out)
    recipe = load_recipe(DetectorRecipe, config, [_of_recipe(field) for field in fields or []])
    photos = photos_in([str(folder)])
    if real_path(out) in [real_path(photo.path) for photo in photos if photo.path]:
        raise UsageProblem(f"--out {out} would replace one of the photos; choose another name.")
    chosen = _spread(photos, count)
    pictures, failed = _drawn(chosen, seed, size, replace(recipe.defects, textures=recipe.textures), masks=masks)
    if pictures:
        write_file(out, encode_png(sheet(pictures, columns)))
        typer.echo(f"{out}: {len(pictures)} photos, seeds {seed} to {seed + len(chosen) - 1}")
    for reason in failed:
        typer.echo(f"Failed: {reason}", err=True)
    if failed:
        raise typer.Exit(FAILED)


def _drawn(
    photos: "list[CleanPhoto]", seed: int, size: int, settings: "DefectSettings", *, masks: bool
) -> "tuple[list[Pixels], list[str]]":
    """Every photo with defects, outlined on a copy below it where `masks` says so; and why the others failed."""
    from inference.errors import InferenceError
    from inference.progress import progress_bar
    from trainer.defects.preview import damaged, outlined, sheet

    pictures, failed = [], []
    with progress_bar(len(photos)) as report:
        for place, photo in enumerate(photos):
            report(photo.name, place)
            try:
                pixels, mask, _ = damaged(photo.load(), seed + place, size, settings)
            except InferenceError as error:
                failed.append(str(error))
                continue
            pictures.append(sheet([pixels, outlined(pixels, mask)], 1) if masks else pixels)
    return pictures, failed


def _of_recipe(field: str) -> str:
    """The recipe's field for a setting of the defects; their textures are the recipe's."""
    return field if field.startswith("textures=") else f"defects.{field}"


def _spread(photos: "list[CleanPhoto]", count: int) -> "list[CleanPhoto]":
    """So many photos from the whole list, evenly; again from the beginning where there are fewer."""
    if count <= len(photos):
        return [photos[place * len(photos) // count] for place in range(count)]
    return [photos[place % len(photos)] for place in range(count)]
