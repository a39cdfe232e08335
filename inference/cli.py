"""The commands that restore photos; torch is loaded when one of them starts to work, not for --help."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.batch import Done, Report, named, refuse, run_batch
from inference.errors import InferenceError, UsageProblem
from inference.methods import FillMethod, fill_name

if TYPE_CHECKING:
    from inference.names import ModelName
    from inference.resolve import ModelResolver

commands = typer.Typer(help="Restore photos.")


Paths = Annotated[list[Path], typer.Argument(metavar="PATH", help="Photos, or folders of photos (read recursively).")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results; folders are mirrored in it.")]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME@ALIAS|PATH", help="Detector; without it the one in use here.")
]
Fill = Annotated[FillMethod, typer.Option("--method", help="Fill by Telea's method or by Navier–Stokes.")]
Threshold = Annotated[
    float | None, typer.Option("--threshold", help="Probability from which a pixel is a defect, above 0 and up to 1.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Tell the outcome as one JSON document on stdout.")]


@commands.command()
def restore(
    context: typer.Context,
    paths: Paths,
    *,
    out: Out,
    model: Model = None,
    method: Fill = "telea",
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Find the defects of photos and fill them: NAME.mask.png and NAME.restored.png."""
    from inference.files import encode_mask, encode_png, plan_outputs, write_file
    from inference.photo import read_photo

    try:
        plan = plan_outputs(paths, out, (".mask.png", ".restored.png"))
        checkpoint, name = _resolve(context, model)
        from inference.restorer import Restorer

        restorer = Restorer.load(checkpoint, method, name=name, threshold=threshold)
    except InferenceError as error:
        raise refuse(error) from error

    def step(number: int, report: Report) -> Done:
        source, target = plan[number]
        photo = read_photo(source)
        result = restorer.restore(photo, report)
        outputs = {"mask": _with(target, ".mask.png"), "restored": _with(target, ".restored.png")}
        write_file(outputs["mask"], encode_mask(result.mask))
        write_file(outputs["restored"], encode_png(result.restored, exif=photo.exif, icc=photo.icc))
        share = float(result.mask.mean())
        return Done(str(source), _text(outputs), named(result.models), share, result.threshold, result.warnings)

    _quiet_libraries()
    run_batch([source for source, _ in plan], step, as_json)


@commands.command()
def detect(
    context: typer.Context,
    paths: Paths,
    *,
    out: Out,
    model: Model = None,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Find the defects of photos: NAME.probability.png (8-bit) and NAME.mask.png."""
    from inference.files import encode_mask, encode_png, plan_outputs, write_file
    from inference.photo import read_photo
    from inference.probability import mask_at, quantise

    try:
        plan = plan_outputs(paths, out, (".probability.png", ".mask.png"))
        checkpoint, name = _resolve(context, model)
        from inference.detector import Detector

        detector = Detector.load(checkpoint, name=name, threshold=threshold)
    except InferenceError as error:
        raise refuse(error) from error

    def step(number: int, report: Report) -> Done:
        source, target = plan[number]
        photo = read_photo(source)
        levels = quantise(detector.probability(photo.pixels, report))
        mask = mask_at(levels, detector.threshold)
        outputs = {"probability": _with(target, ".probability.png"), "mask": _with(target, ".mask.png")}
        write_file(outputs["probability"], encode_png(levels))
        write_file(outputs["mask"], encode_mask(mask))
        models = named({"detector": detector.name})
        return Done(str(source), _text(outputs), models, float(mask.mean()), detector.threshold, photo.warnings)

    _quiet_libraries()
    run_batch([source for source, _ in plan], step, as_json)


@commands.command()
def inpaint(
    photo_path: Annotated[Path, typer.Argument(metavar="PHOTO")],
    mask_path: Annotated[Path, typer.Argument(metavar="MASK", help="A picture of the photo's size, white = defect.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The filled photo, a PNG.")],
    method: Fill = "telea",
    as_json: AsJson = False,
) -> None:
    """Fill the defects that a mask marks."""
    from inference.files import decode_mask, encode_png, write_file
    from inference.fill import fill
    from inference.photo import read_file, read_photo

    if out.suffix.lower() != ".png":
        raise refuse(UsageProblem(f"--out {out} does not end in .png, and PNG is what is written; name it so."))
    if out.resolve() in (photo_path.resolve(), mask_path.resolve()):
        raise refuse(UsageProblem(f"--out {out} would replace an input; choose another name."))

    def step(_: int, report: Report) -> Done:
        photo = read_photo(photo_path)
        mask = decode_mask(read_file(mask_path), photo.size, str(mask_path))
        filled = fill(photo, mask, method, progress=report)
        write_file(out, encode_png(filled, exif=photo.exif, icc=photo.icc))
        models = named({"inpainter": fill_name(method)})
        return Done(str(photo_path), {"restored": str(out)}, models, float(mask.mean()), None, photo.warnings)

    _quiet_libraries()
    run_batch([photo_path], step, as_json)


def _resolve(context: typer.Context, spec: str | None) -> "tuple[Path, ModelName]":
    """Ask the root of the command line, or, where these commands stand alone, the files."""
    from inference.resolve import FilesOnly

    resolver: ModelResolver = context.obj or FilesOnly()
    return resolver.resolve_model(spec, "detector")


def _with(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _text(outputs: dict[str, Path]) -> dict[str, str]:
    return {what: str(path) for what, path in outputs.items()}


def _quiet_libraries() -> None:
    """Pillow warns of odd metadata on its own; whoever reads our notes need not see that twice."""
    warnings.filterwarnings("ignore", module="PIL")
