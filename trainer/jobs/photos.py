"""Photos that a job names, and those that failed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import chunks
from db.models import Photo


def named_photos(session: Session, ids: Sequence[int]) -> tuple[list[Photo], list[dict[str, Any]]]:
    """The photos with these ids in their order, and a failure for each that is no longer there."""
    unique = list(dict.fromkeys(ids))
    found: dict[int, Photo] = {}
    for part in chunks(unique):
        found |= {photo.id: photo for photo in session.scalars(select(Photo).where(Photo.id.in_(part)))}
    missing = [failure(each, f"photo {each}", "It was deleted.") for each in unique if each not in found]
    return [found[each] for each in unique if each in found], missing


def failure(photo_id: int, filename: str, error: object) -> dict[str, Any]:
    """One line of a job's list of failures."""
    return {"photo_id": photo_id, "filename": filename, "error": str(error)}
