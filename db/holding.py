"""Photos that stay while something is made of them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import chunks
from db.errors import NotFound
from db.models import Photo


def hold_photo(session: Session, photo_id: int) -> Photo:
    """The photo, which nobody deletes until the commit. Raises NotFound, also where a deletion was about to end."""
    photo = session.get(Photo, photo_id, with_for_update={"read": True, "key_share": True})
    if photo is None:
        raise NotFound(f"There is no photo {photo_id}; it may have been deleted.")
    return photo


def hold_from_work(session: Session, photo_ids: Sequence[int]) -> None:
    """Until the commit nobody makes anything of these photos (`hold_photo`); what was under way is there by now."""
    for ids in chunks(photo_ids):  # in one order, or two who take several wait for each other
        session.execute(select(Photo.id).where(Photo.id.in_(ids)).order_by(Photo.id).with_for_update())
