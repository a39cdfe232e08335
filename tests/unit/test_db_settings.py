"""Where the platform keeps its state."""

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from annotator.main import expected
from db.addresses import normal_url, shown_place, shown_url, sqlite_file
from db.blobs import open_blobs
from db.errors import BlobError
from db.settings import Settings


def test_the_home_alone_is_enough(home: Path) -> None:
    settings = Settings()
    assert settings.database_url == f"sqlite:///{home}/heirloom.db"
    assert settings.jobs_database_url == f"sqlite:///{home}/jobs.db"
    assert settings.blobs_url == str(home / "blobs")
    assert not settings.has_platform()
    assert not home.exists(), "reading settings must not make a home"


@pytest.mark.parametrize("name", ["what?", "50%", "a%20b", "%%3F", "a#b", "a b", "ü"])
def test_a_home_of_any_name_holds_its_databases(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIRLOOM_HOME", str(tmp_path / name))
    settings = Settings()
    for url in (settings.database_url, settings.jobs_database_url, settings.mlflow_store_url):
        file = sqlite_file(url)
        assert file is not None
        assert file.parent == tmp_path / name


def test_a_home_may_begin_with_a_tilde_that_no_shell_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HEIRLOOM_HOME", "~/old photos")
    assert Settings().home == tmp_path / "old photos"
    assert Settings().database_url == f"sqlite:///{tmp_path}/old photos/heirloom.db"
    monkeypatch.setenv("HEIRLOOM_HOME", "photos/~")
    assert Settings().home == Path("photos/~")
    monkeypatch.setenv("HEIRLOOM_HOME", "~nobody-of-this-name/photos")
    with pytest.raises(ValidationError, match="nobody here is called nobody-of-this-name"):
        Settings()


def test_a_team_sets_addresses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIRLOOM_DATABASE_URL", "postgresql://db/heirloom")
    monkeypatch.setenv("HEIRLOOM_BLOBS_URL", "s3://bucket/blobs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    settings = Settings()
    assert settings.database_url == settings.jobs_database_url == "postgresql://db/heirloom"
    assert settings.blobs_url == "s3://bucket/blobs"
    assert settings.mlflow_tracking_uri == "http://mlflow:5000"
    assert settings.has_platform()


@pytest.mark.usefixtures("home")
def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEIRLOOM_HOME", "HEIRLOOM_DATABASE_URL", "HEIRLOOM_BLOBS_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, "")
    assert Settings() == Settings(home=Path("var"), database=None, jobs_database=None, blobs=None, tracking_uri=None)
    assert not Settings().has_platform()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_gets_the_driver_we_ship(scheme: str) -> None:
    assert normal_url(f"{scheme}://u@h/d") == "postgresql+psycopg://u@h/d"


def test_a_shown_address_hides_its_password() -> None:
    assert "geheim" not in shown_url("postgresql://u:geheim@h/d")
    assert "geheim" not in shown_url("postgresql://h/d?user=u&password=geheim&sslmode=require")
    assert shown_place("sftp://u:geheim@h/blobs") == "sftp://u:***@h/blobs"
    assert shown_place("sftp://u:ge@heim@h/blobs") == "sftp://u:***@h/blobs"
    assert shown_place("s3://bucket/a@b") == "s3://bucket/a@b"


@pytest.mark.parametrize("variable", ["HEIRLOOM_DATABASE_URL", "HEIRLOOM_JOBS_DATABASE_URL"])
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("geheim", "is no address of a database; give sqlite:///FILE or postgresql://"),
        ("postgresql://u:ge@geheim@h/d", "an @ in a password is written %40; give sqlite:///FILE"),
        ("mysql://u:geheim@h/d", "keeps nothing in mysql; give sqlite:///FILE"),
        ("postgresql+geheim://u@h/d", "is no address of a database; give"),
        ("postgresql+pg8000://u:geheim@h/d", "needs pg8000, which is not installed"),
        ("postgresql://u@h:geheim/d", "is no address of a database; give"),
    ],
)
@pytest.mark.usefixtures("home")
def test_an_address_that_is_no_databases_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, why: str
) -> None:
    monkeypatch.setenv(variable, url)
    with pytest.raises(ValidationError) as caught:
        Settings()
    said = expected(caught.value)
    assert said is not None
    assert f"{variable}: " in said
    assert why in said
    assert "geheim" not in said + str(caught.value)


@pytest.mark.usefixtures("home")
def test_an_address_of_blobs_that_nothing_knows_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("foo://u:geheim@x", "simplecache::foo://u:geheim@x"):
        monkeypatch.setenv("HEIRLOOM_BLOBS_URL", url)
        with pytest.raises(ValidationError) as caught:
            Settings()
        said = expected(caught.value)
        assert said is not None
        assert "HEIRLOOM_BLOBS_URL: nothing is known to keep files at foo://; give a folder" in said
        assert "geheim" not in said + str(caught.value)
    for url in ("memory://blobs", "simplecache::s3://bucket/blobs", "plain/folder", ""):
        monkeypatch.setenv("HEIRLOOM_BLOBS_URL", url)
        Settings()


@pytest.mark.usefixtures("home")
def test_blobs_whose_package_is_missing_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIRLOOM_BLOBS_URL", "s3://bucket/blobs")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(BlobError, match=r"HEIRLOOM_BLOBS_URL cannot be used .*pip install"):
        open_blobs(Settings())
