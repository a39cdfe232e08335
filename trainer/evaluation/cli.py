"""`heirloom evaluate …`. Light: torch, matplotlib and MLflow come when work starts."""

from pathlib import Path
from typing import Annotated

import typer

from inference.batch import FAILED
from inference.options import AsJson, Fill, named_path

commands = typer.Typer()
_evaluate = typer.Typer(no_args_is_help=True, help="Measure models on photos whose answer is known.")
commands.add_typer(_evaluate, name="evaluate")

Out = Annotated[
    Path | None, typer.Option("--out", parser=named_path, metavar="DIR", help="Folder for report.png and figures.json.")
]
Track = Annotated[
    bool, typer.Option("--track/--no-track", help="Keep it as a run in MLflow, where there is a platform.")
]


@_evaluate.command("detector")
def evaluate_detector(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME@ALIAS|PATH", help="Detectors; without one, the one in use here."),
    ] = None,
    *,
    on: Annotated[
        list[str],
        typer.Option(
            "--on",
            metavar="FOLDER|SNAPSHOT",
            help="Folder of NAME.damaged.* with NAME.mask.png, read recursively (may be given again), or a snapshot.",
        ),
    ],
    apart: Annotated[
        list[str] | None,
        typer.Option("--apart", metavar="NAME", help="Photo or group to show, but to keep out of every mean."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="In place of each model's own, above 0 and up to 1.")
    ] = None,
    mirror: Annotated[
        bool,
        typer.Option(
            "--mirror/--no-mirror", help="Average each photo with its mirror image and other sizes, as restoring does."
        ),
    ] = True,
    out: Out = None,
    track: Track = True,
    as_json: AsJson = False,
) -> None:
    """Measure detectors on photos with known masks, beside a classical method and the published figures."""
    from db.settings import Settings
    from trainer.evaluation.detecting.command import Request, measure

    request = Request(
        models=tuple(models or ()),
        on=tuple(on),
        apart=tuple(apart or ()),
        threshold=threshold,
        mirror=mirror,
        out=out,
        track=track,
    )
    if not measure(Settings(), request).tell(as_json):
        raise typer.Exit(FAILED)


@_evaluate.command("inpainter")
def evaluate_inpainter(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME@ALIAS|PATH", help="Inpainters; without one, the one in use here."),
    ] = None,
    *,
    on: Annotated[
        list[Path],
        typer.Option(
            "--on",
            parser=named_path,
            metavar="FOLDER",
            help="Folder of clean photos, read recursively (may be given again); those below 256 pixels are left out.",
        ),
    ],
    out: Out = None,
    track: Track = True,
    as_json: AsJson = False,
) -> None:
    """Measure inpainters on clean photos under irregular holes, beside four classical fills."""
    from db.settings import Settings
    from trainer.evaluation.filling.command import INPAINTERS
    from trainer.evaluation.on_clean import Request

    request = Request(models=tuple(models or ()), on=tuple(on), out=out, track=track)
    if not INPAINTERS.measure(Settings(), request).tell(as_json):
        raise typer.Exit(FAILED)


@_evaluate.command("colorizer")
def evaluate_colorizer(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME@ALIAS|PATH", help="Colorizers; without one, the one in use here."),
    ] = None,
    *,
    on: Annotated[
        list[Path],
        typer.Option(
            "--on",
            parser=named_path,
            metavar="FOLDER",
            help="Folder of clean colour photos, read recursively (may be given again): a group of its own.",
        ),
    ],
    out: Out = None,
    track: Track = True,
    as_json: AsJson = False,
) -> None:
    """Measure colorizers on clean colour photos, beside leaving them grey and giving all of a group one colour."""
    from db.settings import Settings
    from trainer.evaluation.colouring.command import COLORIZERS
    from trainer.evaluation.on_clean import Request

    request = Request(models=tuple(models or ()), on=tuple(on), out=out, track=track)
    if not COLORIZERS.measure(Settings(), request).tell(as_json):
        raise typer.Exit(FAILED)


@_evaluate.command("restoration")
def evaluate_restoration(
    *,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME@ALIAS|PATH",
            help="Detector or inpainter; once for each that is not to be the one in use here.",
        ),
    ] = None,
    method: Fill = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="In place of the detector's own, above 0 and up to 1.")
    ] = None,
    on: Annotated[
        list[Path],
        typer.Option(
            "--on",
            parser=named_path,
            metavar="FOLDER",
            help="Folder of NAME.damaged.*, NAME.restored.* by an expert and NAME.mask.png (may be given again).",
        ),
    ],
    out: Out = None,
    track: Track = True,
    as_json: AsJson = False,
) -> None:
    """Hold restored photos against an expert's: what finding and filling gain together, and the true mask would."""
    from db.settings import Settings
    from trainer.evaluation.restoring.command import Request, measure

    request = Request(
        models=tuple(models or ()), on=tuple(on), method=method, threshold=threshold, out=out, track=track
    )  # fmt: skip
    if not measure(Settings(), request).tell(as_json):
        raise typer.Exit(FAILED)


@_evaluate.command("all")
def evaluate_all(
    data: Annotated[
        Path,
        typer.Argument(
            parser=named_path, metavar="DATA", help="Folder with photos/val, portraits/val, real/pairs and real/prints."
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out", parser=named_path, metavar="DIR", help="Folder for quality.md and a report of each part."
        ),
    ],
    track: Track = True,
    as_json: AsJson = False,
) -> None:
    """Measure all models in use, each beside its baselines, and the whole way of a photo: one page of figures."""
    from db.settings import Settings
    from trainer.evaluation.quality.command import run

    if not run(Settings(), data, out, track=track, as_json=as_json):
        raise typer.Exit(FAILED)
