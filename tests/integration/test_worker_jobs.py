"""Every kind of job, through a real worker, a real queue and a real MLflow."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update

from annotator.views.kinds import kind_named
from annotator.views.runs import list_runs, newest_samples
from db import jobs as rows
from db import promotions, proposals, reviews
from db.blobs import BlobStore, open_blobs
from db.engine import Database
from db.models import Photo, Restoration, Task
from db.settings import Settings
from db.snapshots import make_snapshot
from inference.colour import luma_of
from inference.decoding import decode
from inference.names import KINDS
from tests.support import tiny
from tests.support.waiting import wait_for
from trainer import jobs, promoting
from trainer.jobs import job_folder
from trainer.jobs.training import TRAINING_PHOTOS
from trainer.learning.kinds import recipe_class
from trainer.learning.reading import load_recipe
from trainer.tracking import registry
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(1800)


@dataclass
class Platform:
    settings: Settings
    database: Database
    blobs: BlobStore


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform with a tiny production model of every kind and one worker, shared by this file."""
    folder = tmp_path_factory.mktemp("platform")
    settings = Settings(home=folder / "home", database=None, jobs_database=None, blobs=None, tracking_uri=None)
    with tiny.prepared(settings) as database:
        tiny.all_in_production(settings, folder)
        with tiny.worker(settings, folder / "worker.log"):
            yield Platform(settings, database, open_blobs(settings))


def run(platform: Platform, kind: rows.JobKind, params: dict[str, object]) -> rows.Job:
    job = jobs.launch(platform.settings, platform.database, kind, params, None)
    return tiny.ended(platform.database, job.id)


def break_bytes(platform: Platform, photo: Photo) -> None:
    """As a dying disk would."""
    assert platform.blobs.folder is not None
    (platform.blobs.folder / photo.sha256[:2] / photo.sha256).write_bytes(b"no picture")


def production(platform: Platform, kind: str = "detector") -> str:
    return str(registry.resolve(platform.settings, None, kind)[1])


def test_proposals_are_made_for_photos_that_wait_and_a_bad_one_is_named(platform: Platform) -> None:
    good, bad = (tiny.add_photo(platform.settings, platform.database, seed) for seed in (1, 2))
    break_bytes(platform, bad)
    job = run(platform, "propose", {"photo_ids": None})
    assert job.status == "done", job.error
    assert job.result["model"] == production(platform)
    assert [entry["filename"] for entry in job.result["failures"]] == [bad.filename]
    assert "corrupt" in job.result["failures"][0]["error"]
    with platform.database.reading() as session:
        proposal = proposals.latest_proposal(session, good.id)
        task = session.scalars(select(Task).where(Task.photo_id == good.id, Task.kind == "label")).one()
    assert proposal is not None
    assert 0 < proposal.uncertainty <= 1
    assert task.priority > 0
    probability = np.asarray(Image.open(BytesIO(platform.blobs.get(proposal.probability_sha256))))
    assert probability.shape == (good.height, good.width)
    assert probability.dtype == np.uint8

    again = run(platform, "propose", {"photo_ids": [good.id, 10_000]})
    assert again.result["proposals"] == 0
    assert [entry["photo_id"] for entry in again.result["failures"]] == [10_000]


def test_a_restoration_has_three_results_and_a_bad_photo_stops_nobody(platform: Platform) -> None:
    bad, good = (tiny.add_photo(platform.settings, platform.database, seed) for seed in (3, 4))
    break_bytes(platform, bad)
    job = run(platform, "restore", {"photo_ids": [bad.id, good.id]})
    assert job.status == "done", job.error
    assert job.result["restored"] == 1
    assert [entry["photo_id"] for entry in job.result["failures"]] == [bad.id]
    with platform.database.reading() as session:
        restoration = reviews.latest_restoration(session, good.id)
        assert restoration is not None
        results = {result.kind: result.sha256 for result in restoration.results}
        waiting = session.scalars(select(Task).where(Task.restoration_id == restoration.id)).one()
    assert (waiting.kind, waiting.status) == ("review", "open")
    names = (restoration.detector, restoration.inpainter, restoration.colorizer)
    assert names == tuple(production(platform, kind) for kind in KINDS)
    assert list(results) == ["restored", "restored_color", "color"]
    photo, *pictures = (
        decode(platform.blobs.get(sha), good.filename).source for sha in (good.sha256, *results.values())
    )
    mask = np.asarray(Image.open(BytesIO(platform.blobs.get(restoration.mask_sha256)))) > 127
    assert 0 < mask.mean() < 1, "the tiny detector marks some of the noise"
    assert np.array_equal(photo[~mask], pictures[0][~mask])
    assert not np.array_equal(photo, pictures[0])
    assert not np.array_equal(pictures[1], pictures[2]), "one is filled, the other is the photo as it came"
    lumas = [luma_of(picture) for picture in (pictures[0], pictures[1], photo, pictures[2])]
    assert np.abs(lumas[0] - lumas[1]).max() < 0.01
    assert np.abs(lumas[2] - lumas[3]).max() < 0.01


