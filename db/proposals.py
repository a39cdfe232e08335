"""Masks by models, offered as a start."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.deletion import hold_photo
from db.engine import serialise
from db.errors import NotFound
from db.models import Photo, Proposal, Task, utc_now
from db.queue import set_priority_from_uncertainty


def add_proposal(
    session: Session,
    photo_id: int,
    *,
    model: str,
    probability_sha256: str,
    threshold: float,
    uncertainty: float,
    now: datetime | None = None,
) -> Proposal:
    """Adds a model's proposal and sorts the photo's label task by its uncertainty in [0, 1].

    A model proposes once for a photo: drafts are rebuilt from proposals, so the first one stays and is returned.
    """
    hold_photo(session, photo_id)
    serialise(session, f"proposal {photo_id}")
    known = session.scalar(select(Proposal).where(Proposal.photo_id == photo_id, Proposal.model == model))
    if known is not None:
        return known
    proposal = Proposal(
        photo_id=photo_id,
        model=model,
        probability_sha256=probability_sha256,
        threshold=threshold,
        uncertainty=uncertainty,
        created_at=now or utc_now(),
    )
    session.add(proposal)
    session.flush()
    set_priority_from_uncertainty(session, photo_id, uncertainty)
    return proposal


def get_proposal(session: Session, proposal_id: int) -> Proposal:
    proposal = session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFound(f"There is no proposal {proposal_id}; its photo may have been deleted.")
    return proposal


def latest_proposal(session: Session, photo_id: int) -> Proposal | None:
    """The newest proposal for a photo."""
    return session.scalar(select(Proposal).where(Proposal.photo_id == photo_id).order_by(Proposal.id.desc()).limit(1))


def proposed_photos(session: Session, model: str) -> set[int]:
    """The ids of the photos that this model proposed for already."""
    return set(session.scalars(select(Proposal.photo_id).where(Proposal.model == model)))


def photos_without_proposal(session: Session, model: str) -> list[Photo]:
    """Photos that wait for a label and have no proposal by `model`, in the order of the queue."""
    proposed = exists().where(Proposal.photo_id == Photo.id, Proposal.model == model)
    rows = session.scalars(
        select(Photo)
        .join(Task, Task.photo_id == Photo.id)
        .where(Task.kind == "label", Task.status == "open", Photo.archived_at.is_(None), ~proposed)
        .order_by(Task.priority.desc(), Task.id)
    )
    return list(dict.fromkeys(rows))
