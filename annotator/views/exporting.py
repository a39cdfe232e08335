"""Export of chosen photos: what goes along and what stays behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from annotator.views.words import count, listed
from db.engine import chunks
from db.export_formats import ExportFormat
from db.exports import export_items, unique_names
from db.models import Photo, Restoration, Result
from inference.results import ENDINGS

FORMAT_WORDS: dict[ExportFormat, str] = {
    ExportFormat.PNG: "PNG: a black and white picture for each photo",
    ExportFormat.COCO: "COCO: one JSON file of run lengths",
    ExportFormat.LABEL_STUDIO: "Label Studio: tasks with brush annotations",
    ExportFormat.CVAT: "CVAT for images 1.1: one XML file",
}
NAMED = 5
"""Photos named one by one before the rest is counted."""


@dataclass(frozen=True)
class Exportable:
    """Which of the chosen photos an export would hold."""

    photo_ids: tuple[int, ...]
    without: tuple[str, ...]
    """File names of those that have no accepted mask."""
    restored: tuple[int, ...] = ()
    """Those that have results."""


def exportable(session: Session, photo_ids: Sequence[int]) -> Exportable:
    """What of these photos there is to download."""
    with_mask = {item.photo_id for item in export_items(session, photo_ids)}
    rest = [photo_id for photo_id in photo_ids if photo_id not in with_mask]
    names = [name for ids in chunks(rest) for name in session.scalars(select(Photo.filename).where(Photo.id.in_(ids)))]
    restored = sorted(_newest(session, photo_ids))
    return Exportable(tuple(sorted(with_mask)), tuple(sorted(names)), tuple(restored))


def result_files(session: Session, photo_ids: Sequence[int]) -> list[tuple[str, str]]:
    """Name and SHA-256 of the newest results of these photos, those that were never restored left out."""
    newest = _newest(session, photo_ids)
    photos = [photo for ids in chunks(newest) for photo in session.scalars(select(Photo).where(Photo.id.in_(ids)))]
    names = unique_names([(photo.filename, photo.sha256) for photo in photos])
    name_of = {newest[photo.id]: name for photo, name in zip(photos, names, strict=True)}
    return [
        (name_of[result.restoration_id] + ENDINGS[result.kind], result.sha256)
        for ids in chunks(name_of)
        for result in session.scalars(select(Result).where(Result.restoration_id.in_(ids)).order_by(Result.id))
    ]


def _newest(session: Session, photo_ids: Sequence[int]) -> dict[int, int]:
    """The newest restoration of each of these photos that has one."""
    of_each = select(Restoration.photo_id, func.max(Restoration.id)).group_by(Restoration.photo_id)
    return {
        photo_id: newest
        for ids in chunks(photo_ids)
        for photo_id, newest in session.execute(of_each.where(Restoration.photo_id.in_(ids)))
    }


def without_sentence(names: Sequence[str]) -> str:
    """Names the photos that stay behind; empty when none does."""
    if not names:
        return ""
    more = len(names) - NAMED
    named = [*names[:NAMED], count(more, "other photo")] if more > 0 else list(names)
    verb, stays = ("has", "stays") if len(names) == 1 else ("have", "stay")
    return f"{listed(named)} {verb} no accepted mask yet and {stays} behind."
