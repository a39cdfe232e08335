"""The sample photos come in once, half of them with masks that never count as real."""

from sqlalchemy import select

from annotator.samples import SAMPLES, import_samples, make_samples
from db.blobs import open_blobs
from db.engine import Database
from db.models import Annotation, Job, Photo, Task
from db.settings import Settings
from inference.masks import decode_mask
from trainer.platform import prepare


def test_half_come_labelled_and_half_wait(settings: Settings) -> None:
    prepare(settings)
    assert import_samples(settings) == len(SAMPLES) == 8
    assert import_samples(settings) == 0, "a second time nothing is imported"
    database, blobs = Database(settings.database_url), open_blobs(settings)
    labelled = {f"{sample.name}.png" for sample in SAMPLES if sample.annotated}
    with database.unit_of_work() as session:
        photos = {photo.id: photo for photo in session.scalars(select(Photo))}
        assert {photo.origin for photo in photos.values()} == {"sample"}
        annotations = list(session.scalars(select(Annotation)))
        assert {(row.status, row.origin) for row in annotations} == {("accepted", "synthetic")}
        assert {photos[row.photo_id].filename for row in annotations} == labelled
        assert {photos[row.photo_id].split for row in annotations} == {"train", "validation"}
        for row in annotations:
            photo = photos[row.photo_id]
            assert row.mask_sha256 is not None
            mask = decode_mask(blobs.get(row.mask_sha256), (photo.height, photo.width), photo.filename)
            assert 0.001 < mask.mean() < 0.3
            assert row.marked_share == mask.mean()
        waiting = set(session.scalars(select(Task.photo_id).where(Task.kind == "label", Task.status == "open")))
        assert {photos[photo_id].filename for photo_id in waiting}.isdisjoint(labelled)
        assert len(waiting) == 4
        (job,) = session.scalars(select(Job))
        assert (job.kind, set(job.params["photo_ids"])) == ("propose", waiting)
    database.dispose()


def test_samples_are_the_same_bytes_every_time() -> None:
    first, second = next(make_samples()), next(make_samples())
    assert first == second
