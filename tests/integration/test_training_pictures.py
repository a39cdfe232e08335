"""Sample pictures of a training's run: its own, and nothing else of the machine."""

import tempfile
from itertools import product
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from annotator.views.runs import sample_bytes
from db.engine import Database
from db.settings import Settings
from tests.support.serving import serving_here
from trainer.errors import RegistryError
from trainer.platform import prepare
from trainer.tracking.runs import open_run
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(900)
PICTURE = "images/real samples+step+1+timestamp+2+ab.png"


def test_a_sample_is_found_by_its_name_and_no_address_leads_out_of_them(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    prepare(settings)
    run_id = open_run(settings, "detector", "1", "detector")
    sample = tmp_path / PICTURE
    sample.parent.mkdir()
    sample.write_bytes(b"a picture")
    open_client(settings).log_artifact(run_id, str(sample), "images")
    (settings.home / "secret.key").write_text("a secret")
    assert sample_bytes(settings, run_id, PICTURE) == b"a picture"
    for up, steps in product(["..", "%2e%2e", "%2E.", "%252e%252e"], range(1, 8)):
        with pytest.raises(RegistryError):
            sample_bytes(settings, run_id, f"images/{'/'.join([up] * steps)}/secret.key")


def test_a_sample_that_a_server_keeps_leaves_no_copy(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(settings)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with serving_here(artifacts()) as address:
        client = open_client(settings)
        experiment = client.create_experiment(
            "kept by a server", artifact_location=f"{address}/mlflow-artifacts/artifacts"
        )
        run_id = client.create_run(experiment).info.run_id
        assert sample_bytes(settings, run_id, PICTURE) == b"a picture"
    assert not list(tmp_path.glob("tmp*"))


def artifacts() -> Starlette:
    """A server of artifacts as MLflow asks for them: it lists nothing, and has every file."""

    async def answer(request: Request) -> Response:
        return Response(b'{"files": []}' if request.query_params else b"a picture")

    return Starlette(routes=[Route("/{path:path}", answer)])
