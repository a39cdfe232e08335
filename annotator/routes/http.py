"""What all our routes share: who asks, JSON in and out, and expected errors as sentences with the right status."""

from collections.abc import Callable
from dataclasses import dataclass
from json import loads
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from annotator import identity
from annotator.asked import LARGEST_ID
from annotator.context import Platform, assessor_of, platform
from db.errors import FULL, InvalidState, NotAllowed, NotFound, PlatformError, Stale
from db.models import Assessor

LARGEST_BODY = 8 * 2**20
"""Bytes of one request; a stroke of a minute has some ten thousand."""


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


Answer = Response | dict[str, Any] | list[Any] | None


def handler(answer: Callable[[Call], Answer]) -> ASGIApp | Callable[[Request], Any]:
    """An endpoint around a plain function, which runs in a thread of its own and may take its time.

    A dict or list becomes JSON, None becomes 204. Without a valid session cookie the answer is 401. Expected errors, a
    full disk among them, become {"error": sentence}; a stale version adds {"version": current}. The app's guard checks
    Origin and Host.
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
        except OSError as error:
            return no_room(error)

    return endpoint


def no_room(error: OSError) -> Response:
    """The answer where a full disk is why something cannot be stored; raises what is another error."""
    if error.errno not in FULL:
        raise error
    said = "There is no room on the disk of the computer that runs heirloom; once there is, do this again."
    return JSONResponse({"error": said}, 507)


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
