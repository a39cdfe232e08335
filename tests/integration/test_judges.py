"""Which of a platform's photos judge models."""

from datetime import UTC, datetime

from db.annotations import add_annotation
from db.blobs import open_blobs
from db.engine import Database
from db.jobs import add_job
from db.photos import archive
from db.settings import Settings
from tests.support.databases import new_photo
from trainer.comparing.judges import Candidate, choose_annotations, choose_photos
from trainer.jobs.work import Work
from trainer.tracking.registry import ModelVersion


def test_a_near_copy_of_a_training_photo_that_was_archived_since_judges_nothing(
    settings: Settings, database: Database
) -> None:
    with database.unit_of_work() as session:
        seen, copy, far = (new_photo(session, name, near_hash=near) for name, near in (("a", 0), ("b", 1), ("c", -1)))
        for photo in (copy, far):
            add_annotation(session, photo, "m" * 64, 0.1, origin="drawn")
        archive(session, [seen.id])
        job = add_job(session, "compare", {}, None)
    work = Work(settings, database, open_blobs(settings), job, lambda: False)
    model = ModelVersion("detector", "2", (), "run", {}, datetime.now(UTC))
    candidate = Candidate(model, frozenset({seen.sha256}))
    left_out = [
        {
            "photo_id": copy.id,
            "filename": copy.filename,
            "reason": f"detector@2 was trained on a near-copy, {seen.filename}",
        }
    ]
    annotations, without = choose_annotations(work, [candidate])
    assert ([annotation.photo_id for annotation in annotations], without) == ([far.id], left_out)
    photos, without = choose_photos(work, [candidate])
    assert ([photo.id for photo in photos], without) == ([far.id], left_out)
