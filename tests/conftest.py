"""Fixtures that all tests share: a home of their own, a migrated database, nothing from the developer's shell."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from db.engine import Database, open_database
from db.migrate import upgrade
from db.models import ResultKind
from db.settings import Settings

if TYPE_CHECKING:  # most tests do without the pages' room, which takes a second to import
    from tests.support.reviewable import Reviewable

pytest_plugins = ["tests.support.postgres", "tests.support.databases"]
os.environ.setdefault("OMP_NUM_THREADS", "1")
# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile(
    "unhurried", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")
BROWSER = Path(__file__).parent / "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `--dist loadgroup`: a file's tests share one process, and all browser tests run one after another."""
    for item in items:
        in_browser = BROWSER in item.path.parents
        if in_browser:
            item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.xdist_group("browser" if in_browser else str(item.path)))


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """What torch draws in a test depends neither on the tests before it nor on the process that it runs in."""
    torch = sys.modules.get("torch")  # most tests do without: importing it takes seconds
    if torch is not None:
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _same_main() -> Iterator[None]:
    """Streamlit's AppTest leaves the page as `__main__`, which every process that a later test spawns would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HEIRLOOM_HOME; the addresses of a team are unset."""
    for name in ("HEIRLOOM_DATABASE_URL", "HEIRLOOM_JOBS_DATABASE_URL", "HEIRLOOM_BLOBS_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "home"
    monkeypatch.setenv("HEIRLOOM_HOME", str(path))
    return path


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of a platform in `home`."""
    return Settings()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A migrated, empty SQLite database."""
    settings.home.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database_url)
    opened = open_database(settings)
    yield opened
    opened.dispose()


@pytest.fixture
def kinds() -> tuple[ResultKind, ...]:
    """The results of a photo that wait for a verdict; a test of all three overrides it."""
    return ("restored",)


@pytest.fixture
def reviewable(database: Database, kinds: tuple[ResultKind, ...]) -> "Reviewable":
    """A platform with results to review and masks to accept."""
    from annotator.context import platform
    from tests.support.reviewable import make_reviewable

    return make_reviewable(platform(), kinds=kinds)
