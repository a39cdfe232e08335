"""Who is asking: a signed cookie that pages and routes both read, and the token that carries a sign-in over to it."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import monotonic

from itsdangerous import BadData, URLSafeTimedSerializer

from db.settings import Settings

COOKIE = "heirloom_session"
COOKIE_SECONDS = 90 * 24 * 3600
TOKEN_SECONDS = 60


def sign(assessor_id: int, settings: Settings) -> str:
    """The cookie's value for an assessor."""
    return _serializer(settings, "session").dumps(assessor_id)


def read(cookie: str, settings: Settings) -> int | None:
    """The assessor's id in a cookie; None when the signature is not ours or it is older than 90 days."""
    try:
        value, signed_at = _serializer(settings, "session").loads(cookie, return_timestamp=True)
    except BadData:
        return None
    # told here: by `max_age`, all would be out at once where a clock was set back
    outlived = datetime.now(UTC) - signed_at > timedelta(seconds=COOKIE_SECONDS)
    return value if isinstance(value, int) and not outlived else None


def make_token(subject: str, name: str, settings: Settings) -> str:
    """A token that says the identity provider vouched for `subject`; good once, for a minute."""
    return _serializer(settings, "sign-in").dumps([subject, name, secrets.token_hex(16)])


def redeem(token: str, settings: Settings) -> tuple[str, str] | None:
    """(subject, name) of a token; None when it is forged, older than a minute or was redeemed before."""
    try:
        value = _serializer(settings, "sign-in").loads(token, max_age=TOKEN_SECONDS)
    except BadData:
        return None
    if not isinstance(value, list) or len(value) != 3:
        return None
    subject, name, nonce = map(str, value)
    return (subject, name) if _spent.spend(nonce) else None


class SpentTokens:
    """Remembers redeemed tokens for as long as they could be shown again. The app is one process."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._lock = Lock()

    def spend(self, nonce: str) -> bool:
        """True the first time; False ever after."""
        now = monotonic()
        with self._lock:
            self._spent = {key: at for key, at in self._spent.items() if now - at <= 2 * TOKEN_SECONDS}
            if nonce in self._spent:
                return False
            self._spent[nonce] = now
            return True


_spent = SpentTokens()


def _serializer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    secret = os.environ.get("HEIRLOOM_SECRET") or secret_key(settings.home.resolve())
    return URLSafeTimedSerializer(secret, salt=f"heirloom {purpose}")


@lru_cache(maxsize=8)
def secret_key(home: Path) -> str:
    """The key in `home`/secret.key, made on first use, readable by its owner only."""
    path = home / "secret.key"
    try:
        key = path.read_text()
    except FileNotFoundError:
        return _make_key(path)
    if not key:  # a power cut left it so, and anybody could sign with that
        path.unlink(missing_ok=True)
        return _make_key(path)
    return key


def _make_key(path: Path) -> str:
    """Whoever links first wins; the others read the winner's key, so that two processes always agree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"secret.key.{secrets.token_hex(8)}")
    handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
    return path.read_text()
