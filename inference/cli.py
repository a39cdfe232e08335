"""The commands that restore photos; torch is loaded when one of them starts to work, not for --help."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.batch import Done, Report, named, refuse, run_batch
from inference.errors import InferenceError, UsageProblem
from inference.methods import FillMethod
from inference.options import AsJson, Fill, Model, Models, Out, Paths, Saturation, Threshold, named_path

if TYPE_CHECKING:
    from inference.fill import ClassicalInpainter
    from inference.inpainter import Inpainter
    from inference.resolve import Resolver

commands = typer.Typer(help="Restore photos.")


@commands.command()
def restore(
    context: typer.Context,
    paths: Paths,
    *,
    out: Out,
    model: Models = None,
    method: Fill = None,
    threshold: Threshold = None,
    saturation: Saturation = 1.0,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--sheet",
            parser=named_path,
            metavar="FILE.png",
            help="Show all on a contact sheet: photo, mask, three results.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Leave out photos whose results are there, by the same models and settings."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the defects of photos, fill them, and colour photo and result: four pictures and NAME.json for each."""
    from inference.choosing import resolve_models
    from inference.files import left_out, plan_outputs
    from inference.names import KINDS
    from inference.results import ENDINGS, made_by

    try:
        plan = plan_outputs(paths, out, tuple(ENDINGS.values()))
        kinds = [kind for kind in KINDS if method is None or kind != "inpainter"]
        chosen = resolve_models(_resolver(context), model or (), kinds)
        from inference.restorer import Restorer
        from inference.restoring import Restoring, open_sheet

        shown = open_sheet(sheet, plan)
        files = {kind: path for kind, (path, _) in chosen.items()}
        names = {kind: name for kind, (_, name) in chosen.items()}
        restorer = Restorer.load(
            files["detector"], files.get("inpainter"), files["colorizer"], method=method, names=names,
            threshold=threshold,
        )  # fmt: skip
        settings = {"threshold": restorer.threshold, "saturation": saturation}
        by = made_by(restorer.models, files, settings)
    except InferenceError as error:
        raise refuse(error) from error

    _quiet_libraries()
    restoring = Restoring(plan, restorer, by, resume=resume, sheet=shown)
    run_batch([source for source, _ in plan], restoring.step, as_json, shown, left_out(paths))


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
    from inference.decoding import read_photo
    from inference.files import left_out, plan_outputs
    from inference.masks import encode_mask
    from inference.png import encode_png
    from inference.probability import mask_at, quantise
    from inference.results import write_result
    from inference.writing import check_name

    try:
        plan = plan_outputs(paths, out, (".probability.png", ".mask.png"))
        checkpoint, name = _resolver(context)(model, "detector")
        from inference.detector import Detector

        detector = Detector.load(checkpoint, name=name, threshold=threshold)
    except InferenceError as error:
        raise refuse(error) from error

    def step(number: int, report: Report) -> Done:
        source, target = plan[number]
        outputs = {"probability": _with(target, ".probability.png"), "mask": _with(target, ".mask.png")}
        check_name(outputs["probability"])
        photo = read_photo(source)
        levels = quantise(detector.probability(photo.pixels, report))
        mask = mask_at(levels, detector.threshold)
        write_result(outputs["probability"], encode_png(levels))
        write_result(outputs["mask"], encode_mask(mask))
        models = named({"detector": detector.name})
        return Done(str(source), _text(outputs), models, float(mask.mean()), detector.threshold, photo.warnings)

    _quiet_libraries()
    run_batch([source for source, _ in plan], step, as_json, left_out=left_out(paths))


