"""`heirloom train detector` in a shell: alone into a folder, and as a job of the platform."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from filelock import FileLock
from requests import ConnectionError
from sqlalchemy import update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from db import jobs as rows
from db.engine import Database, open_database
from db.models import Photo
from db.settings import Settings
from db.snapshots import make_snapshot
from inference.checkpoint import load_checkpoint
from inference.progress import terminal_bar
from tests.support import tiny
from trainer import shell
from trainer.cli import commands
from trainer.errors import JobError, RunBusy, Stopped, WrongUse
from trainer.jobs import has_state
from trainer.learning import seen
from trainer.learning.examples import TrainingExample
from trainer.learning.recipe import Recipe, RecipeError
from trainer.platform import prepare
from trainer.shell import _bar
from trainer.tracking import registry
from trainer.workers.performing import perform

pytestmark = pytest.mark.timeout(1200)
FIELDS = [
    f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}" for key, value in tiny.RECIPE.items()
]


def test_without_a_platform_a_folder_is_needed_and_gets_the_model(home: Path, tmp_path: Path) -> None:
    shell = CliRunner()
    lost = shell.invoke(commands, ["train", "detector", *FIELDS])
    assert lost.exit_code == 2
    assert "--out" in lost.output
    out = tmp_path / "out"
    done = shell.invoke(commands, ["train", "detector", *FIELDS, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert Path(json.loads(done.stdout)["checkpoint"]) == out / "detector.safetensors"
    again = shell.invoke(commands, ["train", "detector", *FIELDS, "--out", str(out)])
    assert f"{out / 'detector.safetensors'}\nmetrics:\n  synthetic/dice: 0." in again.stdout
    assert not home.exists()


def test_a_snapshot_that_is_none_is_wrong_use(database: Database, tmp_path: Path) -> None:
    assert database.is_sqlite
    for out in ([], ["--out", str(tmp_path / "out")]):
        result = CliRunner().invoke(commands, ["train", "detector", *FIELDS, "--snapshot", "spring", *out])
        assert isinstance(result.exception, WrongUse), result.output
        assert "There is no snapshot spring" in str(result.exception)


@pytest.mark.usefixtures("home")
def test_a_bar_shows_names_as_they_stand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Rich takes what stands in brackets for marks, and an end without a beginning for an error."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with _bar(quiet=False) as tell:
        tell(0.5, "Starting from a[/b]/c.safetensors")
    assert "Starting from a[/b]/c.safetensors" in capsys.readouterr().err


def test_a_bar_shows_no_share_before_the_training_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    bar = terminal_bar(counted=False, quiet=True)
    monkeypatch.setattr(shell, "terminal_bar", lambda **_: bar)
    with _bar(quiet=True) as tell:
        (task,) = bar.tasks
        for unknown in (None, 0.0):
            tell(unknown, "loading")
            assert task.total is None
        for share in (0.25, 1.0):
            tell(share, "epoch 1")
            assert (task.percentage, task.description) == (100 * share, "epoch 1")


def test_several_processes_are_no_job_and_a_snapshot_needs_a_platform(
    settings: Settings, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = CliRunner().invoke(commands, ["train", "detector", *FIELDS, "--out", str(tmp_path), "--snapshot", "1"])
    assert lost.exit_code == 2
    assert "HEIRLOOM_HOME" in lost.output
    prepare(settings)
    monkeypatch.setenv("WORLD_SIZE", "2")
    refused = CliRunner().invoke(commands, ["train", "detector", *FIELDS])
    assert refused.exit_code == 2
    assert "--out" in refused.output


def test_a_snapshot_of_the_platform_is_trained_on_into_a_folder(settings: Settings, tmp_path: Path) -> None:
    with tiny.prepared(settings) as database:
        photos = [tiny.add_photo(settings, database, seed, masked="drawn") for seed in range(6)]
        with database.unit_of_work() as session:
            for photo in photos:
                split = "validation" if photo is photos[0] else "train"
                session.execute(update(Photo).where(Photo.id == photo.id).values(split=split))
            frozen = make_snapshot(session, "first", None).sha256
    fields = [*FIELDS, "synthetic_share=0", "epochs=1"]
    words = ["train", "detector", *fields, "--snapshot", "first", "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(commands, words)
    assert done.exit_code == 0, done.output
    provenance = load_checkpoint(tmp_path / "detector.safetensors").provenance
    assert provenance["snapshot"] == frozen
    assert provenance["trained_on"] == sorted(photo.sha256 for photo in photos[1:])
    with tiny.prepared(settings) as database, database.reading() as session:
        assert rows.list_jobs(session) == []


def test_a_folder_that_another_process_trains_into_is_left_alone(home: Path, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".lock"):
        refused = CliRunner().invoke(commands, ["train", "detector", *FIELDS, "--out", str(tmp_path)])
    assert isinstance(refused.exception, RunBusy)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_on_a_platform_it_is_a_job_with_a_run_and_a_model(settings: Settings) -> None:
    prepare(settings)
    before = len(registry.list_models(settings, "detector"))
    done = CliRunner().invoke(commands, ["train", "detector", *FIELDS, "--json"])
    assert done.exit_code == 0, done.output
    database = open_database(settings)
    with database.reading() as session:
        [job] = rows.list_jobs(session)
    database.dispose()
    assert (job.kind, job.status) == ("train", "done")
    assert json.loads(done.stdout) == job.result
    assert len(registry.list_models(settings, "detector")) == before + 1


def test_a_job_that_goes_on_with_a_run_shows_from_the_start_how_far_that_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the clean photos are told apart once."""
    prepare(settings)
    database = open_database(settings)
    recipe = {**tiny.RECIPE, "epochs": 2, "steps_per_epoch": 3}
    shown: list[tuple[str, float]] = []
    sides: list[object] = []
    tell, told_apart = rows.progress, seen.clean_sides

    def progress(session: Session, job_id: str, fraction: float | None, message: str) -> None:
        tell(session, job_id, fraction, message)
        shown.append((job_id, rows.get_job(session, job_id).progress))

    def clean_sides(recipe: Recipe, examples: Sequence[TrainingExample]) -> seen.Sides:
        sides.append(recipe)
        return told_apart(recipe, examples)

    def trained(params: dict[str, object], should_stop: Callable[[], bool]) -> rows.Job:
        with database.unit_of_work() as session:
            job = rows.add_job(session, "train", {"recipe": recipe, "snapshot": None, **params}, None)
            rows.claim(session, job.id, "test")
        perform(settings, database, job.id, should_stop)
        with database.reading() as session:
            return rows.get_job(session, job.id)

    monkeypatch.setattr("trainer.learning.seen.clean_sides", clean_sides)
    monkeypatch.setattr("trainer.learning.training.clean_sides", clean_sides)
    monkeypatch.setattr("trainer.jobs.work.rows.progress", progress)
    monkeypatch.setattr("trainer.jobs.work._TELL_EVERY_S", 0.0)
    first = trained({}, lambda: len([fraction for _, fraction in shown if fraction > 0]) > 0)
    assert first.status == "running", first.error
    assert has_state(settings, first.id)
    second = trained({"resume_run": first.run_id}, lambda: False)
    assert second.status == "done", second.error
    assert 0 < first.progress < 1
    of_second = [fraction for job_id, fraction in shown if job_id == second.id]
    assert of_second[0] == 0, "the job is claimed, and nothing is known of its run yet"
    assert min(of_second[1:]) >= first.progress
    assert len(sides) == 2
    database.dispose()


@pytest.mark.parametrize(("end", "status"), [(JobError("The loss is no number."), "failed"), (Stopped(), "cancelled")])
def test_a_training_ends_as_it_did_where_mlflow_does_not_hear_of_it(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, end: Exception, status: str
) -> None:
    def run(*_: object) -> None:
        raise end

    def away(*_: object) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr("trainer.jobs.training.open_run", lambda *_, **__: "run")
    monkeypatch.setattr("trainer.jobs.training._run", run)
    monkeypatch.setattr("trainer.jobs.training.close_run", away)
    with database.unit_of_work() as session:
        job = rows.add_job(session, "train", {"recipe": tiny.RECIPE, "snapshot": None}, None)
        rows.claim(session, job.id, "test")
        if status == "cancelled":
            rows.request_cancel(session, job.id)
    assert perform(settings, database, job.id, lambda: False) == status
    with database.reading() as session:
        ended = rows.get_job(session, job.id)
    assert (ended.status, ended.error) == (status, str(end))


def test_a_wrong_field_is_named(home: Path) -> None:
    done = CliRunner().invoke(commands, ["train", "detector", "epoch=3", "--out", str(home)])
    assert isinstance(done.exception, RecipeError)
    assert "no field 'epoch'" in str(done.exception)