def test_colours_given_by_a_person_make_new_pictures_of_what_was_restored(platform: Platform) -> None:
    photo = tiny.add_photo(platform.settings, platform.database, 6)
    wanted = {"saturation": 1.5, "hints": [{"row": 20, "column": 30, "rgb": [220, 20, 20]}]}
    never = run(platform, "restore", {"photo_ids": [photo.id], "colouring": wanted})
    assert "was never restored" in never.result["failures"][0]["error"]
    run(platform, "restore", {"photo_ids": [photo.id]})
    made = run(platform, "restore", {"photo_ids": [photo.id], "colouring": wanted})
    assert (made.status, made.result) == ("done", {"restored": 1, "failures": []})
    with platform.database.reading() as session:
        query = select(Restoration).where(Restoration.photo_id == photo.id).order_by(Restoration.id)
        own, corrected = session.scalars(query)
        before, after = ({result.kind: result.sha256 for result in each.results} for each in (own, corrected))
        assert (own.colouring, corrected.colouring) == (None, wanted)
    assert before["restored"] == after["restored"]
    assert before["restored_color"] != after["restored_color"]
    grey, coloured = (decode(platform.blobs.get(after[kind]), kind).source for kind in ("restored", "restored_color"))
    assert np.abs(luma_of(grey) - luma_of(coloured)).max() < 0.01


def test_a_classical_fill_takes_the_inpainters_place(platform: Platform) -> None:
    photo = tiny.add_photo(platform.settings, platform.database, 5)
    assert run(platform, "restore", {"photo_ids": [photo.id], "method": "ns"}).status == "done"
    with platform.database.reading() as session:
        restoration = reviews.latest_restoration(session, photo.id)
    assert restoration is not None
    assert restoration.inpainter.startswith("ns (OpenCV")
    assert restoration.colorizer == production(platform, "colorizer")


def test_a_training_reads_a_snapshot_and_registers_a_model_that_can_be_compared(platform: Platform) -> None:
    settings, database = platform.settings, platform.database
    photos = [tiny.add_photo(settings, database, seed, masked="synthetic") for seed in range(10, 14)]
    with database.unit_of_work() as session:
        for place, photo in enumerate(photos):
            session.execute(
                update(Photo).where(Photo.id == photo.id).values(split="train" if place < 2 else "validation")
            )
        snapshot = make_snapshot(session, None, None)
    trained = run(platform, "train", {"recipe": {**tiny.RECIPE, "synthetic_share": 0.5}, "snapshot": snapshot.id})
    assert trained.status == "done", trained.error

    client = open_client(settings)
    found = client.get_run(str(trained.run_id))
    assert found.info.status == "FINISHED"
    assert found.data.params["encoder"] == "plain"
    assert found.data.tags["heirloom.snapshot"] == snapshot.sha256
    assert found.data.tags["heirloom.code"]
    assert [metric.step for metric in client.get_metric_history(str(trained.run_id), "loss")] == list(range(1, 9))
    files = {entry.path for entry in client.list_artifacts(str(trained.run_id))}
    assert {"images", "model", TRAINING_PHOTOS} <= files

    model = registry.find_model(settings, "detector", trained.result["version"])
    assert model.tags["snapshot"] == snapshot.sha256
    assert registry.checkpoint_file(settings, model).suffix == ".safetensors"
    seen = json.loads((job_folder(settings, trained.id) / TRAINING_PHOTOS).read_text())
    packaged = [name for name in seen["train"] if name.startswith("packaged:")]
    assert seen["train"] == sorted([*packaged, *(photo.sha256 for photo in photos[:2])])
    assert len(packaged) == 6, "the clean photos beside the snapshot"

    compared = run(platform, "compare", {"models": [model.spec, "detector@production"], "photo_ids": None})
    assert compared.status == "done", compared.error
    report = compared.result
    assert {entry["photo_id"] for entry in report["left_out"]} == {photo.id for photo in photos[:2]}
    assert report["left_out"][0]["reason"] == f"{model.spec} was trained on it"
    assert [entry["photo_id"] for entry in report["photos"]] == [photo.id for photo in photos[2:]]
    figures = report["figures"][model.spec]
    assert report["kind"] == "detector"
    assert "real" not in figures, "synthetic masks are never counted as real"
    assert 0 <= figures["synthetic"]["dice"] <= 1
    shown = report["photos"][0]["models"][model.spec]["picture"]
    assert Image.open(BytesIO(platform.blobs.get(shown))).format == "JPEG"

    start = str(registry.checkpoint_file(settings, model))
    successor = run(platform, "train", {"recipe": {**tiny.RECIPE, "epochs": 1, "init": start}, "snapshot": None})
    assert successor.status == "done", successor.error
    seen = json.loads((job_folder(settings, successor.id) / TRAINING_PHOTOS).read_text())
    packaged = [name for name in seen["train"] if name.startswith("packaged:")]
    assert seen["train"] == sorted([*packaged, *(photo.sha256 for photo in photos[:2])])
    assert len(packaged) == 6, "the clean photos beside the snapshot"


