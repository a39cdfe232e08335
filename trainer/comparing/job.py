"""Comparisons: the same photos through several models of one kind, every figure computed anew.

The report, which `compare` makes the job's result:

    {"kind": "detector",
     "models": [{"spec", "name", "run_id", …}, ...],
     "left_out": [{"photo_id", "filename", "reason"}, ...],
     "figures": {spec: {group: {figure: value | null}}},
     "counts": {group: number of photos},
     "photos": [{"photo_id", "filename", "group", "view": sha, "apart": how far the models are apart,
                 "models": {spec: {"figures": {...}, "picture": sha}}}, ...]}

Groups: `real` and `synthetic` by the origin of the mask; for colorizers `colour`, photos whose colours were taken
away, and `old`, photos that never had any. A group without figures is not in `figures`; a figure that a photo cannot
have (AUC without a defect) is null.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from db.annotations import mask_of
from db.engine import serialise
from db.errors import PlatformError
from db.models import Job, Photo
from db.references import BLOBS, remove_unneeded
from inference.decoding import decode
from inference.errors import InferenceError
from inference.masks import decode_mask
from inference.memory import room_for
from inference.thumbnails import shrunk, thumbnail
from trainer.comparing.examining import SHOWN_SIDE, Examiner, Exhibit, Figures, Seen, Shown, examiner_for
from trainer.comparing.judges import Candidate, candidate_of, left_out_entry
from trainer.errors import JobError
from trainer.jobs.work import Work
from trainer.measuring.metrics import without_nan

SMALL_SIDE = 160
"""Longer side at which it is measured how far pictures are apart, pixels."""


def compare(work: Work) -> None:
    """Run the job `{"models": ["detector@3", ...], "photo_ids": [...] | None}`; its result is the report (see above).

    Only photos that none of the models was trained on count, nor near-copies of such. A photo that cannot be read, is
    deleted meanwhile, or whose pictures another comparison took along is left out by name; pictures that the report
    does not show leave no bytes, however it ends.
    Raises JobError with fewer than two models or models of several kinds, RegistryError for an unknown one.
    """
    candidates = [candidate_of(work, spec) for spec in dict.fromkeys(work.params["models"])]
    if len({candidate.spec for candidate in candidates}) < 2:
        raise JobError("A comparison needs at least two different models; choose another one.")
    kinds = sorted({candidate.model.name for candidate in candidates})
    if len(kinds) > 1:
        raise JobError(f"A comparison is between models of one kind, not {' and '.join(kinds)}.")
    examiner = examiner_for(kinds[0])
    exhibits, left_out = examiner.exhibits(work, candidates)
    rows = [_Row(exhibit) for exhibit in exhibits]
    try:
        models = [_show_to(work, examiner, candidate, rows, left_out) for candidate in candidates]
        head = {"kind": kinds[0], "models": models}
        _keep_report(work, examiner, head, rows, left_out)
        lost = [row for row in rows if not row.failed and not all(map(work.blobs.exists, row.stored))]
        if lost:
            _leave_out(lost, left_out, "its pictures went with another comparison, which was broken off meanwhile")
            _keep_report(work, examiner, head, rows, left_out)
    finally:
        remove_unneeded(work.database, work.blobs, [sha for row in rows for sha in row.stored])


class _Row:
    """One photo of the report while it is made."""

    def __init__(self, exhibit: Exhibit) -> None:
        self.exhibit = exhibit
        self.view = ""
        self.pictures: dict[str, str] = {}
        self.seen: dict[str, Seen] = {}
        """By model; the pictures are small."""
        self.failed = False

    @property
    def stored(self) -> list[str]:
        """The blobs of its pictures so far."""
        return [sha for sha in (self.view, *self.pictures.values()) if sha]

    def entry(self, examiner: Examiner) -> dict[str, Any]:
        photo = self.exhibit.photo
        models = {
            spec: {"figures": without_nan(examiner.means([seen.figures]) if seen.figures else {}), "picture": picture}
            for (spec, seen), picture in zip(self.seen.items(), self.pictures.values(), strict=True)
        }
        apart = examiner.apart(list(self.seen.values()))
        described = {"photo_id": photo.id, "filename": photo.filename, "group": self.exhibit.group}
        return {**described, "view": self.view, "apart": apart, "models": models}


def _show_to(
    work: Work, examiner: Examiner, candidate: Candidate, rows: list[_Row], left_out: list[dict[str, Any]]
) -> dict[str, Any]:
    """Put all photos through one model; one that cannot be read falls out of the comparison."""
    model = examiner.load(work.settings, candidate.spec)
    waiting = [row for row in rows if not row.failed]
    for place, row in enumerate(waiting):
        work.go_on()
        photo = row.exhibit.photo
        work.progress(place / len(waiting), f"{photo.filename} through {candidate.spec}")
        try:
            with room_for(photo.filename):
                _examine(work, examiner, model, candidate.spec, row)
        except (PlatformError, InferenceError) as error:
            work.go_on()
            row.failed = True
            left_out.append(left_out_entry(photo, str(error)))
    described = {"spec": candidate.spec, "name": str(model.name), "run_id": candidate.model.run_id}
    return {**described, **examiner.facts(model)}


def _examine(work: Work, examiner: Examiner, model: Any, spec: str, row: _Row) -> None:
    shown = _shown(work, row.exhibit)
    seen = examiner.look(model, row.exhibit, shown, lambda _: work.go_on())
    if not row.view:
        row.view = work.blobs.put(thumbnail(examiner.view(shown), SHOWN_SIDE))
    row.pictures[spec] = work.blobs.put(thumbnail(seen.picture, SHOWN_SIDE))
    row.seen[spec] = Seen(shrunk(seen.picture, SMALL_SIDE), seen.figures)


def _keep_report(
    work: Work, examiner: Examiner, head: dict[str, Any], rows: list[_Row], left_out: list[dict[str, Any]]
) -> None:
    """Make the report the job's result: from then on nobody removes the pictures that it shows."""
    with work.database.unit_of_work() as session:
        serialise(session, BLOBS)
        job = session.get_one(Job, work.job.id, with_for_update=True)  # deletions look at it, and wait
        here = set(session.scalars(select(Photo.id)))
        gone = [row for row in rows if not row.failed and row.exhibit.photo.id not in here]
        _leave_out(gone, left_out, "it was deleted meanwhile")
        job.result = _report(examiner, head, left_out, [row for row in rows if not row.failed])


