"""What goes out as one zip.

GET /api/export?format=coco&photos=1,2: accepted masks and their photos, as `heirloom export` writes them.
GET /api/results?photos=1,2: restored photos, named as `heirloom restore` names them.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from annotator.asked import asked_id
from annotator.routes.http import Call, RouteError, get
from annotator.views.exporting import result_files
from db.export_formats import ExportFormat
from db.exports import export_items, zip_blobs, zip_export


def export_url(photo_ids: list[int], kind: ExportFormat) -> str:
    """Address of the zip of these photos."""
    return f"/api/export?format={kind}&photos={','.join(map(str, photo_ids))}"


def results_url(photo_ids: list[int]) -> str:
    """Address of the zip of these photos' newest results."""
    return f"/api/results?photos={','.join(map(str, photo_ids))}"


def _export(call: Call) -> Response:
    kind, photo_ids = _format(call.query.get("format", "")), _ids(call.query.get("photos", ""))
    with call.platform.database.reading() as session:
        items = export_items(session, photo_ids)
    return _zip(f"heirloom-{kind}.zip", lambda file: zip_export(items, call.platform.blobs, file, kind))


def _results(call: Call) -> Response:
    with call.platform.database.reading() as session:
        files = result_files(session, _ids(call.query.get("photos", "")))
    if not files:
        raise RouteError("None of these photos is restored yet; there is nothing to download.")
    return _zip("heirloom-restored.zip", lambda file: zip_blobs(files, call.platform.blobs, file))


def _zip(name: str, write: Callable[[IO[bytes]], None]) -> Response:
    """The file that `write` fills, which lies nowhere once it is sent or could not be made."""
    with NamedTemporaryFile(suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            write(file)
        except BaseException:
            path.unlink()
            raise
    return FileResponse(path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink))


def _format(name: str) -> ExportFormat:
    if name not in list(ExportFormat):
        raise RouteError(f"There is no format '{name}'; choose among {', '.join(ExportFormat)}.")
    return ExportFormat(name)


def _ids(listed: str) -> list[int]:
    asked = [asked_id(each) for each in listed.split(",")]
    found = [each for each in asked if each is not None]
    if len(found) < len(asked):
        raise RouteError("Name the photos by their numbers, such as photos=1,2.")
    return found


routes: list[Route] = [get("/api/export", _export), get("/api/results", _results)]
