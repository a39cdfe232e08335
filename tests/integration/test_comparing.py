"""Comparisons whose photos go away while they are made, and those that are broken off."""

from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from annotator.context import Platform
from annotator.importing import import_bytes
from annotator.views import actions
from db.blobs import open_blobs
from db.engine import Database
from db.jobs import add_job, finish, get_job
from db.models import Assessor, Job, Photo
from db.people import sign_in
from db.references import hashes_in
from db.settings import Settings
from inference.png import encode_png
from trainer.comparing import job
from trainer.comparing.colorizers import ColorizerExaminer
from trainer.comparing.examining import Exhibit, Seen
from trainer.errors import Stopped
from trainer.jobs.work import Work


class Comparison:
    """Two photos through two models that do nothing but call `on_look` with their name and the photo's."""

    def __init__(self, here: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        chance = np.random.default_rng(0)
        for name in ("a.png", "b.png"):
            import_bytes(here, encode_png(chance.integers(0, 255, (40, 60, 3), np.uint8)), name)
        with here.database.unit_of_work() as session:
            self.ada: Assessor = sign_in(session, "Ada")
            self.job: Job = add_job(session, "compare", {"models": ["colorizer@1", "colorizer@2"]}, None)
            self.photos: dict[str, Photo] = {photo.filename: photo for photo in session.query(Photo)}
        self.work = Work(here.settings, here.database, here.blobs, self.job, lambda: False)
        self.before = set(here.blobs.hashes())
        self.on_look: Callable[[str, str], None] = lambda *_: None

        def candidate(_: Work, spec: str) -> SimpleNamespace:
            return SimpleNamespace(spec=spec, model=SimpleNamespace(name="colorizer", run_id="run"))

        monkeypatch.setattr(job, "candidate_of", candidate)
        monkeypatch.setattr(job, "examiner_for", lambda _: _Examiner(self))


class _Examiner(ColorizerExaminer):
    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison

    def exhibits(self, *_: object) -> Any:
        return [Exhibit(photo, "old") for photo in self._comparison.photos.values()], []

    def load(self, _: Settings, spec: str) -> Any:
        return SimpleNamespace(name=spec)

    def look(self, model: Any, exhibit: Exhibit, shown: Any, go_on: Callable[[float], None]) -> Seen:
        self._comparison.on_look(model.name, exhibit.photo.filename)
        shade = np.uint8(40 * (1 + ["colorizer@1", "colorizer@2"].index(model.name)))
        return Seen(shown.picture.pixels // 2 + shade, {})


@pytest.fixture
def here(settings: Settings, database: Database) -> Platform:
    return Platform(settings, database, open_blobs(settings))


@pytest.mark.parametrize("during", [("colorizer@1", "b.png"), ("colorizer@2", "a.png"), ("colorizer@2", "b.png")])
def test_a_photo_deleted_meanwhile_leaves_no_pictures(
    here: Platform, monkeypatch: pytest.MonkeyPatch, during: tuple[str, str]
) -> None:
    comparison = Comparison(here, monkeypatch)
    gone = comparison.photos["a.png"]

    def delete(*at: str) -> None:
        if at == during:
            actions.delete(here, [gone.id], comparison.ada)

    comparison.on_look = delete
    job.compare(comparison.work)
    with here.database.unit_of_work() as session:
        finish(session, comparison.job.id, None)
        report = get_job(session, comparison.job.id).result
    (left,) = report["photos"]
    assert left["filename"] == "b.png"
    assert [entry["filename"] for entry in report["left_out"]] == ["a.png"]
    assert report["counts"] == {"old": 1}
    pictures = {left["view"], *(seen["picture"] for seen in left["models"].values())}
    assert len(pictures) == 3
    photo = comparison.photos["b.png"]
    assert set(here.blobs.hashes()) == {photo.sha256, photo.view_sha256, photo.thumbnail_sha256, *pictures}


def test_a_photo_that_memory_is_too_small_for_is_left_out(here: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = Comparison(here, monkeypatch)

    def no_room(*at: str) -> None:
        if at == ("colorizer@2", "a.png"):
            raise MemoryError

    comparison.on_look = no_room
    job.compare(comparison.work)
    with here.database.reading() as session:
        report = get_job(session, comparison.job.id).result
    assert [photo["filename"] for photo in report["photos"]] == ["b.png"]
    assert [entry["reason"] for entry in report["left_out"]] == [
        "a.png needs more memory than there is; cut it into parts."
    ]


def test_a_comparison_that_is_broken_off_leaves_no_pictures(here: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = Comparison(here, monkeypatch)

    def stop(*at: str) -> None:
        if at == ("colorizer@2", "b.png"):
            comparison.work.should_stop = lambda: True
            comparison.work.go_on()

    comparison.on_look = stop
    with pytest.raises(Stopped):
        job.compare(comparison.work)
    assert set(here.blobs.hashes()) == comparison.before


def test_a_photo_whose_pictures_went_with_another_comparison_is_left_out(
    here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison(here, monkeypatch)
    stopped = Event()
    with here.database.unit_of_work() as session:
        mine = add_job(session, "compare", comparison.job.params, None)
    other = Work(here.settings, here.database, here.blobs, mine, stopped.is_set)

    def stop_other(*at: str) -> None:
        if at == ("colorizer@1", "b.png"):  # by now it has the same pictures of a.png
            stopped.set()
            other.go_on()

    def run_other(*at: str) -> None:
        if at == ("colorizer@2", "a.png"):
            comparison.on_look = stop_other
            with pytest.raises(Stopped):
                job.compare(other)
            comparison.on_look = lambda *_: None

    comparison.on_look = run_other
    job.compare(comparison.work)
    with here.database.reading() as session:
        report = get_job(session, comparison.job.id).result
    assert report["counts"] == {"old": 1}
    assert [photo["filename"] for photo in report["photos"]] == ["b.png"]
    assert [entry["reason"] for entry in report["left_out"]] == [
        "its pictures went with another comparison, which was broken off meanwhile"
    ]
    assert set(here.blobs.hashes()) == comparison.before | hashes_in(report["photos"])
