"""Compare: runs as rows, the same photos through several models, and who promoted what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sqlalchemy.orm import Session

from annotator.routes.runs import comparison_url
from annotator.views.kinds import Column, Figure, Kind, kind_named
from annotator.views.runs import Point, Run
from annotator.views.words import ago, count
from db.models import Assessor, Job, Promotion
from db.promotions import history, latest_standing

SPARK = (110, 26)
"""Width and height of a sparkline, px."""
SHOWN_PHOTOS = 24


@dataclass(frozen=True)
class Move:
    """One move of the alias `production`."""

    said: str
    at: Any
    can_undo: bool


def run_table(kind: Kind, runs: Sequence[Run], losses: dict[str, list[Point]]) -> dict[str, Any]:
    """What the table of runs draws: headings and rows, with the figures that matter for this kind."""
    headings = [{"said": column.heading, "span": len(column.keys)} for column in kind.columns]
    return {"headings": headings, "rows": [_run_row(kind, run, losses) for run in runs]}


def _run_row(kind: Kind, run: Run, losses: dict[str, list[Point]]) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "name": run.name,
        "when": ago(run.started) if run.started else "",
        "spark": sparkline(losses.get(run.run_id, [])),
        "figures": [cell for column in kind.columns for cell in _figure_cells(column, run.figures)],
        "production": run.in_production,
        "state": _state(run),
    }


def _figure_cells(column: Column, figures: Mapping[str, float]) -> list[dict[str, Any]]:
    if column.missing and not any(key in figures for key in column.keys):
        return [{"said": column.missing, "span": len(column.keys), "quiet": True}]
    said = [f"{figures[key]:.{column.digits}f}" if key in figures else "–" for key in column.keys]
    return [{"said": each, "span": 1, "quiet": each == "–"} for each in said]


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


def figure_lines(kind: Kind, report: dict[str, Any], spec: str) -> list[str]:
    """What a model reaches on each group of photos, one line each; a group that says nothing is left out."""
    lines = []
    for name, group in kind.groups.items():
        means, photos = report["figures"][spec].get(name), report["counts"].get(name, 0)
        if means:
            lines.append(f"On {count(photos, group.one, group.many)}: {_all(kind, means)}")
        elif group.without:
            lines.append(f"{count(photos, group.one, group.many) if photos else group.heading}: {group.without}")
    return lines


def _all(kind: Kind, figures: dict[str, float | None]) -> str:
    known = [figure for figure in kind.figures if figures.get(figure.key) is not None]
    return ", ".join(figure.shown(figures[figure.key]) for figure in known)


def grids(job: Job) -> list[tuple[str, str]]:
    """The same photos through each model, side by side: a heading and HTML for each group of photos.

    Where the models are furthest apart comes first.
    """
    report = job.result
    kind = kind_named(report["kind"])
    found = []
    for name, group in kind.groups.items():
        photos = [photo for photo in report["photos"] if photo["group"] == name]
        if photos:
            found.append((group.heading, _grid(job.id, kind, report, photos)))
    return found


def _grid(job_id: str, kind: Kind, report: dict[str, Any], photos: list[dict[str, Any]]) -> str:
    specs = [model["spec"] for model in report["models"]]
    shown = sorted(photos, key=lambda photo: float(photo["apart"]), reverse=True)[:SHOWN_PHOTOS]
    head = "".join(f"<th>{escape(title)}</th>" for title in ("photo", *specs))
    rows = "".join(f"<tr>{_cells(job_id, kind.figures[0], photo, specs)}</tr>" for photo in shown)
    return f'<table class="hl-grid"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cells(job_id: str, figure: Figure, photo: dict[str, Any], specs: Sequence[str]) -> str:
    name = photo["filename"]
    cells = [_cell(comparison_url(job_id, photo["view"]), name, name, False)]
    reached = {spec: photo["models"][spec]["figures"].get(figure.key) for spec in specs}
    best = _best(figure, [value for value in reached.values() if value is not None])
    for spec in specs:
        seen = photo["models"][spec]
        said = figure.shown(reached[spec]) if seen["figures"] else ""
        cells.append(_cell(comparison_url(job_id, seen["picture"]), f"{name} by {spec}", said, said == best))
    return "".join(cells)


def _best(figure: Figure, values: Sequence[float]) -> str | None:
    """The best of these as it is shown; None where they look the same."""
    if len({figure.shown(value) for value in values}) < 2:
        return None
    return figure.shown((max if figure.higher_is_better else min)(values))


def _cell(source: str, alt: str, said: str, wins: bool) -> str:
    mark = " <b>best</b>" if wins else ""
    return (
        f'<td><a href="{source}" target="_blank"><img src="{source}" alt="{escape(alt)}" loading="lazy"></a>'
        f"<span>{escape(said)}{mark}</span></td>"
    )


def left_out_sentence(report: dict[str, Any]) -> str:
    """How many photos could not judge these models; empty where there was none to ask."""
    left_out = report["left_out"]
    if not left_out:
        return "Every photo that can judge them took part." if report["photos"] else ""
    verb = "was" if len(left_out) == 1 else "were"
    return f"{count(len(left_out), 'photo')} {verb} left out"


def production_sentence(kind: Kind, runs: Sequence[Run]) -> str:
    """Which model is in use now, and for what."""
    found = next((run for run in runs if run.in_production), None)
    if found is None:
        return f"No {kind.name} is in production. Choose one above and promote it; until then nothing is restored."
    return f"{found.name} {kind.does}."


def moves(session: Session, model: str) -> list[Move]:
    """Promotions and undoings, newest first; the latest promotion that stands can be undone."""
    rows = history(session, model)
    standing = latest_standing(rows)
    return [
        Move(_said(session, row), row.created_at, standing is row and row.previous_version is not None) for row in rows
    ]


def _said(session: Session, row: Promotion) -> str:
    person = session.get(Assessor, row.assessor_id) if row.assessor_id else None
    who = person.name if person else "Somebody at the command line"
    did = "put back" if row.undoes_id else "promoted"
    before = f", in place of {row.model}@{row.previous_version}" if row.previous_version else ""
    return f"{who} {did} {row.model}@{row.version}{before}"
