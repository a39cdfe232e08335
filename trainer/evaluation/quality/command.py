"""What `heirloom evaluate all` does: every evaluation in turn, and one page of their figures."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from db.settings import Settings
from inference.writing import check_folder, write_file
from trainer.errors import WrongUse
from trainer.evaluation.colouring.command import COLORIZERS
from trainer.evaluation.detecting import command as detecting
from trainer.evaluation.filling.command import INPAINTERS
from trainer.evaluation.on_clean import Request
from trainer.evaluation.outputs import Findings
from trainer.evaluation.quality.page import quality_page
from trainer.evaluation.quality.speed import measure_speed
from trainer.evaluation.restoring import command as restoring

CLEAN = ("photos/val", "portraits/val")
DAMAGED = ("real/pairs", "real/prints")
RESTORED = "real/pairs"
APART = "street"
"""A photo whose mask is rough: shown, and part of no mean."""


def run(settings: Settings, data: Path, out: Path, *, track: bool, as_json: bool) -> bool:
    """Measure the models in use, and write `out/quality.md` and a folder with report and figures for each part.

    Tells each part as it is done, or with `as_json` everything at the end. Returns whether every photo could be
    measured. Raises WrongUse naming a folder that is missing in `data`, or a part that could measure no photo at all,
    and what the evaluations raise before they begin.
    """
    check_folder(out)
    clean, damaged = (tuple(data / name for name in names) for names in (CLEAN, DAMAGED))
    for folder in (*clean, *damaged):
        if not os.path.isdir(folder):
            raise WrongUse(
                f"{folder} is missing. heirloom evaluate all takes a folder with {', '.join(CLEAN + DAMAGED)}."
            )
    apart = (APART,) if any((data / RESTORED).glob(f"{APART}.damaged.*")) else ()
    parts: dict[str, Callable[[Path], Findings]] = {
        "detector": lambda place: detecting.measure(
            settings, detecting.Request((), tuple(map(str, damaged)), apart, out=place, track=track)
        ),
        "inpainter": lambda place: INPAINTERS.measure(settings, Request((), clean, out=place, track=track)),
        "colorizer": lambda place: COLORIZERS.measure(settings, Request((), clean, out=place, track=track)),
        "restoration": lambda place: restoring.measure(
            settings, restoring.Request((), (data / RESTORED,), out=place, track=track)
        ),
    }
    figures: dict[str, dict[str, Any]] = {}
    whole = True
    for name, measure in parts.items():
        found = measure(out / name)
        whole &= found.tell_notes() if as_json else found.tell(as_json=False)
        figures[name] = found.result
    for name, result in figures.items():
        if not result["data"]["photos"]:
            raise WrongUse(f"{name}: no photo could be measured; see above what failed.")
    speed = measure_speed(settings)
    page = out / "quality.md"
    write_file(page, quality_page(figures, speed).encode())
    said = {"page": str(page), **figures, "speed": asdict(speed)}
    typer.echo(json.dumps(said, ensure_ascii=False, indent=2) if as_json else page)
    return whole
