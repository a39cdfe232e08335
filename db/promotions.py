"""Who moved the alias `production` of a model, when, from what to what."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Promotion


def record_promotion(
    session: Session, model: str, version: str, previous: str | None, by_id: int | None, undoes_id: int | None = None
) -> Promotion:
    """One row per move; an undoing names the promotion it undoes."""
    row = Promotion(model=model, version=version, previous_version=previous, assessor_id=by_id, undoes_id=undoes_id)
    session.add(row)
    session.flush()
    return row


def history(session: Session, model: str) -> list[Promotion]:
    """Newest first."""
    return list(session.scalars(select(Promotion).where(Promotion.model == model).order_by(Promotion.id.desc())))
