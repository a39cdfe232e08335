"""Deleted photos are gone with all that was theirs, and with nothing that others need."""

from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import func, select

from db import jobs
from db.annotations import add_annotation
from db.blobs import BlobStore
from db.deletion import DeletionImpact, delete, deletion_impact
from db.engine import Database
from db.errors import NotAllowed
from db.models import Base, Photo, ResultKind, Snapshot, SnapshotItem
from db.photos import archive
from db.proposals import add_proposal
from db.queue import next_task
from db.references import keep_blobs, remove_unneeded
from db.snapshots import make_snapshot
from tests.support.databases import new_photo, reject, restored, sha, start_waiting, two_people, two_people_and_a_photo


def test_a_deletion_tells_and_takes_exactly_what_is_the_photos(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, ben = two_people(session)
        doomed, kept = new_photo(session, "doomed"), new_photo(session, "kept")
        for photo in (doomed, kept):
            add_proposal(
                session, photo.id, model="d", probability_sha256=sha(f"{photo.filename} p"), threshold=0.5,
                uncertainty=0.1,
            )  # fmt: skip
            add_annotation(session, photo, sha("the same empty mask"), 0.0, origin="imported")
            restored(session, photo.id, photo.filename)
        add_annotation(session, doomed, sha("second mask"), 0.1, origin="imported")
        review = next_task(session, ben, "review")
        assert review is not None
        assert review.photo_id == doomed.id
        reject(session, review, ben)
        both = make_snapshot(session, "both", ada.id)
        archive(session, [doomed.id])
        make_snapshot(session, "only kept", ada.id)

        impact = deletion_impact(session, [doomed.id])
        assert impact == DeletionImpact(photos=1, annotations=2, restorations=1, verdicts=1, snapshots=["both"])
        assert deletion_impact(session, []) == DeletionImpact(0, 0, 0, 0, [])
        with pytest.raises(NotAllowed):
            delete(session, [doomed.id], ben)

        orphans = delete(session, [doomed.id, 999], ada)
        named = {
            "doomed", "thumbnail of doomed", "doomed.jpg p", "second mask", "doomed.jpg detected",
            *(f"doomed.jpg {kind}{view}" for kind in get_args(ResultKind) for view in ("", " view")),
        }  # fmt: skip
        assert orphans == sorted(sha(name) for name in named)

        rows = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
        assert rows == {
            "assessor": 2, "photo": 1, "photo_band": 4, "split_move": 0, "proposal": 1, "annotation": 1,
            "draft_event": 0, "task": 2, "skip": 0, "snapshot": 2, "snapshot_item": 3, "restoration": 1, "result": 3,
            "verdict": 0, "job": 0, "promotion": 0,
        }  # fmt: skip
        item = session.scalars(
            select(SnapshotItem).where(SnapshotItem.snapshot_id == both.id, SnapshotItem.photo_sha256 == sha("doomed"))
        ).one()
        assert (item.photo_id, item.annotation_id) == (None, None)
        assert session.scalar(select(func.count()).select_from(Snapshot)) == 2
        assert delete(session, [kept.id], ada) != []


def test_comparisons_lose_the_pictures_of_deleted_photos(either_database: Database) -> None:
    def shown(photo: Photo) -> dict[str, object]:
        overlay = {"detector@2": {"figures": {"dice": 0.5}, "picture": sha(f"overlay of {photo.filename}")}}
        return {"photo_id": photo.id, "view": sha("a view that both share"), "models": overlay}

    with either_database.unit_of_work() as session:
        ada, _ = two_people(session)
        doomed, kept = new_photo(session, "doomed"), new_photo(session, "kept")
        report = {"figures": {"dice": 0.5}, "photos": [shown(doomed), shown(kept)]}
        job = jobs.add_job(session, "compare", {}, None)
        jobs.claim(session, job.id, "one")
        jobs.finish(session, job.id, report)
        orphans = delete(session, [doomed.id], ada)
        assert sha("overlay of doomed.jpg") in orphans
        assert sha("a view that both share") not in orphans
        session.expire_all()
        assert jobs.get_job(session, job.id).result == {"figures": {"dice": 0.5}, "photos": [shown(kept)]}
        assert sha("a view that both share") in delete(session, [kept.id], ada)


def test_a_deletion_takes_a_proposal_along_that_was_about_to_come(either_database: Database) -> None:
    with either_database.unit_of_work() as session:
        ada, _, photo = two_people_and_a_photo(session)
    orphans: list[str] = []

    def delete_it() -> None:
        with either_database.unit_of_work() as session:
            orphans.extend(delete(session, [photo.id], ada))

    with either_database.unit_of_work() as session:
        add_proposal(session, photo.id, model="d", probability_sha256=sha("coming"), threshold=0.5, uncertainty=0.1)
        deleting = start_waiting(either_database, delete_it)
    deleting.join()
    assert sha("coming") in orphans


def test_bytes_are_not_removed_while_somebody_is_about_to_refer_to_them(
    either_database: Database, tmp_path: Path
) -> None:
    blobs = BlobStore(str(tmp_path / "blobs"))
    unneeded = [blobs.put(b"gone"), sha("a")]
    with either_database.unit_of_work() as session:
        keep_blobs(session, blobs, {blobs.put(b"view"): b"not looked at, as something is there", sha("a"): b"a"})
        removing = start_waiting(either_database, lambda: remove_unneeded(either_database, blobs, unneeded))
        new_photo(session, "a")
    removing.join()
    assert set(blobs.hashes()) == {sha("a"), sha("view")}
