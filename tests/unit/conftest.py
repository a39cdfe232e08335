"""What several files of unit tests start from."""

from pathlib import Path

import pytest

from tests.support.networks import small_models


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small checkpoint of every kind, by kind."""
    return small_models(tmp_path_factory.mktemp("models"))
