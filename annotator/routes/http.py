"""What all our routes share: who asks, JSON in and out, and expected errors as sentences with the right status."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from json import loads
from typing import Any

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from annotator import identity
from annotator.asked import LARGEST_ID
from annotator.context import Platform, assessor_of, platform
from annotator.troubles import NO_ROOM, passing
from db.errors import InvalidState, NotAllowed, NotFound, PlatformError, Stale
from db.models import Assessor

_log = logging.getLogger(__name__)
LARGEST_BODY = 8 * 2**20
"""Bytes of one request; a stroke of a minute has some ten thousand."""
LONGEST_COMMENT = 2000
"""Characters."""


class RouteError(Exception):
    """A request that cannot be answered; the message says what to do, `status` is the HTTP status."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Call:
    """One request of a signed-in person, read to its end."""

    platform: Platform
    assessor: Assessor
    path: dict[str, Any]
    """Parameters of the address, converted as the route says."""
    query: dict[str, str]
    body: dict[str, Any]
    """The JSON object that was sent; empty where none was."""
    etag: str
    """What the browser has already, from If-None-Match; empty where it has nothing."""

    def field(self, name: str, kind: type[Any] | tuple[type[Any], ...]) -> Any:
        """A field of the body of that type. Raises RouteError where it is missing or another."""
        value = self.body.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise RouteError(f"The field '{name}' is missing or of the wrong type.")
        if isinstance(value, int) and abs(value) > LARGEST_ID:
            raise RouteError(f"The field '{name}' is too large a number.")
        return value

    def comment(self) -> str:
        """What a person wrote beside a decision. Raises RouteError where it is missing or too long."""
        comment: str = self.field("comment", str)
        if len(comment) > LONGEST_COMMENT:
            raise RouteError(f"A comment may have {LONGEST_COMMENT} characters; this one has {len(comment)}.")
        return comment


Answer = Response | dict[str, Any] | list[Any] | None


Endpoint = Callable[[Request], Awaitable[Response]]


def handler(answer: Callable[[Call], Answer]) -> Endpoint:
    """An endpoint around a plain function, which runs in a thread of its own and may take its time.

    A dict or list becomes JSON, None becomes 204. Without a valid session cookie the answer is 401. Expected errors, a
    full disk and a database that is away among them, become {"error": sentence}; a stale version adds
    {"version": current}. The app's guard checks Origin and Host.
    """

    async def endpoint(request: Request) -> Response:
        try:
            body = await read_body(request)
            return await run_in_threadpool(_answer, answer, request, body)
        except RouteError as problem:
            return JSONResponse({"error": str(problem)}, problem.status)
        except Stale as error:
            return JSONResponse({"error": str(error), "version": error.current}, 409)
        except PlatformError as error:
            return JSONResponse({"error": str(error)}, _status(error))

    return telling_troubles(endpoint)


def telling_troubles(endpoint: Endpoint) -> Endpoint:
    """Answers in words also where the disk is full or the database away."""

    async def telling(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (OSError, OperationalError) as error:
            said = passing(error)
            if said is None:
                raise
            _log.exception("%s was not done.", request.url.path)
            return JSONResponse({"error": said}, 507 if said == NO_ROOM else 503)

    return telling


def get(path: str, answer: Callable[[Call], Answer]) -> Route:
    """A route that only reads."""
    return Route(path, handler(answer), methods=["GET"])


def post(path: str, answer: Callable[[Call], Answer]) -> Route:
    """A route that writes."""
    return Route(path, handler(answer), methods=["POST"])


def _answer(answer: Callable[[Call], Answer], request: Request, body: dict[str, Any]) -> Response:
    assessor = assessor_of(request.cookies.get(identity.COOKIE))
    if any(isinstance(each, int) and each > LARGEST_ID for each in request.path_params.values()):
        raise RouteError("There is nothing here of such a large number.", 404)
    if assessor is None:
        raise RouteError("Nobody is signed in here. Open the start page and tell who you are.", 401)
    etag = request.headers.get("if-none-match", "").removeprefix("W/").strip('"')
    result = answer(Call(platform(), assessor, request.path_params, dict(request.query_params), body, etag))
    if result is None:
        return Response(status_code=204)
    return result if isinstance(result, Response) else JSONResponse(result)


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent, empty where none was. Raises RouteError: it is none, or above LARGEST_BODY."""
    if request.method == "GET":
        return {}
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_BODY:
            raise RouteError(f"A request may have {LARGEST_BODY // 2**20} MiB. Send it in pieces.", 413)
    try:
        body = loads(data) if data else {}
    except (ValueError, RecursionError) as error:
        raise RouteError("The request is not valid JSON.", 400) from error
    if not isinstance(body, dict):
        raise RouteError("The request must be a JSON object.", 400)
    return body


def _status(error: PlatformError) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, NotAllowed):
        return 403
    if isinstance(error, InvalidState):
        return 409
    return 422
