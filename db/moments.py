"""When something happened to a photo: what came last counts, and clocks are set back."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, Proposal, Restoration

_STEP = timedelta(microseconds=1)


def moment_for(session: Session, photo_id: int, now: datetime) -> datetime:
    """`now`, or where a clock was set back, just after what was proposed, drawn, decided or restored of the photo."""
    columns = (Proposal.created_at, Annotation.submitted_at, Annotation.decided_at, Restoration.created_at)
    latest = [session.scalar(select(func.max(at)).where(at.class_.photo_id == photo_id)) for at in columns]
    last = max((at for at in latest if at is not None), default=now)
    return last + _STEP if last > now else now
