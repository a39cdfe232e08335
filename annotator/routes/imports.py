"""POST /api/photos?name=…&collection=… takes one photo, or a zip of them, as the request's body."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from annotator import identity
from annotator.context import assessor_of, platform
from annotator.importing import ImportFailure, ImportReport, failed, import_sources
from annotator.routes.http import telling_troubles
from annotator.sources import MAX_ZIP_BYTES, ImportProblem, find_sources, unread_in
from annotator.views import actions
from db.models import Assessor
from db.photos import LONGEST_COLLECTION
from inference.decoding import Limits

LONGEST_NAME = 200
"""Bytes of a file's name. Ours may have 255; other systems count letters, of up to four bytes each."""

NO_PHOTOS = "This zip holds no photos: JPEG, PNG, TIFF, WebP or BMP files."


async def receive(request: Request) -> Response:
    """Answers {"outcomes": […], "failures": […]}: a file that cannot come in is a failure with its reason."""
    assessor = await run_in_threadpool(assessor_of, request.cookies.get(identity.COOKIE))
    if assessor is None:
        return JSONResponse({"error": "Say who you are on the start page first."}, 401)
    name = PurePosixPath(request.query_params.get("name", "").replace("\\", "/")).name
    if not name or name.startswith(".") or "\0" in name:
        return JSONResponse({"error": "Give the file's name as ?name=…"}, 422)
    with TemporaryDirectory(prefix="heirloom-") as folder:
        path = Path(folder) / name.encode()[-LONGEST_NAME:].decode(errors="ignore")
        try:
            await _save(request.stream(), path)
        except ImportProblem as problem:
            return JSONResponse({"error": f"{name}: {problem}"}, 413)
        report = await run_in_threadpool(_import, path, request.query_params.get("collection", ""), assessor)
    return JSONResponse(asdict(report))


async def _save(chunks: AsyncIterator[bytes], path: Path) -> None:
    limit = MAX_ZIP_BYTES if path.suffix.lower() == ".zip" else Limits().max_bytes
    size = 0
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise ImportProblem(f"This is larger than {limit // 1024**2} MiB. Split or shrink it.")
            file.write(chunk)


def _import(path: Path, collection: str, by: Assessor) -> ImportReport:
    """Names in the report are those that the person knows, not those of our temporary folder.

    Proposals are asked for here, so that closing the page during a long upload leaves no photo without one.
    """
    sources, failures = find_sources([path])
    report = import_sources(platform(), sources, collection=collection.strip()[:LONGEST_COLLECTION], by_id=by.id)
    if report.waiting_ids:
        actions.propose(platform(), by)
    report.failures[:0] = [failed(name, reason) for name, reason in failures]
    report.left_out = [name.removeprefix(f"{path.parent}/") for name in unread_in([path])]
    if not sources and not failures:
        report.failures.append(failed(path.name, NO_PHOTOS))
    prefix = f"{path.parent}/"
    report.failures = [
        ImportFailure(f.name.removeprefix(prefix), f.reason.replace(prefix, "")) for f in report.failures
    ]
    return report


routes = [Route("/api/photos", telling_troubles(receive), methods=["POST"])]
