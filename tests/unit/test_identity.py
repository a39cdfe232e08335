"""The cookie says who; nobody can make one up, and a sign-in's token works once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from annotator import identity
from db.settings import Settings


@pytest.fixture(autouse=True)
def fresh_keys() -> None:
    identity.secret_key.cache_clear()


def test_a_cookie_says_who_it_was_made_for(settings: Settings) -> None:
    assert identity.read(identity.sign(7, settings), settings) == 7


def test_a_forged_cookie_says_nothing(settings: Settings) -> None:
    cookie = identity.sign(7, settings)
    place = len(cookie) - 10
    swapped = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
    assert [identity.read(forged, settings) for forged in (swapped, "7", "")] == [None, None, None]


def test_a_cookie_of_another_home_says_nothing(settings: Settings, tmp_path: Path) -> None:
    elsewhere = Settings(home=tmp_path / "elsewhere")
    assert identity.read(identity.sign(7, elsewhere), settings) is None


def test_an_old_cookie_says_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = identity.sign(7, settings)
    monkeypatch.setattr(identity, "COOKIE_SECONDS", -1)
    assert identity.read(cookie, settings) is None


def test_a_cookie_from_before_a_clock_was_set_back_still_says_who(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as ahead:
        ahead.setattr(TimestampSigner, "get_timestamp", lambda _: int(time()) + 3600)
        cookie = identity.sign(7, settings)
    assert identity.read(cookie, settings) == 7


def test_a_token_is_no_cookie_and_a_cookie_no_token(settings: Settings) -> None:
    assert identity.read(identity.make_token("s", "Ada", settings), settings) is None
    assert identity.redeem(identity.sign(7, settings), settings) is None


def test_a_token_works_once(settings: Settings) -> None:
    token = identity.make_token("https://id 42", "Ada", settings)
    assert identity.redeem(token, settings) == ("https://id 42", "Ada")
    assert identity.redeem(token, settings) is None


def test_a_token_runs_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    token = identity.make_token("https://id 42", "Ada", settings)
    monkeypatch.setattr(identity, "TOKEN_SECONDS", -1)
    assert identity.redeem(token, settings) is None


def test_a_token_of_another_shape_is_refused(settings: Settings) -> None:
    odd = URLSafeTimedSerializer(identity.secret_key(settings.home.resolve()), salt="heirloom sign-in").dumps("odd")
    assert identity.redeem(odd, settings) is None


def test_only_its_owner_can_read_the_key(settings: Settings) -> None:
    identity.sign(1, settings)
    assert stat.S_IMODE((settings.home / "secret.key").stat().st_mode) == 0o600


def test_an_empty_key_signs_nothing(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    (settings.home / "secret.key").touch()
    forged = URLSafeTimedSerializer("", salt="heirloom session").dumps(1)
    assert identity.read(forged, settings) is None
    assert identity.read(identity.sign(1, settings), settings) == 1


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    make = identity.secret_key.__wrapped__
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(make, [tmp_path] * 16))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
