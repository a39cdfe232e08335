"""Home: what waits for this person, and how the week went."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from annotator.views.words import count
from db import queue
from db.models import Annotation, Assessor, Job, Photo, Restoration, Result, Task, TaskKind, Verdict
from db.wall import PhotoFilter, count_photos

SHOWN_NEXT = 5


@dataclass(frozen=True)
class Card:
    """One thing that waits, with its one button."""

    said: str
    button: str
    kind: TaskKind
    """Also the page that the button opens."""
    photos: tuple[Photo, ...] = ()
    """Those that come next."""
    task: int | None = None
    """Which one the page opens; without one, whatever is next."""


@dataclass(frozen=True)
class Day:
    """What was done on one day, all people together."""

    day: date
    labelled: int
    accepted: int
    judged: int


@dataclass(frozen=True)
class Home:
    """Everything the page shows."""

    cards: tuple[Card, ...]
    is_newcomer: bool
    """Has brought in, drawn and judged nothing yet, and had nothing done."""
    photos: int
    """All of them, those put away too."""
    week: tuple[Day, ...]


def home(session: Session, assessor: Assessor) -> Home:
    """The start page as this person sees it."""
    now = datetime.now(UTC)
    came_back = queue.returned(session, assessor, now=now)
    waiting = queue.waiting(session, assessor, now=now)
    found = cards(replace(waiting, label=waiting.label - len(came_back)), came_back)
    return Home(
        cards=tuple(card if card.photos else _shown(session, assessor, card, came_back, now) for card in found),
        is_newcomer=is_newcomer(session, assessor),
        photos=count_photos(session, PhotoFilter(include_archived=True)),
        week=week(session, now),
    )


def cards(waiting: queue.Waiting, came_back: Sequence[Task]) -> tuple[Card, ...]:
    """What waits, the most useful first: what holds others up, what others said, what closes the loop, then new work.
    Masks that a lead returned to this person, `came_back`, are not among those of `waiting`."""
    found = []
    if waiting.accept:
        verb = "waits" if waiting.accept == 1 else "wait"
        found.append(Card(f"{count(waiting.accept, 'mask')} {verb} for your decision", "Decide", "accept"))
    if came_back:
        said, photos = f"{count(len(came_back), 'mask')} came back to you", [task.photo for task in came_back]
        found.append(Card(said, "Correct", "label", tuple(photos[:SHOWN_NEXT]), came_back[0].id))
    if waiting.review:
        verb = "wants" if waiting.review == 1 else "want"
        found.append(Card(f"{count(waiting.review, 'restored photo')} {verb} your verdict", "Review", "review"))
    if waiting.label:
        verb = "waits" if waiting.label == 1 else "wait"
        found.append(Card(f"{count(waiting.label, 'photo')} {verb} for a mask", "Label", "label"))
    return tuple(found)


def _shown(session: Session, assessor: Assessor, card: Card, but: Sequence[Task], now: datetime) -> Card:
    """With the photos that come next, `but` those of other cards."""
    following = queue.upcoming(session, assessor, card.kind, limit=SHOWN_NEXT + len(but), now=now)
    return replace(card, photos=tuple(task.photo for task in following if task not in but)[:SHOWN_NEXT])


def is_newcomer(session: Session, assessor: Assessor) -> bool:
    """Whoever opened Label and drew nothing there still is one."""
    drew = or_(Annotation.version > 0, Annotation.status != "draft")
    did_something = or_(
        exists().where(Photo.imported_by_id == assessor.id),
        exists().where(Annotation.assessor_id == assessor.id, drew),
        exists().where(Annotation.decided_by_id == assessor.id),
        exists().where(Verdict.assessor_id == assessor.id),
        exists().where(Job.created_by_id == assessor.id),
    )
    return not session.scalar(select(did_something))


def week(session: Session, now: datetime) -> tuple[Day, ...]:
    """The last seven days, today last, in local time."""
    today = now.astimezone().date()
    since = now - timedelta(days=8)
    by_people = Annotation.origin == "drawn"
    submitted = select(Annotation.submitted_at).where(Annotation.submitted_at >= since, by_people)
    labelled = _per_day(session.scalars(submitted))
    decided = select(Annotation.decided_at).where(
        Annotation.decided_at >= since, Annotation.status == "accepted", by_people
    )
    accepted = _per_day(session.scalars(decided))
    judged = _per_day(session.scalars(_judged_since(since)))
    days = [today - timedelta(days=back) for back in range(6, -1, -1)]
    return tuple(Day(day, labelled[day], accepted[day], judged[day]) for day in days)


def _judged_since(since: datetime) -> Select[datetime]:
    """When results were judged. A verdict that also holds for a restoration coloured anew counts once."""
    said = select(Verdict.created_at, Verdict.assessor_id, Result.kind, Restoration.photo_id)
    once = said.join(Verdict.result).join(Result.restoration).where(Verdict.created_at >= since).distinct().subquery()
    return select(once.c.created_at)


def _per_day(times: Iterable[datetime | None]) -> Counter[date]:
    return Counter(at.astimezone().date() for at in times if at is not None)
