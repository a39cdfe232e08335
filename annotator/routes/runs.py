"""Pictures that jobs made: samples of a training's run, pictures of a comparison."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from annotator.routes.http import Call, get
from annotator.views.runs import sample_bytes
from db.errors import NotFound
from db.jobs import get_job
from db.people import require_engineer

FOR_GOOD = {"cache-control": "private, max-age=31536000, immutable"}


def sample_url(run_id: str, path: str) -> str:
    """Address of a sample picture; `path` names its step, so it never changes."""
    return f"/api/runs/{run_id}/sample?path={quote(path)}"


def comparison_url(job_id: str, sha: str) -> str:
    """Address of a picture in a comparison's report."""
    return f"/api/jobs/{job_id}/pictures/{sha}"


def _sample(call: Call) -> Response:
    require_engineer(call.assessor)
    data = sample_bytes(call.platform.settings, str(call.path["run"]), call.query.get("path", ""))
    return Response(data, media_type="image/png", headers=FOR_GOOD)


def _comparison(call: Call) -> Response:
    require_engineer(call.assessor)
    sha = str(call.path["sha"])
    with call.platform.database.reading() as session:
        report = get_job(session, str(call.path["id"])).result
    if sha not in set(_pictures(report)):
        raise NotFound(f"This comparison has no picture {sha[:12]}.")
    return Response(call.platform.blobs.get(sha), media_type="image/jpeg", headers=FOR_GOOD)


def _pictures(report: dict[str, Any]) -> list[str]:
    return [
        sha
        for photo in report.get("photos", [])
        for sha in (photo["view"], *(seen["picture"] for seen in photo["models"].values()))
    ]


routes = [get("/api/runs/{run}/sample", _sample), get("/api/jobs/{id}/pictures/{sha}", _comparison)]
