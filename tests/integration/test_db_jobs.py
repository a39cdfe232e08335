"""Jobs, proposals and promotions as rows."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db import jobs
from db.annotations import add_annotation
from db.engine import Database
from db.errors import InvalidState, NotFound
from db.jobs import EXPIRES_AFTER
from db.models import JobKind, Task, utc_now
from db.photos import archive
from db.promotions import history, latest_standing, record_promotion
from db.proposals import (
    add_proposal,
    get_proposal,
    latest_proposal,
    offer_again,
    photos_to_propose_for,
    proposed_photos,
)
from tests.support.databases import TEMPLATE, new_photo, sha, two_people
from tests.support.postgres import Cluster
from trainer.jobs.photos import named_photos

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_job_from_request_to_result(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        job = jobs.add_job(session, "train", {"recipe": {"epochs": 2}}, ada.id, now=NOON)
        assert (job.status, job.result, len(job.id)) == ("queued", {}, 36)
        jobs.progress(session, job.id, 0.5, "too early")
        claimed = jobs.claim(session, job.id, "one", now=NOON)
        assert claimed is not None
        assert (claimed.status, claimed.worker, claimed.started_at, claimed.progress) == ("running", "one", NOON, 0.0)
        jobs.set_run(session, job.id, "run-1")
        jobs.progress(session, job.id, 1.7, "epoch 2 of 2")
        assert (jobs.get_job(session, job.id).progress, jobs.get_job(session, job.id).message) == (1.0, "epoch 2 of 2")
        done = jobs.finish(session, job.id, {"version": "3"}, now=NOON + timedelta(hours=1))
        assert (done.status, done.result, done.run_id) == ("done", {"version": "3"}, "run-1")
        assert done.finished_at == NOON + timedelta(hours=1)
        with pytest.raises(InvalidState, match="done already"):
            jobs.fail(session, job.id, "late")
        assert jobs.request_cancel(session, job.id).status == "done"
        assert jobs.claim(session, job.id, "two") is None


def test_a_job_belongs_to_one_worker_until_it_falls_silent(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        job = jobs.add_job(session, "restore", {}, None, now=NOON)
        assert jobs.claim(session, job.id, "one", now=NOON) is not None
        assert jobs.claim(session, job.id, "two", now=NOON) is None
        assert jobs.claim(session, job.id, "one", now=NOON) is not None, "a worker goes on with its own"
        soon = NOON + EXPIRES_AFTER / 2
        assert jobs.heartbeat(session, [job.id, "unknown"], "one", now=soon) == [job.id]
        assert jobs.heartbeat(session, [job.id], "two", now=soon) == []
        assert not jobs.is_silent(jobs.get_job(session, job.id), soon + EXPIRES_AFTER)
        silent = soon + EXPIRES_AFTER + timedelta(seconds=1)
        assert jobs.is_silent(jobs.get_job(session, job.id), silent)
        taken = jobs.claim(session, job.id, "two", now=silent)
        assert taken is not None
        assert (taken.worker, taken.started_at) == ("two", NOON)
        assert jobs.heartbeat(session, [job.id], "one", now=silent) == [], "the first worker hears that it lost the job"
        with pytest.raises(NotFound):
            jobs.claim(session, "unknown", "one")


def test_a_machine_whose_clock_is_ahead_takes_no_job_of_another(
    migrated_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A team's workers share PostgreSQL, and no clock but its."""
    with migrated_cluster.fresh_database(template=TEMPLATE) as url:
        database = Database(url)
        with database.unit_of_work() as session:
            job = jobs.add_job(session, "train", {}, None)
            assert jobs.claim(session, job.id, "one") is not None
        monkeypatch.setattr(jobs, "utc_now", lambda: utc_now() + 3 * EXPIRES_AFTER)
        with database.unit_of_work() as session:
            asked = jobs.add_job(session, "train", {}, None)
            assert asked.created_at < utc_now() + EXPIRES_AFTER, "who has the right time finds it when it is lost"
            assert jobs.claim(session, job.id, "two") is None
            jobs.heartbeat(session, [job.id], "one")
            assert not jobs.is_silent(jobs.get_job(session, job.id), jobs.shared_now(session))
        monkeypatch.undo()
        with database.unit_of_work() as session:
            assert jobs.get_job(session, job.id).heartbeat_at < utc_now() + EXPIRES_AFTER, "nor keeps its own for long"
        database.dispose()