@pytest.mark.parametrize("kind", ["inpainter", "colorizer"])
def test_every_kind_is_trained_by_a_job_and_promoted_by_itself(platform: Platform, kind: str) -> None:
    settings, database = platform.settings, platform.database
    recipe = load_recipe(recipe_class(kind), Path("tiny"), ["threads=1"])
    trained = run(platform, "train", {"kind": kind, "recipe": recipe.to_dict(), "snapshot": None})
    assert trained.status == "done", trained.error
    model = registry.find_model(settings, kind, trained.result["version"])
    assert model.run_id == trained.run_id
    client = open_client(settings)
    assert len(client.get_metric_history(str(trained.run_id), "loss")) == recipe.steps
    assert newest_samples(settings, str(trained.run_id)), "pictures to look at"
    assert [row.name for row in list_runs(settings, kind) if row.model == model] == [model.spec]
    columns = {key for column in kind_named(kind).columns for key in column.keys}
    figures = client.get_run(str(trained.run_id)).data.metrics
    assert columns & figures.keys(), "the table of runs shows what such a training measures"

    before = {each: production(platform, each) for each in KINDS}
    proposals_before = len(rows_of(platform, "propose"))
    promoting.promote(settings, database, kind, model.version, None)
    after = {each: production(platform, each) for each in KINDS}
    assert {each for each in KINDS if before[each] != after[each]} == {kind}
    assert len(rows_of(platform, "propose")) == proposals_before, "only detectors propose masks"
    promoting.undo(settings, database, kind, None)
    assert production(platform, kind) == before[kind]


def rows_of(platform: Platform, kind: rows.JobKind) -> list[rows.Job]:
    with platform.database.reading() as session:
        return rows.list_jobs(session, kind)


def test_a_promotion_moves_the_alias_is_recorded_undone_and_asks_for_new_proposals(platform: Platform) -> None:
    settings, database = platform.settings, platform.database
    before = registry.find_model(settings, "detector", "production")
    made = tiny.put_in_production(settings, tiny.tiny_detector(settings.home / "other.safetensors", seed=5))
    open_client(settings).set_registered_model_alias("detector", "production", before.version)

    row = promoting.promote(settings, database, "detector", made, None)
    assert (row.version, row.previous_version) == (made, before.version)
    assert registry.find_model(settings, "detector", "production").version == made
    with pytest.raises(registry.RegistryError, match="in production already"):
        promoting.promote(settings, database, "detector", made, None)

    undone = promoting.undo(settings, database, "detector", None)
    assert undone.undoes_id == row.id
    assert registry.find_model(settings, "detector", "production").version == before.version
    with pytest.raises(registry.RegistryError, match="no promotion"):
        promoting.undo(settings, database, "detector", None)
    with database.reading() as session:
        assert [entry.id for entry in promotions.history(session, "detector")] == [undone.id, row.id]
        asked = [job for job in rows.list_jobs(session, "propose") if job.params == {"photo_ids": None}]
    assert len(asked) >= 2
    assert tiny.ended(database, asked[0].id).status == "done"


