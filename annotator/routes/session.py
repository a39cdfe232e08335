"""POST /api/session starts a session by name, or by a sign-in's token; DELETE ends it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from annotator import identity
from annotator.access import sign_in_configured
from annotator.context import Platform, platform
from annotator.routes.http import RouteError, read_body, telling_troubles
from db.errors import NotAllowed, PlatformError
from db.models import Assessor
from db.people import sign_in, sign_in_subject


class SessionError(Exception):
    """A session that cannot start; the message says what to do."""


async def start(request: Request) -> Response:
    """Body {"name"} where nobody has to sign in, else {"token"}. Answers {"id", "name"} and sets the cookie."""
    try:
        assessor = await run_in_threadpool(_sign_in, await read_body(request))
    except RouteError as problem:
        return JSONResponse({"error": str(problem)}, problem.status)
    except SessionError as error:
        return JSONResponse({"error": str(error)}, 401)
    except PlatformError as error:
        return JSONResponse({"error": str(error)}, 403 if isinstance(error, NotAllowed) else 422)
    response = JSONResponse({"id": assessor.id, "name": assessor.name})
    response.set_cookie(
        identity.COOKIE,
        identity.sign(assessor.id, platform().settings),
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
    token = redeem(here, str(body.get("token", ""))) if sign_in_configured(here.settings) else None
    name = body.get("name")
    with here.database.unit_of_work() as session:
        if token is not None:
            return sign_in_subject(session, *token)
        return sign_in(session, name if isinstance(name, str) else "")


def redeem(here: Platform, token: str) -> tuple[str, str]:
    """(subject, name) that a token vouches for; where a sign-in is configured, nothing else opens a session."""
    redeemed = identity.redeem(token, here.settings)
    if redeemed is None:
        raise SessionError("This sign-in has run out. Go back to the start page and sign in again.")
    return redeemed


routes = [
    Route("/api/session", telling_troubles(start), methods=["POST"]),
    Route("/api/session", end, methods=["DELETE"]),
]