@commands.command()
def inpaint(
    context: typer.Context,
    photo_path: Annotated[Path, typer.Argument(parser=named_path, metavar="PHOTO", help="The photo to fill.")],
    mask_path: Annotated[
        Path, typer.Argument(parser=named_path, metavar="MASK", help="A picture of the photo's size, bright = defect.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", parser=named_path, metavar="FILE", help="The filled photo, a PNG.")],
    model: Model = None,
    method: Fill = None,
    as_json: AsJson = False,
) -> None:
    """Fill the defects that a mask marks."""
    from inference.decoding import read_file, read_photo
    from inference.masks import decode_mask, doubt_of_mask
    from inference.results import encode_restored, write_result

    try:
        _check_file_out(out, (photo_path, mask_path))
        if method and model:
            raise UsageProblem(f"--method {method} fills without a model; leave out --model {model} or the method.")
        inpainter = _classical(method) if method else _inpainter(context, model)
    except InferenceError as error:
        raise refuse(error) from error

    def step(_: int, report: Report) -> Done:
        photo = read_photo(photo_path)
        mask = decode_mask(read_file(mask_path), photo.size, str(mask_path))
        filled = inpainter.fill(photo, mask, progress=report)
        write_result(out, encode_restored(photo, filled.pixels))
        models = named({"inpainter": inpainter.name})
        doubt = doubt_of_mask(mask, str(mask_path))
        warned = photo.warnings + ((doubt,) if doubt else ()) + filled.warnings
        return Done(str(photo_path), {"restored": str(out)}, models, float(mask.mean()), None, warned)

    _quiet_libraries()
    run_batch([photo_path], step, as_json)


@commands.command()
def colorize(
    context: typer.Context,
    paths: Paths,
    *,
    out: Out,
    model: Model = None,
    saturation: Saturation = 1.0,
    hint: Annotated[
        list[str] | None,
        typer.Option("--hint", metavar="ROW,COLUMN,#RRGGBB", help="The colour at a point; once for each, one photo."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Colour photos as they are: NAME.color.png, always RGB."""
    from inference.decoding import read_photo
    from inference.files import left_out, plan_outputs
    from inference.results import ENDINGS, encode_colour, write_result
    from inference.writing import check_name

    ending = ENDINGS["color"]
    try:
        plan = plan_outputs(paths, out, (ending,))
        checkpoint, name = _resolver(context)(model, "colorizer")
        from inference.colorizer import Colorizer
        from inference.hints import read_hints
        from inference.restorer import profile_warning

        hints = read_hints(hint or (), len(plan))
        colorizer = Colorizer.load(checkpoint, name=name)
    except InferenceError as error:
        raise refuse(error) from error

    def step(number: int, report: Report) -> Done:
        source, target = plan[number]
        written = _with(target, ending)
        check_name(written)
        photo = read_photo(source)
        colour = colorizer.colour(photo, saturation=saturation, hints=hints, progress=report)
        write_result(written, encode_colour(photo, colour))
        warned = photo.warnings + profile_warning(photo)
        return Done(str(source), {"color": str(written)}, named({"colorizer": colorizer.name}), warnings=warned)

    _quiet_libraries()
    run_batch([source for source, _ in plan], step, as_json, left_out=left_out(paths))


def _resolver(context: typer.Context) -> "Resolver":
    """The root of the command line, or, where these commands stand alone, the files."""
    from inference.resolve import resolve_file

    resolver: Resolver = context.obj or resolve_file
    return resolver


def _inpainter(context: typer.Context, spec: str | None) -> "Inpainter":
    checkpoint, name = _resolver(context)(spec, "inpainter")
    from inference.inpainter import Inpainter

    return Inpainter.load(checkpoint, name=name)


def _classical(method: FillMethod) -> "ClassicalInpainter":
    from inference.fill import ClassicalInpainter

    return ClassicalInpainter(method)


def _check_file_out(out: Path, inputs: tuple[Path, ...]) -> None:
    from inference.files import real_path
    from inference.writing import check_png

    check_png(out)
    if real_path(out) in [real_path(path) for path in inputs]:
        raise UsageProblem(f"--out {out} would replace an input; choose another name.")


def _with(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _text(outputs: dict[str, Path]) -> dict[str, str]:
    return {what: str(path) for what, path in outputs.items()}


def _quiet_libraries() -> None:
    """Pillow warns of odd metadata on its own; whoever reads our notes need not see that twice."""
    warnings.filterwarnings("ignore", module="PIL")
