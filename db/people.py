"""Assessors and what their roles permit."""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.engine import serialise
from db.errors import InvalidState, NotAllowed, NotFound
from db.models import Assessor, name_key
from db.names import visible

LONGEST_NAME = 80
_LONGEST_SUBJECT = 255


def sign_in(session: Session, name: str) -> Assessor:
    """The assessor of that name (case and spaces do not matter), made when new. The first person leads and engineers.

    Raises InvalidState for an empty or overlong name, NotAllowed for somebody who was made inactive.
    """
    shown = " ".join(visible(name).split())
    if not shown or len(shown) > LONGEST_NAME:
        raise InvalidState(f"A name has 1 to {LONGEST_NAME} characters; please enter yours.")
    serialise(session, "people")
    found = session.scalar(select(Assessor).where(Assessor.name_key == name_key(shown)))
    return _active(found) if found is not None else _add(session, shown, None)


def sign_in_subject(session: Session, subject: str, name: str) -> Assessor:
    """The assessor whom the identity provider calls `subject`, made when new.

    A name that somebody else has already gets a number, since the provider vouches for the subject only.
    """
    serialise(session, "people")
    subject = _stored(subject)
    found = session.scalar(select(Assessor).where(Assessor.subject == subject))
    if found is not None:
        return _active(found)
    shown = " ".join(visible(name).split())[: LONGEST_NAME - 5] or "assessor"
    free, number = shown, 1
    while session.scalar(select(Assessor.id).where(Assessor.name_key == name_key(free))) is not None:
        number += 1
        free = f"{shown} {number}"
    return _add(session, free, subject)


def get_assessor(session: Session, assessor_id: int) -> Assessor:
    """Whoever has this id, active or not. Raises NotFound."""
    found = session.get(Assessor, assessor_id)
    if found is None:
        raise NotFound(f"There is no assessor {assessor_id}; sign in again.")
    return found


def list_assessors(session: Session) -> list[Assessor]:
    """Everybody who was ever here, by name."""
    return list(session.scalars(select(Assessor).order_by(Assessor.name_key)))


def set_roles(
    session: Session,
    by: Assessor,
    assessor_id: int,
    *,
    is_lead: bool | None = None,
    is_engineer: bool | None = None,
    active: bool | None = None,
) -> Assessor:
    """A lead gives and takes roles; somebody inactive can neither sign in nor write, and keeps what they did.

    What is not given stays as it is at this moment. Raises NotAllowed unless `by` leads at this moment, InvalidState
    when nobody active would lead, or engineer, any more.
    """
    serialise(session, "people")
    require_lead(_as_stored(session, by.id))
    assessor = _as_stored(session, assessor_id)
    is_lead = assessor.is_lead if is_lead is None else is_lead
    is_engineer = assessor.is_engineer if is_engineer is None else is_engineer
    active = assessor.active if active is None else active
    if assessor.active and assessor.is_lead and not (active and is_lead) and count_leads(session) == 1:
        raise InvalidState(f"{assessor.name} is the only lead; make somebody else lead first.")
    if assessor.active and assessor.is_engineer and not (active and is_engineer) and _count_engineers(session) == 1:
        raise InvalidState(f"{assessor.name} is the only engineer; make somebody else engineer first.")
    assessor.is_lead, assessor.is_engineer, assessor.active = is_lead, is_engineer, active
    session.flush()
    return assessor


def count_leads(session: Session) -> int:
    """How many active leads there are."""
    counted = session.scalar(select(func.count()).where(Assessor.is_lead, Assessor.active))
    return counted or 0


def _count_engineers(session: Session) -> int:
    counted = session.scalar(select(func.count()).where(Assessor.is_engineer, Assessor.active))
    return counted or 0


def _as_stored(session: Session, assessor_id: int) -> Assessor:
    """The row as it is now, whatever this session saw before it waited for its turn."""
    session.flush()
    assessor = get_assessor(session, assessor_id)
    session.refresh(assessor)
    return assessor


def require_active(assessor: Assessor) -> None:
    """Raises NotAllowed for somebody who is no longer active."""
    _active(assessor)


def require_lead(assessor: Assessor) -> None:
    """Raises NotAllowed unless `assessor` is an active lead."""
    if not _active(assessor).is_lead:
        raise NotAllowed(f"{assessor.name} is not a lead; ask a lead to do this.")


def require_engineer(assessor: Assessor) -> None:
    """Raises NotAllowed unless `assessor` is an active engineer."""
    if not _active(assessor).is_engineer:
        raise NotAllowed(f"{assessor.name} is not an engineer; ask an engineer to do this.")


def _active(assessor: Assessor) -> Assessor:
    if not assessor.active:
        raise NotAllowed(f"{assessor.name} is no longer active here; ask a lead.")
    return assessor


def _stored(subject: str) -> str:
    """A subject as it is kept: one longer than its column by its hash, for it may not be cut."""
    if len(subject) <= _LONGEST_SUBJECT:
        return subject
    return "sha256 " + hashlib.sha256(subject.encode(errors="surrogatepass")).hexdigest()


def _add(session: Session, name: str, subject: str | None) -> Assessor:
    first = session.scalar(select(Assessor.id).limit(1)) is None
    assessor = Assessor(name=name, subject=subject, is_lead=first, is_engineer=first)
    session.add(assessor)
    session.flush()
    return assessor
