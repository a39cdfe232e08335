"""A platform to import into, and one that the command finds."""

import pytest

from annotator.context import Platform
from db.blobs import open_blobs
from db.engine import Database
from db.settings import Settings
from trainer.platform import prepare


@pytest.fixture
def here(settings: Settings, database: Database) -> Platform:
    return Platform(settings, database, open_blobs(settings))


@pytest.fixture
def prepared(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A platform whose MLflow store is left out: importing needs none, and making one takes long."""
    monkeypatch.setattr("trainer.platform._prepare_mlflow", lambda _settings: None)
    prepare(settings)
    return settings
