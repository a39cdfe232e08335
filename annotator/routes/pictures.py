"""Photos, proposals, masks and results as bytes. Addresses that name the blob's hash may be cached for good."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePath
from threading import Lock
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.routing import Route

from annotator.routes.http import Call, get
from db.blobs import BlobStore
from db.errors import NotFound
from db.models import Annotation, Proposal, Restoration, Result
from db.photos import get_photo
from db.proposals import get_proposal
from inference.decoding import decode
from inference.results import ENDINGS
from inference.thumbnails import thumbnail

SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
VERSION_DIGITS = 16
KEPT_THUMBNAILS = 512
"""Some 20 kB each."""
_one_at_a_time = Lock()
"""A picture of 100 megapixels takes 300 MB to make small."""

Row = TypeVar("Row", Annotation, Result, Restoration)


def photo_url(photo_id: int, sha: str, kind: str = "view") -> str:
    """Address of a photo's `view`, `thumbnail` or `original`; `sha` is the hash of that blob."""
    return f"/api/photos/{photo_id}/{kind}?v={sha[:VERSION_DIGITS]}"


def probability_url(proposal: Proposal, kind: str = "probability") -> str:
    """Address of a proposal's `probability`, or of its `thumbnail`."""
    return f"/api/proposals/{proposal.id}/{kind}?v={proposal.probability_sha256[:VERSION_DIGITS]}"


def annotation_mask_url(annotation: Annotation, kind: str = "mask") -> str:
    """Address of a submitted, accepted or imported annotation's `mask`, or of its `thumbnail`."""
    return f"/api/annotations/{annotation.id}/{kind}?v={(annotation.mask_sha256 or '')[:VERSION_DIGITS]}"


def result_url(result: Result, kind: str = "view") -> str:
    """Address of a result's `view` or `thumbnail`."""
    return f"/api/results/{result.id}/{kind}?v={result.view_sha256[:VERSION_DIGITS]}"


def result_file_url(result: Result) -> str:
    """Address of a result as a file to keep, in the photo's own depth and channels."""
    return f"/api/results/{result.id}/file?v={result.sha256[:VERSION_DIGITS]}"


def restoration_mask_url(restoration: Restoration) -> str:
    return f"/api/restorations/{restoration.id}/mask?v={restoration.mask_sha256[:VERSION_DIGITS]}"


def _view(call: Call) -> Response:
    with call.platform.database.reading() as session:
        sha = get_photo(session, call.path["id"]).view_sha256
    return _blob(call, sha)


def _thumbnail(call: Call) -> Response:
    with call.platform.database.reading() as session:
        sha = get_photo(session, call.path["id"]).thumbnail_sha256
    return _blob(call, sha)


def _original(call: Call) -> Response:
    with call.platform.database.reading() as session:
        photo = get_photo(session, call.path["id"])
    return _file(call, photo.sha256, photo.filename)


def _probability(call: Call) -> Response:
    return _blob(call, _probability_sha(call))


def _probability_thumbnail(call: Call) -> Response:
    return _small(call, _probability_sha(call))


def _probability_sha(call: Call) -> str:
    with call.platform.database.reading() as session:
        return get_proposal(session, call.path["id"]).probability_sha256


def _annotation_mask(call: Call) -> Response:
    return _blob(call, _annotation_sha(call))


def _annotation_thumbnail(call: Call) -> Response:
    return _small(call, _annotation_sha(call))


def _annotation_sha(call: Call) -> str:
    with call.platform.database.reading() as session:
        annotation = _row(session, Annotation, call.path["id"], "annotation")
        if annotation.mask_sha256 is None:
            raise NotFound(f"Annotation {annotation.id} is still a draft; it has a mask once it is submitted.")
        return annotation.mask_sha256


def _result(call: Call) -> Response:
    return _blob(call, _result_sha(call))


def _result_file(call: Call) -> Response:
    """Named as `heirloom restore` names it."""
    with call.platform.database.reading() as session:
        result = _row(session, Result, call.path["id"], "result")
        name = PurePath(result.restoration.photo.filename).stem + ENDINGS[result.kind]
    return _file(call, result.sha256, name)


def _result_thumbnail(call: Call) -> Response:
    return _small(call, _result_sha(call))


def _result_sha(call: Call) -> str:
    with call.platform.database.reading() as session:
        return _row(session, Result, call.path["id"], "result").view_sha256


@lru_cache(maxsize=KEPT_THUMBNAILS)
def _thumbnail_of(blobs: BlobStore, sha: str) -> bytes:
    with _one_at_a_time:
        return thumbnail(decode(blobs.get(sha), sha).pixels)


def _restoration_mask(call: Call) -> Response:
    with call.platform.database.reading() as session:
        sha = _row(session, Restoration, call.path["id"], "restoration").mask_sha256
    return _blob(call, sha)


def _row(session: Session, table: type[Row], row_id: int, word: str) -> Row:
    row = session.get(table, row_id)
    if row is None:
        raise NotFound(f"There is no {word} {row_id}; its photo may have been deleted.")
    return row


def _small(call: Call, sha: str) -> Response:
    return _blob(call, sha, lambda: _thumbnail_of(call.platform.blobs, sha))


def _file(call: Call, sha: str, name: str) -> Response:
    """The bytes as a file that the browser keeps under that name."""
    response = _blob(call, sha)
    response.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _blob(call: Call, sha: str, read: Callable[[], bytes] | None = None) -> Response:
    """The bytes of that name, or what `read` makes of them."""
    named = call.query.get("v", "") == sha[:VERSION_DIGITS]
    headers = {
        "etag": f'"{sha}"',
        "cache-control": "private, max-age=31536000, immutable" if named else "private, no-cache",
    }
    if call.etag == sha:
        return Response(status_code=304, headers=headers)
    data = read() if read else call.platform.blobs.get(sha)
    media = next((kind for start, kind in SIGNATURES if data.startswith(start)), "application/octet-stream")
    return Response(data, media_type=media, headers=headers)


routes: list[Route] = [
    get("/api/photos/{id:int}/view", _view),
    get("/api/photos/{id:int}/thumbnail", _thumbnail),
    get("/api/photos/{id:int}/original", _original),
    get("/api/proposals/{id:int}/probability", _probability),
    get("/api/proposals/{id:int}/thumbnail", _probability_thumbnail),
    get("/api/annotations/{id:int}/mask", _annotation_mask),
    get("/api/annotations/{id:int}/thumbnail", _annotation_thumbnail),
    get("/api/results/{id:int}/view", _result),
    get("/api/results/{id:int}/file", _result_file),
    get("/api/results/{id:int}/thumbnail", _result_thumbnail),
    get("/api/restorations/{id:int}/mask", _restoration_mask),
]
