"""Restorations whose photo goes away while they are made."""

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import select

from annotator.context import Platform
from annotator.importing import import_bytes
from annotator.views import actions
from db.blobs import open_blobs
from db.engine import Database
from db.errors import NotFound
from db.jobs import add_job
from db.models import Restoration, utc_now
from db.people import sign_in
from db.photos import get_photo
from db.proposals import latest_proposal
from db.references import remove_unneeded
from db.reviews import add_restoration
from db.settings import Settings
from inference.png import encode_png
from tests.support.databases import new_photo, start_waiting
from trainer.jobs.proposing import _propose_for, propose
from trainer.jobs.restoring import _restore_one, _restored_already, restore
from trainer.jobs.results import Made
from trainer.jobs.work import Work

SCANNED = (11811, 11811)
"""300 dpi, in pixels per metre."""


@pytest.mark.parametrize("deleted", [True, False])
def test_a_result_of_a_photo_deleted_meanwhile_leaves_no_bytes(
    settings: Settings, database: Database, deleted: bool
) -> None:
    here = Platform(settings, database, open_blobs(settings))
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60), np.uint8)
    restored, mask = pixels // 2, pixels > 200
    coloured = np.stack([restored, restored, pixels], axis=2)
    photo_id = import_bytes(here, encode_png(pixels, resolution=SCANNED), "a.png").photo_id
    with database.unit_of_work() as session:
        photo, ada = get_photo(session, photo_id), sign_in(session, "Ada")
        job = add_job(session, "restore", {}, ada.id)

    def restore(*_: object) -> SimpleNamespace:
        if deleted:
            actions.delete(here, [photo_id], ada)
        return SimpleNamespace(
            restored=restored, restored_color=coloured, color=coloured[..., ::-1], mask=mask, threshold=0.5,
            models={"detector": "detector v1", "inpainter": "inpainter v1", "colorizer": "colorizer v1"},
            warnings=("a hole is larger than any seen in training",),
        )  # fmt: skip

    work = Work(settings, database, here.blobs, job, lambda: False)
    results = (restored, coloured, coloured[..., ::-1])
    pictures = {here.blobs.put(encode_png(picture, resolution=SCANNED)) for picture in results}
    if deleted:
        with pytest.raises(NotFound):
            _restore_one(work, SimpleNamespace(restore=restore), photo)  # type: ignore[arg-type]
        assert not set(here.blobs.hashes())
    else:
        _restore_one(work, SimpleNamespace(restore=restore), photo)  # type: ignore[arg-type]
        assert pictures <= set(here.blobs.hashes())
        with database.reading() as session:
            made = session.scalars(select(Restoration)).one()
            assert [result.kind for result in made.results] == ["restored", "restored_color", "color"]
            assert {result.sha256 for result in made.results} == pictures
            assert (made.detector, made.inpainter, made.colorizer) == ("detector v1", "inpainter v1", "colorizer v1")
            assert made.warnings == ["a hole is larger than any seen in training"]


def test_a_job_restores_what_another_job_restored_by_whatever_clock(settings: Settings, database: Database) -> None:
    here = Platform(settings, database, open_blobs(settings))
    photo_id = import_bytes(here, encode_png(np.zeros((40, 60), np.uint8)), "a.png").photo_id
    with database.unit_of_work() as session:
        photo = get_photo(session, photo_id)
        own, other = (add_job(session, "restore", {}, None) for _ in range(2))

    def made(job_id: str | None, ahead: timedelta) -> None:
        with database.unit_of_work() as session:
            add_restoration(
                session, photo_id, detector="d", inpainter="i", colorizer="c", threshold=0.5, mask_sha256="m" * 64,
                warnings=[], results={}, job_id=job_id, now=utc_now() + ahead,
            )  # fmt: skip

    work = Work(settings, database, here.blobs, own, lambda: False)
    made(other.id, timedelta(hours=1))
    made(None, timedelta(hours=1))
    assert not _restored_already(work, photo)
    made(own.id, -timedelta(hours=1))
    assert _restored_already(work, photo)


