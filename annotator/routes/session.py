"""POST /api/session starts a session by name, or by a sign-in's token; DELETE ends it."""

from json import JSONDecodeError

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from annotator import identity
from annotator.access import sign_in_configured
from annotator.context import platform
from db.models import Assessor
from db.people import sign_in, sign_in_subject

MAX_NAME = 80


class SessionError(Exception):
    """A session that cannot start; the message says what to do."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


async def start(request: Request) -> Response:
    """Body {"name"} where nobody has to sign in, else {"token"}. Answers {"id", "name"} and sets the cookie."""
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        return JSONResponse({"error": 'Send {"name": "…"} as JSON.'}, 422)
    try:
        assessor = await run_in_threadpool(_sign_in, body)
    except SessionError as error:
        return JSONResponse({"error": str(error)}, error.status)
    response = JSONResponse({"id": assessor.id, "name": assessor.name})
    response.set_cookie(
        identity.COOKIE,
        identity.sign(assessor.id),
        max_age=identity.COOKIE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=_is_https(request),
    )
    return response


async def end(request: Request) -> Response:
    """Forgets who was here."""
    response = Response(status_code=204)
    response.delete_cookie(identity.COOKIE, httponly=True, samesite="lax", secure=_is_https(request))
    return response


def _is_https(request: Request) -> bool:
    return request.headers.get("origin", "").startswith("https:")


def _sign_in(body: dict[str, object]) -> Assessor:
    here = platform()
    if sign_in_configured(here.settings):
        return _by_token(str(body.get("token", "")))
    name = " ".join(str(body.get("name", "")).split())
    if not name or len(name) > MAX_NAME:
        raise SessionError(f"Type a name of 1 to {MAX_NAME} characters.", 422)
    with here.database.unit_of_work() as session:
        return _welcome(sign_in(session, name))


def _by_token(token: str) -> Assessor:
    redeemed = identity.redeem(token)
    if redeemed is None:
        raise SessionError("This sign-in has run out. Go back to the start page and sign in again.", 401)
    subject, name = redeemed
    with platform().database.unit_of_work() as session:
        return _welcome(sign_in_subject(session, subject, name[:MAX_NAME]))


def _welcome(assessor: Assessor) -> Assessor:
    if not assessor.active:
        raise SessionError(f"{assessor.name} no longer works here. Ask a lead to open the account again.", 403)
    return assessor


routes = [Route("/api/session", start, methods=["POST"]), Route("/api/session", end, methods=["DELETE"])]
