"""Pages run as somebody who leads and engineers."""

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from annotator import visitor
from annotator.context import platform
from db.engine import Database
from db.people import sign_in


def run_page(module: str) -> None:
    from annotator.navigation import _runner

    _runner(module)()


@pytest.fixture
def show(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Run a page as Ada, who leads and engineers."""
    with database.unit_of_work() as session:
        ada = sign_in(session, "Ada")
    monkeypatch.setattr(visitor, "visitor", lambda: ada)
    monkeypatch.setattr("annotator.views.runs.list_runs", lambda _settings, _kind: [])

    def run(module: str, **query: str) -> AppTest:
        page = AppTest.from_function(run_page, args=(module,), default_timeout=120)
        for name, value in query.items():
            page.query_params[name] = value
        return page.run()

    yield run
    platform().database.dispose()
