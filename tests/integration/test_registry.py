"""Models by name: found, fetched, refused in a sentence."""

import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from annotator.up import plan
from annotator.views.runs import curve, list_runs, newest_samples, sample_bytes
from db import jobs as rows
from db.blobs import open_blobs
from db.engine import Database
from db.models import Job
from db.settings import Settings
from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError
from inference.shipped import shipped_path
from tests.support import tiny
from trainer.comparing.judges import trained_photos
from trainer.errors import JobError, RegistryError
from trainer.jobs.work import Work
from trainer.platform import prepare
from trainer.tracking import registry
from trainer.tracking.runs import open_run
from trainer.tracking.store import open_client
from trainer.workers.performing import perform

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return tiny.tiny_detector(tmp_path / "tiny.safetensors")


def test_a_password_of_the_registry_is_told_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:geheim@127.0.0.1:1/")
    team = Settings()
    with pytest.raises(RegistryError) as caught, registry.answering(team):
        raise MlflowException("API request to http://u:geheim@127.0.0.1:1/api/2.0 failed")
    assert "registry at http://u:***@127.0.0.1:1/ does not answer" in str(caught.value)
    app, *_ = plan(team, "127.0.0.1", 0, 0)
    assert app.environment["HEIRLOOM_MLFLOW_ADDRESS"] == "http://127.0.0.1:1/"
    assert "geheim" not in str(caught.value) + capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "shown"),
    [("It is away.", "It is away"), (" Gone...\nat 3\n", "Gone"), ("Why?", "Why?"), ("", "MlflowException"),
     ("\n.", "MlflowException")],
)  # fmt: skip
def test_what_the_registry_says_ends_with_one_full_stop(settings: Settings, said: str, shown: str) -> None:
    with pytest.raises(RegistryError) as caught, registry.answering(settings):
        raise MlflowException(said)
    assert f" as it should: {shown}. Check that MLflow runs there, " in str(caught.value)


@pytest.mark.parametrize(
    "ask", [lambda away: curve(away, "0" * 32, "loss"), lambda away: newest_samples(away, "0" * 32)]
)
def test_a_page_tells_no_password_of_an_mlflow_that_does_not_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Settings], object]
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = settings.model_copy(update={"tracking_uri": "http://u:geheim@127.0.0.1:9"})
    with pytest.raises(RegistryError, match="does not answer") as caught:
        ask(away)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("begun", [False, True])