def test_a_proposal_for_a_photo_deleted_meanwhile_leaves_no_bytes(settings: Settings, database: Database) -> None:
    here = Platform(settings, database, open_blobs(settings))
    photo_id = import_bytes(here, encode_png(np.zeros((40, 60), np.uint8)), "a.png").photo_id
    with database.unit_of_work() as session:
        photo, ada = get_photo(session, photo_id), sign_in(session, "Ada")
        job = add_job(session, "propose", {}, ada.id)

    def probability(*_: object, **__: object) -> np.ndarray:
        actions.delete(here, [photo_id], ada)
        return np.full((40, 60), 0.5, np.float32)

    detector = SimpleNamespace(probability=probability, name="detector v1", threshold=0.5)
    with pytest.raises(NotFound):
        _propose_for(Work(settings, database, here.blobs, job, lambda: False), detector, photo)  # type: ignore[arg-type]
    assert not set(here.blobs.hashes())


def test_a_detector_that_is_in_production_again_looks_at_no_photo_twice(settings: Settings, database: Database) -> None:
    here = Platform(settings, database, open_blobs(settings))
    photo_id = import_bytes(here, encode_png(np.zeros((40, 60), np.uint8)), "a.png").photo_id
    with database.unit_of_work() as session:
        photo, job = get_photo(session, photo_id), add_job(session, "propose", {}, None)
    work, seen = Work(settings, database, here.blobs, job, lambda: False), list[str]()
    for name in ("detector v1", "detector v2", "detector v1"):

        def probability(*_: object, said: str = name, **__: object) -> np.ndarray:
            seen.append(said)
            return np.full((40, 60), 0.5, np.float32)

        detector = SimpleNamespace(probability=probability, name=name, threshold=0.5)
        _propose_for(work, detector, photo)  # type: ignore[arg-type]
    assert seen == ["detector v1", "detector v2"]
    with database.reading() as session:
        offered = latest_proposal(session, photo_id)
    assert offered is not None
    assert offered.model == "detector v1"


def test_results_like_those_of_a_photo_deleted_meanwhile_stay(settings: Settings, database: Database) -> None:
    """Of two photos alike the masks are the same bytes: a deletion may begin before a row refers to them once more."""
    here = Platform(settings, database, open_blobs(settings))
    with database.unit_of_work() as session:
        made = Made(Work(settings, database, here.blobs, add_job(session, "restore", {}, None), lambda: False))
    mask = made.put(b"a mask")
    remove_unneeded(database, here.blobs, [mask])
    with made.unit_of_work() as session:
        removing = start_waiting(database, lambda: remove_unneeded(database, here.blobs, [mask]))
        add_restoration(
            session, new_photo(session, "a").id, detector="d", inpainter="i", colorizer="c", threshold=0.5,
            mask_sha256=mask, warnings=[], results={},
        )  # fmt: skip
    removing.join()
    assert here.blobs.exists(mask)


def no_room(*_: object, **__: object) -> None:
    raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")


def test_a_photo_that_memory_is_too_small_for_fails_by_itself(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Platform(settings, database, open_blobs(settings))
    photo_id = import_bytes(here, encode_png(np.zeros((40, 60), np.uint8)), "a.png").photo_id
    detector = SimpleNamespace(probability=no_room, name="detector v1", threshold=0.5)
    monkeypatch.setattr("trainer.jobs.restoring._restorer", lambda _: SimpleNamespace(restore=no_room))
    monkeypatch.setattr("trainer.jobs.proposing.load_detector", lambda _: detector)
    why = "a.png needs more memory than there is; cut it into parts."
    for kind, perform in (("restore", restore), ("propose", propose)):
        with database.unit_of_work() as session:
            job = add_job(session, kind, {"photo_ids": [photo_id]}, None)  # type: ignore[arg-type]
        made = perform(Work(settings, database, here.blobs, job, lambda: False))
        assert made["failures"] == [{"photo_id": photo_id, "filename": "a.png", "error": why}]
