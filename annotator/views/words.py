"""How we say things: counts, times, durations and states, the way people do."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from annotator.views.kinds import kind_named
from db.models import Job
from db.stories import StoryEntry, StoryKind
from db.wall import PhotoState
from trainer.jobs import trained_kind

STATE_WORDS: dict[PhotoState, str] = {
    "new": "new",
    "waiting": "waits for a mask",
    "in work": "being drawn",
    "submitted": "waits for a lead",
    "accepted": "mask accepted",
    "restored": "restored",
    "rejected": "rejected",
    "archived": "put away",
}
STATE_SIGNS: dict[PhotoState, str] = {
    "new": "○",
    "waiting": "◔",
    "in work": "✎",
    "submitted": "◑",
    "accepted": "✓",
    "restored": "✦",
    "rejected": "✗",
    "archived": "▽",
}
"""A sign beside the words, so that colour never carries the meaning alone."""
REGISTRY = " (registry)"
MODELS_WORK: tuple[StoryKind, ...] = ("proposal", "restoration")
"""Entries of a photo's story that name models, and hold nothing that a person wrote."""


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 photo`, `3 photos`, `12,400 photos`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(things: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`: of at least one."""
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last


def percent(share: float) -> str:
    """`4 %`: `share` is in [0, 1]."""
    return f"{100 * share:.0f} %"


def plain_model(name: str) -> str:
    """A model's name without the registry that it comes from: on pages all of them do that name no other place."""
    return name.removesuffix(REGISTRY)


def plain_entry(entry: StoryEntry) -> StoryEntry:
    """What models did, with their plain names; what people said, and names of files, stay as they are."""
    return replace(entry, what=entry.what.replace(REGISTRY, "")) if entry.kind in MODELS_WORK else entry


def verbatim(said: str) -> str:
    """Text for where Streamlit reads Markdown, so that it shows as it stands: `**`, `:smile:` and `$x$` too."""
    escaped = re.sub(r"[\\`*_\[\]$~<>&#|]|:(?=\w)|^[-+]", r"\\\g<0>", said)
    return re.sub(r"^(\d+)(?=[.)])", r"\1\\", escaped)


def whom_to_ask(said: str) -> str:
    """What failed, for whoever may not read logs: in place of the log an engineer."""
    return re.sub(r"(The job's log tells more|Its log is .+)\.$", "Ask an engineer, who can read the job's log.", said)


def ago(at: datetime, now: datetime | None = None) -> str:
    """`just now`, `4 minutes ago`, `yesterday`, `3 May 2026`."""
    passed = (now or datetime.now(UTC)) - at
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{count(int(passed.total_seconds() // 60), 'minute')} ago"
    if passed < timedelta(days=1):
        return f"{count(int(passed.total_seconds() // 3600), 'hour')} ago"
    if passed < timedelta(days=2):
        return "yesterday"
    if passed < timedelta(days=14):
        return f"{passed.days} days ago"
    return f"{at.day} {at:%B %Y}"


def exact(at: datetime) -> str:
    """The exact time, for whoever hovers."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def duration(seconds: float) -> str:
    """`40 s`, `3 min`, `2 h 10 min`, `3 days`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest and hours < 10 else f"{round(minutes / 60)} h"
    return f"{round(hours / 24)} days"


def time_left(job: Job, now: datetime | None = None) -> str:
    """`about 3 min left`, from how long the part that is done took; empty while that says nothing yet."""
    if job.started_at is None or not 0.02 <= job.progress < 1:
        return ""
    passed = ((now or datetime.now(UTC)) - job.started_at).total_seconds()
    return f"about {duration(passed * (1 - job.progress) / job.progress)} left"


JOB_NAMES = {"propose": "Proposing masks", "restore": "Restoring photos", "compare": "Comparing models"}


def job_name(job: Job) -> str:
    """What a job does: `Training an inpainter`."""
    return JOB_NAMES.get(job.kind) or f"Training {kind_named(trained_kind(job)).a}"


def job_line(job: Job, now: datetime | None = None) -> str:
    """One line under a job's bar: what it does now and how long it still takes."""
    if job.cancel_requested and job.status in ("queued", "running"):
        return "stopping; the last checkpoint is kept" if job.progress else "stopping"
    if job.status == "queued":
        return "waits for a worker"
    parts = [job.message, time_left(job, now)]
    return " · ".join(part for part in parts if part) or "running"


def concerns(job: Job, photo_id: int) -> bool:
    """Whether a job works on that photo by name."""
    return photo_id in (job.params.get("photo_ids") or [])
