"""Where the platform keeps its state."""

from pathlib import Path

import pytest

from db.addresses import normal_url, shown_url
from db.settings import Settings


def test_the_home_alone_is_enough(home: Path) -> None:
    settings = Settings()
    assert settings.database_url == f"sqlite:///{home}/heirloom.db"
    assert settings.jobs_database_url == f"sqlite:///{home}/jobs.db"
    assert settings.blobs_url == str(home / "blobs")
    assert not settings.has_platform()
    assert not home.exists(), "reading settings must not make a home"


def test_a_team_sets_addresses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIRLOOM_DATABASE_URL", "postgresql://db/heirloom")
    monkeypatch.setenv("HEIRLOOM_BLOBS_URL", "s3://bucket/blobs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    settings = Settings()
    assert settings.database_url == settings.jobs_database_url == "postgresql://db/heirloom"
    assert settings.blobs_url == "s3://bucket/blobs"
    assert settings.mlflow_tracking_uri == "http://mlflow:5000"
    assert settings.has_platform()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_gets_the_driver_we_ship(scheme: str) -> None:
    assert normal_url(f"{scheme}://u@h/d") == "postgresql+psycopg://u@h/d"


def test_a_shown_address_hides_its_password() -> None:
    assert "geheim" not in shown_url("postgresql://u:geheim@h/d")
