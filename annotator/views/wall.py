"""The wall of photos: which ones, with which badge, and what can be done with many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from annotator.routes.pictures import photo_url
from annotator.views.words import STATE_SIGNS, STATE_WORDS, count, listed
from db.models import Assessor
from db.photos import collections
from db.wall import PhotoCard, PhotoFilter, PhotoState, count_photos, list_photos

PER_PAGE = 60
NAMED_GONE = 3
"""Deleted photos that are named; of more than that the others are counted."""
FILTERS: tuple[PhotoState, ...] = ("waiting", "in work", "submitted", "accepted", "restored", "rejected", "archived")


@dataclass(frozen=True)
class Wanted:
    """What the person looks for."""

    text: str = ""
    state: PhotoState | None = None
    collection: str | None = None
    page: int = 1


@dataclass(frozen=True)
class Wall:
    """One page of results."""

    cards: tuple[PhotoCard, ...]
    total: int
    everything: int
    """Photos there are without any filter."""
    page: int
    pages: int
    collections: tuple[str, ...]
    put_away: int = 0
    """Photos that were put away; asked for where they are shown, or where there are no others."""
    shows_put_away: bool = False

    @property
    def said(self) -> str:
        """The headline."""
        if self.shows_put_away:
            named = "photo put away", "photos put away"
            return (
                count(self.total, *named)
                if self.total == self.put_away
                else f"{self.total:,} of {count(self.put_away, *named)}"
            )
        if self.total == self.everything:
            return count(self.total, "photo")
        return f"{self.total:,} of {count(self.everything, 'photo')}"

    @property
    def emptiness(self) -> str:
        """What to do when nothing is shown."""
        if self.everything or self.shows_put_away:
            return "No photo fits. Choose fewer filters."
        if self.put_away:
            return f"{count(self.put_away, 'photo was', 'photos were')} put away. Look at them, or drop some above."
        return "No photos yet. Drop some above."


def wall(session: Session, wanted: Wanted) -> Wall:
    """A page beyond the last shows the last."""
    query = PhotoFilter(wanted.text.strip(), wanted.collection, wanted.state, limit=PER_PAGE)
    total = count_photos(session, query)
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, wanted.page), pages)
    shown = PhotoFilter(query.text, query.collection, query.state, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    names = tuple(name for name, _ in collections(session) if name)
    everything = count_photos(session, PhotoFilter())
    apart = query.state == "archived"
    put_away = count_photos(session, PhotoFilter(state="archived")) if apart or not everything else 0
    return Wall(tuple(list_photos(session, shown)), total, everything, page, pages, names, put_away, apart)


def gone_sentence(names: Sequence[str]) -> str:
    """Chosen photos that somebody deleted meanwhile."""
    shown = list(names) if len(names) <= NAMED_GONE else [*names[:NAMED_GONE], f"{len(names) - NAMED_GONE} more"]
    return f"{listed(shown)} {'was' if len(names) == 1 else 'were'} deleted meanwhile."


def component_data(found: Wall, wanted: Wanted, assessor: Assessor, deletions: int = 0) -> dict[str, Any]:
    """What the wall's part draws: tiles, and the actions that this person may take on many.

    What is chosen stays so from page to page, until other photos are looked for or some were deleted (`deletions`).
    """
    return {
        "tiles": [
            {
                "id": card.id,
                "name": card.filename,
                "src": photo_url(card.id, card.thumbnail_sha256, "thumbnail"),
                "ratio": card.width / card.height,
                "sign": STATE_SIGNS[card.state],
                "state": STATE_WORDS[card.state],
                "tone": card.state.replace(" ", "-"),
            }
            for card in found.cards
        ],
        "actions": actions_for(assessor, archived=wanted.state == "archived"),
        "page": found.page,
        "choice": f"{wanted.text} {wanted.state} {wanted.collection} {deletions}",
    }


def actions_for(assessor: Assessor, *, archived: bool) -> list[dict[str, str | bool]]:
    """Names and words of what can be done with the chosen photos, and whether it asks something first."""
    found: list[dict[str, str | bool]]
    if archived:
        found = [{"name": "bring back", "said": "Bring back"}]
    else:
        found = [
            {"name": "restore", "said": "Restore"},
            {"name": "label", "said": "Label first"},
            {"name": "collection", "said": "Add to collection…", "asks": True},
            {"name": "export", "said": "Export…", "asks": True},
            {"name": "put away", "said": "Put away"},
        ]
    return [*found, {"name": "delete", "said": "Delete…", "asks": True}] if assessor.is_lead else found
