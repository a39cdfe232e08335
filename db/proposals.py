"""Masks by models, offered as a start."""

from datetime import datetime

from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import Session, aliased

from db.engine import serialise
from db.errors import NotFound
from db.holding import hold_photo
from db.jobs import shared_now
from db.label_tasks import set_priority_from_uncertainty
from db.models import Photo, Proposal, Task
from db.moments import moment_for


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
    known = _proposal_by(session, photo_id, model)
    if known is not None:
        return known
    proposal = Proposal(
        photo_id=photo_id,
        model=model,
        probability_sha256=probability_sha256,
        threshold=threshold,
        uncertainty=uncertainty,
        created_at=moment_for(session, photo_id, now or shared_now(session)),
    )
    session.add(proposal)
    session.flush()
    set_priority_from_uncertainty(session, photo_id, uncertainty)
    return proposal


def offer_again(session: Session, photo_id: int, model: str, now: datetime | None = None) -> bool:
    """Puts a model's earlier proposal before those made since, as if made now: the model is in use again.

    The photo's label task is sorted by it. False where the model has proposed nothing for the photo.
    """
    hold_photo(session, photo_id)
    known = _proposal_by(session, photo_id, model)
    if known is None:
        return False
    known.created_at = moment_for(session, photo_id, now or shared_now(session))
    session.flush()
    set_priority_from_uncertainty(session, photo_id, known.uncertainty)
    return True


def get_proposal(session: Session, proposal_id: int) -> Proposal:
    """The proposal. Raises NotFound."""
    proposal = session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFound(f"There is no proposal {proposal_id}; its photo may have been deleted.")
    return proposal


def latest_proposal(session: Session, photo_id: int) -> Proposal | None:
    """The proposal for a photo that was made, or offered again, last."""
    newest = (Proposal.created_at.desc(), Proposal.id.desc())
    return session.scalar(select(Proposal).where(Proposal.photo_id == photo_id).order_by(*newest).limit(1))


def proposed_photos(session: Session, model: str) -> set[int]:
    """The ids of the photos that this model proposed for already."""
    return set(session.scalars(select(Proposal.photo_id).where(Proposal.model == model)))


def photos_to_propose_for(session: Session, model: str) -> list[Photo]:
    """Photos that wait for a label and whose latest proposal is none by `model`, in the order of the queue."""
    newer = aliased(Proposal)
    later = tuple_(newer.created_at, newer.id) > tuple_(Proposal.created_at, Proposal.id)
    superseded = exists().where(newer.photo_id == Proposal.photo_id, later)
    proposed = exists().where(Proposal.photo_id == Photo.id, Proposal.model == model, ~superseded)
    rows = session.scalars(
        select(Photo)
        .join(Task, Task.photo_id == Photo.id)
        .where(Task.kind == "label", Task.status == "open", Photo.archived_at.is_(None), ~proposed)
        .order_by(Task.priority.desc(), Task.id)
    )
    return list(dict.fromkeys(rows))


def _proposal_by(session: Session, photo_id: int, model: str) -> Proposal | None:
    return session.scalar(select(Proposal).where(Proposal.photo_id == photo_id, Proposal.model == model))
