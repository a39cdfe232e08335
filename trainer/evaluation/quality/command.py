"""What `heirloom evaluate all` does: every evaluation in turn, and one page of their figures."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from db.settings import Settings
from inference.files import check_folder, write_file
from trainer.errors import WrongUse
from trainer.evaluation import command as detecting
from trainer.evaluation.colouring.command import COLORIZERS
from trainer.evaluation.filling.command import INPAINTERS
from trainer.evaluation.on_clean import Request
from trainer.evaluation.quality.page import quality_page
from trainer.evaluation.quality.speed import measure_speed
from trainer.evaluation.restoring import command as restoring

CLEAN = ("photos/val", "portraits/val")
DAMAGED = ("real/pairs", "real/prints")
RESTORED = "real/pairs"
APART = "street"
"""A photo whose mask is rough: shown, and part of no mean."""


def run(settings: Settings, data: Path, out: Path, *, track: bool) -> bool:
    """Measure the models in use, and write `out/quality.md` and a folder with report and figures for each part.

    Returns whether every photo could be measured. Raises WrongUse naming a folder that is missing in `data`, and what
    the evaluations raise before they begin.
    """
    check_folder(out)
    clean, damaged = (tuple(data / name for name in names) for names in (CLEAN, DAMAGED))
    for folder in (*clean, *damaged):
        if not os.path.isdir(folder):
            raise WrongUse(
                f"{folder} is missing. heirloom evaluate all takes a folder with {', '.join(CLEAN + DAMAGED)}."
            )
    apart = (APART,) if any((data / RESTORED).glob(f"{APART}.damaged.*")) else ()
    parts: dict[str, Callable[[Path], bool]] = {
        "detector": lambda place: detecting.run(
            settings, detecting.Request((), tuple(map(str, damaged)), apart, out=place, track=track), as_json=False
        ),
        "inpainter": lambda place: INPAINTERS.run(settings, Request((), clean, out=place, track=track), as_json=False),
        "colorizer": lambda place: COLORIZERS.run(settings, Request((), clean, out=place, track=track), as_json=False),
        "restoration": lambda place: restoring.run(
            settings, restoring.Request((), (data / RESTORED,), out=place, track=track), as_json=False
        ),
    }
    whole = []
    for name, measure in parts.items():
        (out / name / "figures.json").unlink(missing_ok=True)  # an earlier call's would pass for this one's
        whole.append(measure(out / name))
    figures: dict[str, Any] = {name: _read(out / name / "figures.json") for name in parts}
    page = quality_page(figures, measure_speed(settings))
    write_file(out / "quality.md", page.encode())
    typer.echo(out / "quality.md")
    return all(whole)


def _read(path: Path) -> dict[str, Any]:
    """The figures of a part. Raises WrongUse where it could measure no photo at all."""
    if not path.exists():
        raise WrongUse(f"{path.parent.name}: no photo could be measured; see above what failed.")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