def test_a_training_whose_mlflow_does_not_answer_tells_no_password(
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    begun: bool,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = settings.model_copy(update={"tracking_uri": "http://u:geheim@127.0.0.1:9"})
    if begun:  # what comes then asks MLflow first for a run that is there
        monkeypatch.setattr("trainer.jobs.training.open_run", lambda *_, **__: "0" * 32)
    with database.unit_of_work() as session:
        job = rows.add_job(session, "train", {"recipe": tiny.RECIPE, "snapshot": None}, None)
        rows.claim(session, job.id, "test")
    assert perform(away, database, job.id, lambda: False) == "failed"
    with database.reading() as session:
        said = rows.get_job(session, job.id).error
    assert "http://127.0.0.1:9" in said
    assert f"job {job.id} failed" in caplog.text
    assert "geheim" not in said + caplog.text


def test_a_password_of_mlflow_is_sent_to_its_server(settings: Settings) -> None:
    asked: list[str | None] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://ann%40home:ge%2Fhe@im@127.0.0.1:{server.server_port}"
        client = open_client(settings.model_copy(update={"tracking_uri": address}))
        client.get_experiment_by_name("detector")
        server.shutdown()
    assert set(asked) == {"Basic " + b64encode(b"ann@home:ge/he@im").decode()}


def test_names_aliases_versions_and_files_are_resolved(settings: Settings, checkpoint: Path) -> None:
    prepare(settings)
    version = tiny.put_in_production(settings, checkpoint)
    for spec in (None, "detector@production", f"detector@{version}", f"detector@v{version}"):
        path, name = registry.resolve(settings, spec, "detector")
        assert path.read_bytes() == checkpoint.read_bytes()
        assert str(name) == f"detector v{version} (registry)"
    path, name = registry.resolve(settings, str(checkpoint), "detector")
    assert path == checkpoint
    assert name.source == "file"


def test_what_is_not_there_is_refused_with_what_is(settings: Settings, checkpoint: Path) -> None:
    prepare(settings)
    version = tiny.put_in_production(settings, checkpoint)
    with pytest.raises(RegistryError, match=rf"no detector@99; it has .*detector@{version} \(production\)"):
        registry.resolve(settings, "detector@99", "detector")
    with pytest.raises(RegistryError, match="neither a checkpoint file nor"):
        registry.resolve(settings, "nowhere.safetensors", "detector")


def test_registering_a_run_again_makes_no_second_version(settings: Settings, checkpoint: Path) -> None:
    prepare(settings)
    version = tiny.put_in_production(settings, checkpoint)
    model = registry.find_model(settings, "detector", version)
    assert registry.register(settings, "detector", checkpoint, model.run_id, {}) == version


def test_a_home_gets_what_heirloom_ships_at_the_first_start_and_what_it_lacks_at_a_later_one(
    settings: Settings, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = ["detector"]

    def shipped_path(kind: str) -> Path:
        if kind not in kinds:
            raise CheckpointError(f"no {kind} ships")
        return checkpoint

    monkeypatch.setattr("trainer.platform.shipped_path", shipped_path)
    prepare(settings)
    [model] = registry.list_models(settings, "detector")
    assert (model.version, model.aliases, model.tags["origin"]) == ("1", ("production",), "shipped")
    assert registry.list_models(settings, "inpainter") == []

    tiny.put_in_production(settings, checkpoint, kind="colorizer")
    kinds += ["inpainter", "colorizer"]
    for _ in range(2):
        prepare(settings)
        found = {
            kind: [(model.version, model.aliases) for model in registry.list_models(settings, kind)] for kind in kinds
        }
        assert found == {
            "detector": [("1", ("production",))],
            "inpainter": [("1", ("production",))],
            "colorizer": [("2", ()), ("1", ("production",))],
        }, "what is in production stays there"


def test_a_registry_that_does_not_answer_is_an_error_and_never_the_shipped_model(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home.mkdir(parents=True)
    (settings.home / "heirloom.db").touch()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = settings.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})
    with pytest.raises(RegistryError, match="does not answer"):
        registry.resolve(away, None, "detector")
    with pytest.raises(RegistryError, match="no MLflow store"):
        registry.resolve(settings, None, "detector")


def test_a_platform_that_was_moved_or_put_back_elsewhere_has_its_models(
    settings: Settings, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(settings)
    version = tiny.put_in_production(settings, checkpoint)
    known = registry.find_model(settings, "detector", version).run_id
    elsewhere = tmp_path / "other disk" / "artifacts" / "home"
    elsewhere.parent.mkdir(parents=True)
    settings.home.rename(elsewhere)
    monkeypatch.setenv("HEIRLOOM_HOME", str(elsewhere))
    moved = Settings()
    prepare(moved)
    path, name = registry.resolve(moved, None, "detector")
    assert path.is_relative_to(moved.artifacts_dir)
    assert path.read_bytes() == checkpoint.read_bytes()
    assert name.version == version
    client = open_client(moved)
    fresh = open_run(moved, "detector", "1", "detector")
    for run in (known, fresh):
        assert client.get_run(run).info.artifact_uri.startswith(moved.artifacts_dir.as_uri() + "/")
    assert not settings.home.exists()


def test_a_store_that_is_no_database_is_named_with_the_remedy(settings: Settings, database: Database) -> None:
    prepare(settings)
    store = settings.home / "mlflow.db"
    damaged = f"{store} is damaged or no database (file is not a database); restore it from a backup."
    store.write_bytes(b"no database at all " * 400)
    uses: list[Callable[[], object]] = [
        lambda: prepare(settings),
        lambda: registry.resolve(settings, None, "detector"),
        lambda: list_runs(settings, "detector"),
        lambda: newest_samples(settings, "0" * 32),
        lambda: sample_bytes(settings, "0" * 32, "images/a.png"),
        lambda: open_run(settings, "detector", "1", "detector"),
    ]
    for use in uses:
        with pytest.raises(RegistryError) as caught:
            use()
        assert str(caught.value) == damaged
    (settings.home / "prepared.json").unlink()
    with pytest.raises(RegistryError) as caught:
        prepare(settings)
    assert str(caught.value) == damaged


def test_a_platform_whose_mlflow_does_not_answer_is_not_prepared(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:geheim@127.0.0.1:9")
    with pytest.raises(RegistryError, match="does not answer") as caught:
        prepare(Settings())
    assert "geheim" not in str(caught.value)


def test_what_a_team_sets_is_prepared_once_and_its_password_is_written_nowhere(
    home: Path, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEIRLOOM_DATABASE_URL", postgres_url.replace("@", ":geheim@"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    prepare(Settings())
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert home / "prepared.json" in kept
    assert not [path for path in kept if b"geheim" in path.read_bytes()]
    first = (home / "prepared.json").stat().st_ino
    prepare(Settings())
    assert (home / "prepared.json").stat().st_ino == first, "nothing was left to prepare"


def test_a_model_whose_run_is_gone_cannot_be_compared(settings: Settings, database: Database) -> None:
    prepare(settings)
    work = Work(settings, database, open_blobs(settings), Job(), lambda: False)
    gone = registry.ModelVersion("detector", "7", (), "0" * 32, {}, datetime.now(UTC))
    with pytest.raises(JobError, match="What detector@7 was trained on is not known"):
        trained_photos(work, gone)


def test_what_the_shipped_model_was_trained_on_is_known(settings: Settings, database: Database) -> None:
    prepare(settings)
    version = registry.find_model(settings, "detector", "production")
    work = Work(settings, database, open_blobs(settings), Job(), lambda: False)
    known = load_checkpoint(shipped_path("detector")).provenance["trained_on"]
    assert len(known) > 1000
    assert trained_photos(work, version) == frozenset(known)
