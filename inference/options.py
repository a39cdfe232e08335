"""What the commands that restore photos take: arguments and options that several of them share."""

from pathlib import Path
from typing import Annotated

import typer

from inference.methods import MOST_SATURATION, FillMethod


def named_path(text: str) -> Path:
    """What a word of the command line names. Raises BadParameter for an empty one: Path takes it for this folder."""
    if not text:
        raise typer.BadParameter("It is empty; name a file or a folder.")
    return Path(text)


Paths = Annotated[
    list[Path],
    typer.Argument(parser=named_path, metavar="PATH", help="Photos, or folders of photos (read recursively)."),
]
Out = Annotated[
    Path,
    typer.Option("--out", parser=named_path, metavar="DIR", help="Folder for the results; folders are mirrored in it."),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME@ALIAS|PATH", help="Model; without it the one in use here.")
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="NAME@ALIAS|PATH",
        help="Detector, inpainter or colorizer; once for each that is not to be the one in use here.",
    ),
]  # fmt: skip
Fill = Annotated[
    FillMethod | None,
    typer.Option("--method", help="Fill by Telea's method or by Navier–Stokes in place of an inpainter."),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        help="Probability from which a pixel is a defect, above 0 and up to 1; without it the model's own.",
    ),
]
Saturation = Annotated[
    float,
    typer.Option("--saturation", min=0, max=MOST_SATURATION, help="Strength of the colours: 0 grey, 1 as predicted."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Tell the outcome as one JSON document on stdout.")]
