"""Where the app may listen, and which requests may pass."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from annotator.access import (
    AccessError,
    AppSettings,
    Guard,
    check_address,
    check_host,
    check_origin,
    sign_in_configured,
)
from db.settings import Settings

AUTH = """
[auth]
redirect_uri = "https://photos.example.org/oauth2callback"
cookie_secret = "not a secret"
client_id = "heirloom"
client_secret = "not one either"
server_metadata_url = "https://id.example.org/.well-known/openid-configuration"
"""


def configure(settings: Settings, text: str) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "secrets.toml").write_text(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.7"])
def test_loopback_needs_no_sign_in(settings: Settings, host: str) -> None:
    check_address(AppSettings(host=host), settings)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "photos.example.org", "localhost.example.org"])
def test_off_loopback_a_sign_in_must_be_configured(settings: Settings, host: str) -> None:
    with pytest.raises(AccessError, match=r"no sign-in is configured.*secrets\.toml"):
        check_address(AppSettings(host=host), settings)


def test_with_a_sign_in_it_may_listen_anywhere(settings: Settings) -> None:
    configure(settings, AUTH)
    assert sign_in_configured(settings)
    check_address(AppSettings(host="0.0.0.0"), settings)


def test_half_a_sign_in_is_named(settings: Settings) -> None:
    configure(settings, AUTH.replace("client_secret", "x"))
    with pytest.raises(AccessError, match="lacks client_secret"):
        check_address(AppSettings(host="0.0.0.0"), settings)


def test_secrets_that_are_not_toml_are_named(settings: Settings) -> None:
    configure(settings, "[auth")
    with pytest.raises(AccessError, match=r"not valid TOML"):
        sign_in_configured(settings)


def test_secrets_that_cannot_be_read_are_named(settings: Settings) -> None:
    """A container's mount makes a folder where there was no file."""
    (settings.home / "secrets.toml").mkdir(parents=True)
    with pytest.raises(AccessError, match=r"secrets\.toml cannot be read \(Is a directory\)"):
        check_address(AppSettings(host="0.0.0.0"), settings)


def test_secrets_in_another_encoding_are_named(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    (settings.home / "secrets.toml").write_bytes("[auth]\nclient_id = 'Müller'".encode("latin-1"))
    with pytest.raises(AccessError, match="not valid TOML"):
        sign_in_configured(settings)


def test_secrets_without_a_sign_in_are_none(settings: Settings) -> None:
    configure(settings, "other = 1")
    assert not sign_in_configured(settings)


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "[::1]:8501", "LOCALHOST:1", "photos.example.org"])
def test_hosts_we_go_by(host: str) -> None:
    check_host({"host": host}, AppSettings(public_url="https://photos.example.org"))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8501", "", "127.0.0.1.evil.example"])
def test_other_hosts_are_refused(host: str) -> None:
    with pytest.raises(AccessError) as refused:
        check_host({"host": host}, AppSettings())
    assert refused.value.status == 400


@pytest.mark.parametrize("origin", ["http://localhost:8501", "https://localhost:8501", "https://photos.example.org"])
def test_our_own_pages_may_write(origin: str) -> None:
    check_origin({"host": "localhost:8501", "origin": origin}, AppSettings(public_url="https://photos.example.org/"))


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://localhost:9999", "null", "", "http://localhost", "http://[", "localhost:8501"],
)
def test_foreign_pages_may_not(origin: str) -> None:
    with pytest.raises(AccessError) as refused:
        check_origin({"host": "localhost:8501", "origin": origin}, AppSettings())
    assert refused.value.status == 403


def test_only_our_own_pages_open_a_live_connection() -> None:
    async def page(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    client = TestClient(Guard(page, AppSettings()))
    with client.websocket_connect("/_stcore/stream", headers={"host": "localhost", "origin": "http://localhost"}):
        pass
    for origin in ("http://evil.example", "null", ""):
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            client.websocket_connect("/_stcore/stream", headers={"host": "localhost", "origin": origin}),
        ):
            pass
        assert refused.value.code == 1008


def test_more_names_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIRLOOM_ALLOWED_HOSTS", "photos.lan, album.lan")
    check_host({"host": "album.lan:80"}, AppSettings())


def test_the_secrets_lie_in_the_home(settings: Settings, tmp_path: Path) -> None:
    configure(Settings(home=tmp_path / "other"), AUTH)
    assert not sign_in_configured(settings)


def test_a_variable_that_is_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "ALLOWED_HOSTS", "PUBLIC_URL"):
        monkeypatch.setenv(f"HEIRLOOM_{name}", "")
    found = AppSettings()
    assert (found.host, found.port, found.allowed_hosts, found.public_url) == ("127.0.0.1", 8501, (), None)
