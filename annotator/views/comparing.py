"""Compare: runs as rows, the same photos through several models, and who promoted what."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sqlalchemy.orm import Session

from annotator.routes.runs import comparison_url
from annotator.views.runs import NO_REAL, Point, Run
from annotator.views.words import ago, count
from db.models import Assessor, Job, Promotion
from db.promotions import history

SPARK = (110, 26)
"""Width and height of a sparkline, px."""
FIGURES = {"dice": "Dice", "auc": "ROC AUC", "average_precision": "AP", "iou": "IoU"}
SHOWN_PHOTOS = 24


@dataclass(frozen=True)
class Move:
    """One move of the alias `production`."""

    said: str
    at: Any
    can_undo: bool


def run_rows(runs: Sequence[Run], losses: dict[str, list[Point]]) -> list[dict[str, Any]]:
    """What the table of runs draws; figures on real photos first."""
    return [
        {
            "id": run.run_id,
            "name": run.name,
            "when": ago(run.started) if run.started else "",
            "spark": sparkline(losses.get(run.run_id, [])),
            "real": [_figure(run.real, key) for key in ("dice", "auc", "average_precision")],
            "has_real": bool(run.real),
            "synthetic": _figure(run.synthetic, "dice"),
            "production": run.in_production,
            "state": _state(run),
        }
        for run in runs
    ]


def _figure(figures: dict[str, float], key: str) -> str:
    return f"{figures[key]:.3f}" if key in figures else "–"


def _state(run: Run) -> str:
    if run.tags.get("heirloom.kind") == "shipped":
        return "came with heirloom"
    return {"RUNNING": "running", "FAILED": "failed", "KILLED": "stopped", "SCHEDULED": "waits"}.get(run.status, "")


def sparkline(points: Sequence[Point]) -> str:
    """The path of a small SVG line, highest value at the top; empty without a line to draw."""
    if len(points) < 2:
        return ""
    width, height = SPARK
    low, high = min(point.value for point in points), max(point.value for point in points)
    first, last = points[0].step, points[-1].step
    across = [(point.step - first) / max(1, last - first) * width for point in points]
    down = [height - (point.value - low) / ((high - low) or 1) * height for point in points]
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))


def comparisons_of(jobs: Sequence[Job], specs: Sequence[str]) -> list[Job]:
    """Comparisons of exactly these models, newest first."""
    return [job for job in jobs if set(job.params.get("models", [])) == set(specs)]


def figure_lines(report: dict[str, Any], spec: str) -> tuple[str, str]:
    """What a model reaches on real photos and on synthetic defects, each in one line."""
    figures = report["figures"][spec]
    counts = report["counts"]
    real = figures["real"] if isinstance(figures["real"], dict) else None
    synthetic = figures["synthetic"] if isinstance(figures["synthetic"], dict) else None
    first = f"On {count(counts['real'], 'real photo')}: {_all(real)}" if real else f"Real photos: {NO_REAL}"
    second = f"On {count(counts['synthetic'], 'photo')} with synthetic defects: {_all(synthetic)}" if synthetic else ""
    return first, second


def _all(figures: dict[str, float | None]) -> str:
    return ", ".join(f"{said} {value:.3f}" for key, said in FIGURES.items() if (value := figures.get(key)) is not None)


def disagreement(photo: dict[str, Any]) -> float:
    """How far the models are apart on a photo: the largest gap in Dice between two of them, in [0, 1]."""
    reached = sorted(seen["figures"].get("dice") or 0.0 for seen in photo["models"].values())
    return reached[-1] - reached[0] if reached else 0.0


def grid(job: Job) -> str:
    """The same photos through each model, side by side, where they disagree most first; HTML."""
    report = job.result
    specs = [model["spec"] for model in report["models"]]
    photos = sorted(report["photos"], key=disagreement, reverse=True)[:SHOWN_PHOTOS]
    head = "".join(f"<th>{escape(title)}</th>" for title in ("photo", *specs))
    rows = "".join(f"<tr>{_cells(job.id, photo, specs)}</tr>" for photo in photos)
    return f'<table class="hl-grid"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cells(job_id: str, photo: dict[str, Any], specs: Sequence[str]) -> str:
    kind = "" if photo["real"] else " · synthetic defects"
    cells = [_cell(comparison_url(job_id, photo["view"]), photo["filename"], f"{photo['filename']}{kind}", False)]
    best = max((photo["models"][spec]["figures"].get("dice") or 0.0) for spec in specs)
    for spec in specs:
        seen = photo["models"][spec]
        dice = seen["figures"].get("dice")
        said = f"Dice {dice:.3f}" if dice is not None else "no figure"
        wins = dice is not None and dice == best and disagreement(photo) > 0
        cells.append(_cell(comparison_url(job_id, seen["overlay"]), f"{photo['filename']} by {spec}", said, wins))
    return "".join(cells)


def _cell(source: str, alt: str, said: str, wins: bool) -> str:
    mark = " <b>best</b>" if wins else ""
    return (
        f'<td><a href="{source}" target="_blank"><img src="{source}" alt="{escape(alt)}" loading="lazy"></a>'
        f"<span>{escape(said)}{mark}</span></td>"
    )


def left_out_sentence(report: dict[str, Any]) -> str:
    """How many photos could not judge these models."""
    left_out = report["left_out"]
    if not left_out:
        return "Every photo with an accepted mask took part."
    verb = "was" if len(left_out) == 1 else "were"
    return f"{count(len(left_out), 'photo')} {verb} left out"


def production_sentence(runs: Sequence[Run]) -> str:
    """Which model proposes masks and restores photos now."""
    found = next((run for run in runs if run.in_production), None)
    if found is None:
        return "No model is in production. Choose one above and promote it; until then nothing is proposed or restored."
    return f"{found.name} proposes masks and restores photos."


def moves(session: Session, model: str) -> list[Move]:
    """Promotions and undoings, newest first; the latest promotion that stands can be undone."""
    rows = history(session, model)
    undone = {row.undoes_id for row in rows if row.undoes_id is not None}
    standing = next((row for row in rows if row.undoes_id is None and row.id not in undone), None)
    return [
        Move(_said(session, row), row.created_at, standing is row and row.previous_version is not None) for row in rows
    ]


def _said(session: Session, row: Promotion) -> str:
    person = session.get(Assessor, row.assessor_id) if row.assessor_id else None
    who = person.name if person else "Somebody at the command line"
    did = "put back" if row.undoes_id else "promoted"
    before = f", in place of v{row.previous_version}" if row.previous_version else ""
    return f"{who} {did} {row.model}@{row.version}{before}"