def test_a_worker_that_stops_or_is_known_to_be_dead_leaves_its_job(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        job = jobs.add_job(session, "train", {}, None, now=NOON)
        jobs.claim(session, job.id, "one", now=NOON)
        assert jobs.claim(session, job.id, "two", now=NOON, dead=["three"]) is None
        taken = jobs.claim(session, job.id, "two", now=NOON, dead=["one"])
        assert taken is not None
        jobs.leave(session, job.id, "one")
        assert jobs.claim(session, job.id, "one", now=NOON) is None, "only the holder leaves"
        jobs.leave(session, job.id, "two")
        assert jobs.is_silent(jobs.get_job(session, job.id), NOON)
        jobs.reserve(session, job.id, now=NOON)
        assert not jobs.is_silent(jobs.get_job(session, job.id), NOON)
        again = jobs.claim(session, job.id, "one", now=NOON)
        assert again is not None
        assert (again.worker, again.status) == ("one", "running")


def test_workers_that_claim_at_once_do_not_share(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        job_id = jobs.add_job(session, "train", {}, None).id
    barrier = threading.Barrier(6)
    won: list[str] = []

    def claim(worker: str) -> None:
        barrier.wait()
        with either_database.unit_of_work() as session:
            if jobs.claim(session, job_id, worker) is not None:
                won.append(worker)

    threads = [threading.Thread(target=claim, args=(f"worker {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_cancelling(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        queued, running = (jobs.add_job(session, "train", {}, None) for _ in range(2))
        jobs.claim(session, running.id, "one")
        assert jobs.request_cancel(session, queued.id).status == "cancelled"
        assert jobs.claim(session, queued.id, "one") is None
        assert jobs.request_cancel(session, running.id).status == "running"
        assert jobs.cancelled(session, running.id)
        assert jobs.end_cancelled(session, running.id).status == "cancelled"
        with pytest.raises(NotFound):
            jobs.request_cancel(session, "unknown")


def test_listing_jobs(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        old, new = (
            jobs.add_job(session, kind, {}, None, now=NOON + timedelta(minutes=number))
            for number, kind in enumerate(("train", "compare"))
        )
        jobs.claim(session, old.id, "one")
        assert [job.id for job in jobs.list_jobs(session)] == [new.id, old.id]
        assert [job.id for job in jobs.list_jobs(session, "train")] == [old.id]
        jobs.fail(session, old.id, "the disk is full")
        assert [job.id for job in jobs.list_jobs(session, active=True)] == [new.id]


def test_the_latest_job_of_a_photo_is_found_among_many(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        asked: tuple[tuple[JobKind, dict[str, Any]], ...] = (
            ("restore", {"photo_ids": [1, 2]}),
            ("restore", {"photo_ids": [3, 1]}),
            ("restore", {"photo_ids": [12]}),
            ("propose", {"photo_ids": [1, 2]}),
            ("propose", {"photo_ids": None}),
            ("restore", {}),
        )
        ids = [
            jobs.add_job(session, kind, params, None, now=NOON + timedelta(minutes=number)).id
            for number, (kind, params) in enumerate(asked)
        ]
        session.expunge_all()
        found = {photo_id: jobs.latest_job(session, "restore", photo_id) for photo_id in (1, 2, 3, 12, 4)}
        assert {photo_id: job and ids.index(job.id) for photo_id, job in found.items()} == {
            1: 1, 2: 0, 3: 1, 12: 2, 4: None,
        }  # fmt: skip
        assert len(session.identity_map) == 3, "the others stay in the database"


def test_a_model_proposes_once(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")

        def propose(model: str, blob: str, uncertainty: float) -> int:
            return add_proposal(
                session, photo.id, model=model, probability_sha256=sha(blob), threshold=0.5, uncertainty=uncertainty
            ).id

        first = propose("detector v1", "p1", 0.3)
        assert propose("detector v1", "p2", 0.9) == first
        assert get_proposal(session, first).probability_sha256 == sha("p1"), "drafts are rebuilt from it"
        second = propose("detector v2", "p3", 0.01)
        newest = latest_proposal(session, photo.id)
        assert newest is not None
        assert newest.id == second
        task = session.scalars(select(Task)).one()
        assert (task.priority, task.reason) == (0.01, "new"), "a sure model is no reason"
        with pytest.raises(NotFound):
            get_proposal(session, 99)


def test_who_has_no_proposal_yet(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        a, b, archived, labelled = (new_photo(session, name) for name in "abcd")
        archive(session, [archived.id])
        add_annotation(session, labelled, sha("m"), 0.1, origin="imported")
        assert [photo.id for photo in photos_to_propose_for(session, "detector v1")] == [a.id, b.id]
        add_proposal(session, a.id, model="detector v1", probability_sha256=sha("p"), threshold=0.5, uncertainty=0.2)
        assert [photo.id for photo in photos_to_propose_for(session, "detector v1")] == [b.id]
        assert proposed_photos(session, "detector v1") == {a.id}
        assert [photo.id for photo in photos_to_propose_for(session, "detector v2")] == [a.id, b.id]


def test_a_model_that_is_in_use_again_offers_what_it_proposed(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        photo = new_photo(session, "a")
        for number, uncertainty in ((1, 0.7), (2, 0.01)):
            add_proposal(
                session, photo.id, model=f"detector v{number}", probability_sha256=sha(f"p{number}"), threshold=0.5,
                uncertainty=uncertainty, now=NOON + timedelta(minutes=number),
            )  # fmt: skip
        assert photos_to_propose_for(session, "detector v2") == []
        assert [waiting.id for waiting in photos_to_propose_for(session, "detector v1")] == [photo.id]
        assert offer_again(session, photo.id, "detector v1", now=NOON + timedelta(hours=1))
        assert not offer_again(session, photo.id, "detector v3")
        offered, task = latest_proposal(session, photo.id), session.scalars(select(Task)).one()
        assert offered is not None
        assert (offered.model, task.priority, task.reason) == ("detector v1", 0.7, "uncertain")
        assert photos_to_propose_for(session, "detector v1") == []
        assert [waiting.id for waiting in photos_to_propose_for(session, "detector v2")] == [photo.id]


def test_a_job_may_name_more_photos_than_a_database_takes_at_once(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        first, second = (new_photo(session, name) for name in "ab")
        found, missing = named_photos(session, [second.id, *range(300_000, 2, -1), first.id, second.id])
        assert [photo.id for photo in found] == [second.id, first.id]
        assert len(missing) == 299_998
        assert missing[0] == {"photo_id": 300_000, "filename": "photo 300000", "error": "It was deleted."}


def test_promotions_are_remembered(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        first = record_promotion(session, "detector", "2", "1", ada.id)
        back = record_promotion(session, "detector", "1", "2", ada.id, first.id)
        record_promotion(session, "inpainter", "1", None, None)
        moves = history(session, "detector")
        assert [(move.id, move.version, move.previous_version, move.undoes_id) for move in moves] == [
            (back.id, "1", "2", first.id),
            (first.id, "2", "1", None),
        ]
        assert latest_standing(moves) is None, "neither what was taken back stands, nor what took it back"
        again = record_promotion(session, "detector", "3", "1", ada.id)
        assert latest_standing(history(session, "detector")) is again
