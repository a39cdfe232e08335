"""Counts, times and durations the way people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from annotator.views.words import (
    STATE_SIGNS,
    STATE_WORDS,
    ago,
    count,
    duration,
    job_line,
    percent,
    plain_entry,
    plain_model,
    time_left,
    verbatim,
    whom_to_ask,
)
from db.models import Job
from db.stories import StoryEntry, StoryKind

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 photos"), (1, "1 photo"), (2, "2 photos"), (12400, "12,400 photos")]
)
def test_counts(number: int, said: str) -> None:
    assert count(number, "photo") == said


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=20), "30 April 2026"),
    ],
)
def test_times(passed: timedelta, said: str) -> None:
    assert ago(NOW - passed, NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (89, "89 s"),
        (180, "3 min"),
        (7800, "2 h 10 min"),
        (7200, "2 h"),
        (50_000, "14 h"),
        (300_000, "3 days"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def job(**values: object) -> Job:
    plain = {"kind": "train", "status": "running", "progress": 0.25, "message": "", "cancel_requested": False}
    return Job(**{**plain, "started_at": NOW - timedelta(minutes=5), **values})


def test_the_time_left_follows_from_what_is_done() -> None:
    assert time_left(job(), NOW) == "about 15 min left"


@pytest.mark.parametrize("values", [{"progress": 0.0}, {"progress": 1.0}, {"started_at": None}])
def test_no_time_is_promised_without_grounds(values: dict[str, object]) -> None:
    assert time_left(job(**values), NOW) == ""


def test_a_job_says_what_it_does() -> None:
    assert job_line(job(message="Epoch 2 of 8"), NOW) == "Epoch 2 of 8 · about 15 min left"
    assert job_line(job(status="queued"), NOW) == "waits for a worker"
    assert "checkpoint is kept" in job_line(job(cancel_requested=True), NOW)
    assert job_line(job(cancel_requested=True, progress=0.0), NOW) == "stopping", "nothing is kept yet"


def test_every_state_has_words_and_a_sign_of_its_own() -> None:
    assert STATE_WORDS.keys() == STATE_SIGNS.keys()
    assert len(set(STATE_SIGNS.values())) == len(STATE_SIGNS)


def test_shares_have_one_form() -> None:
    assert (percent(0.041), percent(0.34)) == ("4 %", "34 %")


def test_where_all_models_come_from_is_not_said() -> None:
    assert plain_model("detector v3 (registry)") == "detector v3"
    assert plain_model("telea (OpenCV 4.12)") == "telea (OpenCV 4.12)"
    made = "restored by detector v3 (registry), telea (OpenCV 4.12) and colorizer v1 (registry)"
    assert plain_entry(entry("restoration", made)).what == (
        "restored by detector v3, telea (OpenCV 4.12) and colorizer v1"
    )


@pytest.mark.parametrize(
    ("kind", "wrote"),
    [("photo", "imported aunt (registry).jpg"), ("decision", "returned the mask: see the (registry)")],
)
def test_what_people_wrote_stays_as_it_is(kind: StoryKind, wrote: str) -> None:
    assert plain_entry(entry(kind, wrote)).what == wrote


def entry(kind: StoryKind, what: str) -> StoryEntry:
    return StoryEntry(NOW, None, what, kind)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("a *b* _c_ `d` [e](f)", r"a \*b\* \_c\_ \`d\` \[e\](f)"),
        (":smile: $x$ <i>&amp; C:\\", r"\:smile: \$x\$ \<i\>\&amp; C:\\"),
        ("# a | b ~c~", r"\# a \| b \~c\~"),
        ("1. a", r"1\. a"),
        ("- a - b", r"\- a - b"),
        ("ValueError: 3 photos, 4.1 %.", "ValueError: 3 photos, 4.1 %."),
    ],
)
def test_markdown_is_written_so_that_it_shows_as_it_stands(said: str, written: str) -> None:
    assert verbatim(said) == written


def test_whoever_may_not_read_logs_hears_whom_to_ask() -> None:
    asked = "Ask an engineer, who can read the job's log."
    assert whom_to_ask("ValueError: odd. The job's log tells more.") == f"ValueError: odd. {asked}"
    assert (
        whom_to_ask("The process ended with 1. Its log is /srv/my photos/logs/pictures.log.")
        == f"The process ended with 1. {asked}"
    )
    assert whom_to_ask("Too dark.") == "Too dark."
