"""People: who is here, since when, and what they did."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from annotator.views.words import count
from db.models import Annotation, Photo, Verdict
from db.people import list_assessors


@dataclass(frozen=True)
class Person:
    """One assessor with the sum of their work."""

    id: int
    name: str
    since: datetime
    photos: int
    """Photos they brought in."""
    masks: int
    """Masks they drew and submitted."""
    decisions: int
    """Drawn masks that they accepted or returned."""
    verdicts: int
    is_lead: bool
    is_engineer: bool
    active: bool

    @property
    def did(self) -> str:
        """`2 photos brought in · 12 masks drawn · 40 verdicts`."""
        parts = [
            f"{count(self.photos, 'photo')} brought in" if self.photos else "",
            f"{count(self.masks, 'mask')} drawn" if self.masks else "",
            f"{count(self.decisions, 'mask')} decided on" if self.decisions else "",
            count(self.verdicts, "verdict") if self.verdicts else "",
        ]
        return " · ".join(part for part in parts if part) or "has not begun yet"


def people(session: Session) -> list[Person]:
    """Everybody, whoever is active first, then by name."""
    brought = _per_person(session, Photo.imported_by_id)
    drawn = _per_person(
        session, Annotation.assessor_id, Annotation.origin == "drawn", Annotation.submitted_at.is_not(None)
    )
    decided = _per_person(session, Annotation.decided_by_id, Annotation.origin == "drawn")
    judged = _per_person(session, Verdict.assessor_id)
    found = [
        Person(
            id=each.id,
            name=each.name,
            since=each.created_at,
            photos=brought.get(each.id, 0),
            masks=drawn.get(each.id, 0),
            decisions=decided.get(each.id, 0),
            verdicts=judged.get(each.id, 0),
            is_lead=each.is_lead,
            is_engineer=each.is_engineer,
            active=each.active,
        )
        for each in list_assessors(session)
    ]
    return sorted(found, key=lambda person: not person.active)


def _per_person(
    session: Session,
    column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
    *conditions: ColumnElement[bool],
) -> dict[int, int]:
    rows = session.execute(select(column, func.count()).where(column.is_not(None), *conditions).group_by(column))
    return {person: number for person, number in rows if person is not None}