def test_a_cancelled_training_keeps_its_checkpoint_and_a_waiting_one_never_starts(platform: Platform) -> None:
    settings, database = platform.settings, platform.database
    recipe = {**tiny.RECIPE, "steps_per_epoch": 100_000}
    running = jobs.launch(settings, database, "train", {"recipe": recipe, "snapshot": None}, None)
    waiting = jobs.launch(settings, database, "train", {"recipe": recipe, "snapshot": None}, None)
    wait_for((job_folder(settings, running.id) / "state").exists, "the first checkpoint", 600)
    assert tiny.look(database, waiting.id).status == "queued"
    assert jobs.cancel(settings, database, waiting.id).status == "cancelled"
    assert jobs.cancel(settings, database, running.id).status == "running"
    cancelled = tiny.ended(database, running.id)
    assert cancelled.status == "cancelled"
    assert any((job_folder(settings, running.id) / "state").iterdir())
    client = open_client(settings)
    assert client.get_run(str(cancelled.run_id)).info.status == "KILLED"

    told = len(client.get_metric_history(str(cancelled.run_id), "loss"))
    again = {"recipe": recipe, "snapshot": None, "resume_run": cancelled.run_id}
    resumed = jobs.launch(settings, database, "train", again, None)
    wait_for(
        lambda: len(client.get_metric_history(str(cancelled.run_id), "loss")) > told, "a step of the same run", 600
    )
    jobs.cancel(settings, database, resumed.id)
    assert tiny.ended(database, resumed.id).run_id == cancelled.run_id
    steps = [metric.step for metric in client.get_metric_history(str(cancelled.run_id), "loss")]
    assert sorted(steps) == list(range(1, len(steps) + 1))


def test_a_failed_training_says_why_in_a_sentence_and_keeps_its_log(platform: Platform) -> None:
    missing = {**tiny.RECIPE, "photos": [str(platform.settings.home / "nowhere")]}
    job = run(platform, "train", {"recipe": missing, "snapshot": None})
    assert job.status == "failed"
    assert "there are no photos here" in job.error
    client = open_client(platform.settings)
    assert client.get_run(str(job.run_id)).info.status == "FAILED"
    assert "log.txt" in {entry.path for entry in client.list_artifacts(str(job.run_id))}


def test_inpainters_are_compared_on_known_holes_and_colorizers_on_colour_photos(platform: Platform) -> None:
    settings, database = platform.settings, platform.database
    photo = tiny.add_photo(settings, database, 20, masked="imported")
    pairs: dict[str, list[str]] = {}
    for kind, make in (("inpainter", tiny.tiny_inpainter), ("colorizer", tiny.tiny_colorizer)):
        champion = registry.find_model(settings, kind, "production").spec
        rival = tiny.put_in_production(settings, make(settings.home / f"rival-{kind}.safetensors", seed=7), kind=kind)
        pairs[kind] = [champion, f"{kind}@{rival}"]

    filled = run(platform, "compare", {"models": pairs["inpainter"], "photo_ids": [photo.id]})
    assert filled.status == "done", filled.error
    assert (filled.result["kind"], filled.result["counts"]) == ("inpainter", {"real": 1})
    (shown,) = filled.result["photos"]
    first, second = (shown["models"][spec] for spec in pairs["inpainter"])
    assert first["figures"]["psnr"] > 0
    assert first["figures"] != second["figures"]
    assert first["picture"] != second["picture"]
    assert shown["apart"] > 0
    assert filled.result["figures"][pairs["inpainter"][0]]["real"] == first["figures"]

    grey = tiny.add_photo(settings, database, 21, grey=True)
    wanted = {"models": pairs["colorizer"], "photo_ids": [photo.id, grey.id]}
    coloured = run(platform, "compare", wanted)
    assert coloured.status == "done", coloured.error
    assert coloured.result["counts"] == {"colour": 1, "old": 1}
    champion = pairs["colorizer"][0]
    figures = {entry["group"]: entry["models"][champion]["figures"] for entry in coloured.result["photos"]}
    assert figures["old"] == {}, "nobody knows the colours of an old photo"
    assert figures["colour"]["ciede2000"] > 0
    assert coloured.result["figures"][champion] == {"colour": figures["colour"]}

    mixed = run(platform, "compare", {"models": [pairs["inpainter"][0], champion], "photo_ids": None})
    assert mixed.error == "A comparison is between models of one kind, not colorizer and inpainter."
