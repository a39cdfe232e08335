"""Export of chosen photos: what goes along and what stays behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotator.views.words import count
from db.engine import chunks
from db.exports import ExportFormat, export_items
from db.models import Photo

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


def exportable(session: Session, photo_ids: Sequence[int]) -> Exportable:
    with_mask = {item.photo_id for item in export_items(session, photo_ids)}
    rest = [photo_id for photo_id in photo_ids if photo_id not in with_mask]
    names = [name for ids in chunks(rest) for name in session.scalars(select(Photo.filename).where(Photo.id.in_(ids)))]
    return Exportable(tuple(sorted(with_mask)), tuple(sorted(names)))


def without_sentence(names: Sequence[str]) -> str:
    """Names the photos that stay behind; empty when none does."""
    if not names:
        return ""
    more = len(names) - NAMED
    named = [*names[:NAMED], count(more, "other photo")] if more > 0 else list(names)
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    verb, stays = ("has", "stays") if len(names) == 1 else ("have", "stay")
    return f"{listed} {verb} no accepted mask yet and {stays} behind."
