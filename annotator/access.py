"""Who may reach the app at all: the address it listens on, and the Host and Origin of every request."""

import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.settings import Settings

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
SIGN_IN_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self' https:; frame-ancestors 'self'"
)
"""Nothing is fetched from anywhere else. Streamlit's own front end and its charts need inline and evaluated scripts."""


class AccessError(Exception):
    """A request, or an address, that is refused; `status` is the HTTP status."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


class AppSettings(BaseSettings):
    """Where the app listens and under which names it is known. A variable that is empty counts as unset."""

    model_config = SettingsConfigDict(env_prefix="HEIRLOOM_", env_ignore_empty=True, extra="ignore")

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 8501
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names that browsers may call this app by, beside loopback: `HEIRLOOM_ALLOWED_HOSTS=photos.example.org,…`."""
    public_url: str | None = None
    """The address people type when a proxy stands in front, such as `https://photos.example.org`."""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def host_names(self) -> frozenset[str]:
        """Every name that a Host header may carry, without its port, in lower case."""
        public = [urlsplit(self.public_url).hostname or ""] if self.public_url else []
        return frozenset(name.lower() for name in (*LOOPBACK_NAMES, *self.allowed_hosts, *public) if name)


def secrets_file(settings: Settings) -> Path:
    """Where a sign-in is configured: the section [auth] as Streamlit documents it for `st.login`."""
    return settings.home.resolve() / "secrets.toml"


def sign_in_configured(settings: Settings) -> bool:
    """Whether a complete OIDC sign-in is configured. Half of one is an error that names what is missing."""
    path = secrets_file(settings)
    if not path.exists():
        return False
    try:
        auth = tomllib.loads(path.read_text(encoding="utf-8")).get("auth", {})
    except OSError as error:
        raise AccessError(f"{path} cannot be read ({error.strerror}). Make it a file that may be read here.") from error
    except ValueError as error:
        raise AccessError(f"{path} is not valid TOML ({error}). Correct it and start again.") from error
    missing = [key for key in SIGN_IN_KEYS if not auth.get(key)]
    if auth and missing:
        raise AccessError(f"The sign-in in {path} lacks {', '.join(missing)} under [auth]. Add it and start again.")
    return bool(auth)


def check_address(access: AppSettings, settings: Settings) -> None:
    """Refuse to listen off loopback without a sign-in: anybody on the network could take anybody's name."""
    if not access.is_loopback and not sign_in_configured(settings):
        raise AccessError(
            f"Listening on {access.host} lets other machines in, and no sign-in is configured. "
            f"Describe your identity provider under [auth] in {secrets_file(settings)}, or listen on 127.0.0.1."
        )


def check_host(headers: Mapping[str, str], access: AppSettings) -> None:
    """Refuse a Host we do not go by, so that no foreign name can be pointed at this address."""
    host = headers.get("host", "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name.lower() not in access.host_names:
        raise AccessError(f"This app does not go by the name '{host}'. Add it to HEIRLOOM_ALLOWED_HOSTS.", 400)


def check_origin(headers: Mapping[str, str], access: AppSettings) -> None:
    """Refuse a write that does not come from one of our own pages."""
    origin = headers.get("origin", "")
    own = {headers.get("host", "").lower()}
    if access.public_url:
        own.add(urlsplit(access.public_url).netloc.lower())
    if _place(origin) not in own:
        raise AccessError(f"Only this app's own pages may change things here, not '{origin or 'an unnamed page'}'.")


def _place(origin: str) -> str | None:
    """The name and port of an Origin; None where it has none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


class Guard:
    """Checks every request's Host, the Origin of writes and of live connections, and keeps pages from calling out."""

    def __init__(self, app: ASGIApp, access: AppSettings) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            check_host(headers, self._access)
            if scope["type"] == "websocket" or scope["method"] in WRITES:
                check_origin(headers, self._access)
        except AccessError as error:
            await self._refuse(scope, receive, send, error)
            return
        await self._app(scope, receive, _with_policy(send))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, error: AccessError) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await JSONResponse({"error": str(error)}, error.status)(scope, receive, send)


def _with_policy(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("content-security-policy", CONTENT_POLICY)
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("referrer-policy", "same-origin")
        await send(message)

    return wrapped
