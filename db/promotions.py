"""Who moved a model's alias `production`, and when."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Promotion, utc_now


def record_promotion(  # noqa: PLR0917
    session: Session,
    model: str,
    version: str,
    previous: str | None,
    by_id: int | None,
    undoes_id: int | None = None,
) -> Promotion:
    """Records that `model`'s alias moved from `previous` to `version`; `undoes_id` names the move it takes back."""
    promotion = Promotion(
        model=model,
        version=version,
        previous_version=previous,
        assessor_id=by_id,
        undoes_id=undoes_id,
        created_at=utc_now(),
    )
    session.add(promotion)
    session.flush()
    return promotion


def history(session: Session, model: str) -> list[Promotion]:
    """All moves of a model's alias, newest first."""
    return list(session.scalars(select(Promotion).where(Promotion.model == model).order_by(Promotion.id.desc())))


def latest_standing(moves: Sequence[Promotion]) -> Promotion | None:
    """The newest promotion that is neither an undoing nor undone; `moves` are all of one model's."""
    undone = {move.undoes_id for move in moves if move.undoes_id is not None}
    standing = [move for move in moves if move.undoes_id is None and move.id not in undone]
    return max(standing, key=lambda move: move.id, default=None)