def _leave_out(rows: Sequence[_Row], left_out: list[dict[str, Any]], reason: str) -> None:
    for row in rows:
        row.failed = True
        left_out.append(left_out_entry(row.exhibit.photo, reason))


def _shown(work: Work, exhibit: Exhibit) -> Shown:
    photo, annotation = exhibit.photo, exhibit.annotation
    picture = decode(work.blobs.get(photo.sha256), photo.filename)
    if annotation is None:
        return Shown(picture, None)
    data = work.blobs.get(mask_of(annotation))
    return Shown(picture, decode_mask(data, picture.size, f"mask of {photo.filename}"))


def _report(
    examiner: Examiner, head: dict[str, Any], left_out: list[dict[str, Any]], rows: list[_Row]
) -> dict[str, Any]:
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.exhibit.group, []).append(row)
    figures = {model["spec"]: _means(examiner, groups, model["spec"]) for model in head["models"]}
    counts = {group: len(found) for group, found in groups.items()}
    photos = [row.entry(examiner) for row in rows]
    return {**head, "left_out": left_out, "figures": figures, "counts": counts, "photos": photos}


def _means(examiner: Examiner, groups: dict[str, list[_Row]], spec: str) -> dict[str, dict[str, float | None]]:
    measured: dict[str, Sequence[Figures]] = {
        group: [row.seen[spec].figures for row in rows if row.seen[spec].figures] for group, rows in groups.items()
    }
    return {group: without_nan(examiner.means(found)) for group, found in measured.items() if found}
