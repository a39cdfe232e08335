"""Requests to the whole app: who may come in by which name, and who may write."""

from collections.abc import Iterator

import numpy as np
import pytest
from starlette.testclient import TestClient
from streamlit import config
from streamlit.runtime import Runtime
from streamlit.starlette import App

from annotator import identity
from annotator.access import AppSettings
from annotator.app import build_app
from annotator.context import platform
from annotator.routes.http import LARGEST_BODY
from annotator.serve import streamlit_config
from db.engine import Database, open_database
from db.jobs import add_job, claim, finish, list_jobs
from db.people import set_roles, sign_in
from db.settings import Settings
from inference.png import encode_png
from tests.support.folders import small_files
from tests.unit.test_access import AUTH
from trainer.platform import prepare

OWN = {"origin": "http://localhost"}


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    """The whole app, once: a process holds one Streamlit runtime. It finds each test's platform in the environment."""
    yield build_app(AppSettings(allowed_hosts=("album.lan",)))
    Runtime._instance = None


@pytest.fixture
def job_queue(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's tables; a photo that comes in asks for a proposal. MLflow's store is left out: it takes long."""
    monkeypatch.setattr("trainer.platform._prepare_mlflow", lambda _settings: None)
    prepare(settings)


@pytest.fixture
def client(app: App, database: Database) -> Iterator[TestClient]:
    """A browser without cookies at an empty platform."""
    assert database.is_sqlite
    yield TestClient(app, base_url="http://localhost")
    platform().database.dispose()


def come_in(client: TestClient, name: str) -> None:
    reply = client.post("/api/session", json={"name": name}, headers=OWN)
    assert reply.status_code == 200, reply.text


def test_a_name_starts_a_session_and_its_cookie_is_kept_from_scripts(client: TestClient) -> None:
    reply = client.post("/api/session", json={"name": "  Ada   Lovelace "}, headers=OWN)
    assert reply.json() == {"id": 1, "name": "Ada Lovelace"}
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/api/tasks/upcoming", params={"kind": "label"}).status_code == 200


def test_a_session_ends(client: TestClient) -> None:
    come_in(client, "Ada")
    assert client.delete("/api/session", headers=OWN).status_code == 204
    assert client.get("/api/tasks/upcoming", params={"kind": "label"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"name": ""}', 422),
        ('{"name": "%s"}' % ("x" * 81), 422),
        ("{}", 422),
        ('{"name": null}', 422),
        ("[]", 400),
        ("nonsense", 400),
        ("[" * 100_000, 400),
        ('{"name": %s}' % ("9" * 5_000), 400),
        ('{"name": "%s"}' % ("x" * LARGEST_BODY), 413),
    ],
    ids=["empty", "long", "none", "null", "list", "nonsense", "deep", "too many digits", "larger than any request"],
)
def test_a_name_that_is_none_is_refused_with_a_sentence(client: TestClient, body: str, status: int) -> None:
    reply = client.post("/api/session", content=body, headers=OWN)
    assert reply.status_code == status
    assert reply.json()["error"]


def test_somebody_who_left_cannot_come_in(client: TestClient, database: Database) -> None:
    with database.unit_of_work() as session:
        sign_in(session, "Ada")
        sign_in(session, "Ben").active = False
    assert client.post("/api/session", json={"name": "Ben"}, headers=OWN).status_code == 403


def test_a_cookie_of_somebody_who_left_is_worth_nothing(client: TestClient, database: Database) -> None:
    come_in(client, "Ada")
    with database.unit_of_work() as session:
        sign_in(session, "Ada").active = False
    assert client.get("/api/tasks/upcoming", params={"kind": "label"}).status_code == 401


@pytest.mark.parametrize("path", ["/api/session", "/api/photos?name=a.png", "/api/tasks/next"])
@pytest.mark.parametrize("origin", [{"origin": "http://evil.example"}, {"origin": "null"}, {}])
def test_no_other_web_page_can_write(client: TestClient, path: str, origin: dict[str, str]) -> None:
    come_in(client, "Ada")
    assert client.post(path, json={"name": "Eve", "kind": "label"}, headers=origin).status_code == 403


@pytest.mark.parametrize("path", ["/", "/api/photos/1/view", "/_stcore/health"])
def test_no_other_name_can_be_pointed_here(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"host": "evil.example"}).status_code == 400


def test_streamlit_takes_no_bytes_of_whoever_opens_a_page(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its route for uploads asks for no session of ours."""
    ours = streamlit_config(AppSettings(), Settings())
    options = {"server.maxUploadSize": ours["server.maxUploadSize"], "server.enableXsrfProtection": False}
    monkeypatch.setattr(config, "get_option", lambda name, ask=config.get_option: options.get(name, ask(name)))
    monkeypatch.setattr(Runtime, "is_active_session", lambda *_: True)
    sent = client.put("/_stcore/upload_file/session/file", files={"file": ("a.png", b"bytes")}, headers=OWN)
    assert sent.status_code == 413


def test_a_name_that_was_allowed_is_answered(client: TestClient) -> None:
    assert client.get("/", headers={"host": "album.lan:8501"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/photos?name=a.png", "/api/tasks/next", "/api/tasks/1/accept"])
def test_writes_need_a_session(client: TestClient, path: str) -> None:
    assert client.post(path, json={}, headers=OWN).status_code == 401


@pytest.mark.parametrize("path", ["/api/runs/r/sample?path=images/a.png", "/api/jobs/j/pictures/abc"])
def test_pictures_of_trainings_are_for_engineers(client: TestClient, path: str) -> None:
    come_in(client, "Ada")
    come_in(client, "Ben")
    assert client.get(path).status_code == 403


def test_a_comparison_shows_its_own_pictures_alone(client: TestClient, database: Database) -> None:
    come_in(client, "Ada")
    view, picture, other = (platform().blobs.put(data) for data in (b"view", b"picture", b"other"))
    shown = {"photo_id": 1, "view": view, "models": {"detector@1": {"picture": picture}}}
    with database.unit_of_work() as session:
        job = add_job(session, "compare", {}, None)
        finish(session, job.id, {"photos": [shown]})
    got = {sha: client.get(f"/api/jobs/{job.id}/pictures/{sha}") for sha in (view, picture, other)}
    assert [answer.status_code for answer in got.values()] == [200, 200, 404]
    assert got[picture].content == b"picture"


def test_accepting_is_for_leads(client: TestClient) -> None:
    come_in(client, "Ada")
    come_in(client, "Ben")
    assert client.post("/api/tasks/next", json={"kind": "accept"}, headers=OWN).status_code == 403


def test_pages_may_ask_nobody_else(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy.replace("form-action 'self' https:", "")


@pytest.mark.parametrize("path", ["/", "/photos", "/photo", "/label", "/accept", "/review", "/train", "/compare"])
def test_every_page_has_an_address(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert "<title>heirloom</title>" in page.text


def test_the_home_page_lives_at_the_root(client: TestClient) -> None:
    assert client.get("/home", follow_redirects=False).headers["location"] == "/"


@pytest.mark.parametrize("path", ["/nowhere", "/photos/7", "/label.html", "/mediation", "/photos/_stcore/health"])
def test_where_no_page_is_the_way_home_is_shown(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 404
    assert '<a href="/">Go to Home</a>' in reply.text


@pytest.mark.parametrize("path", ["/_stcore/health", "/manifest.json", "/favicon.png", "/photos/"])
def test_what_streamlit_answers_is_left_to_it(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_with_a_sign_in_a_name_alone_opens_nothing(client: TestClient, settings: Settings) -> None:
    (settings.home / "secrets.toml").write_text(AUTH)
    assert client.post("/api/session", json={"name": "Ada"}, headers=OWN).status_code == 401
    token = identity.make_token("https://id 42", "Ada", settings)
    assert client.post("/api/session", json={"token": token}, headers=OWN).json()["name"] == "Ada"
    assert client.post("/api/session", json={"token": token}, headers=OWN).status_code == 401


def test_a_photo_that_the_disk_has_no_room_for_is_told_in_a_sentence(client: TestClient) -> None:
    come_in(client, "Ada")
    with small_files(50_000):
        refused = client.post("/api/photos?name=a.png", content=b"x" * 100_000, headers=OWN)
    assert refused.status_code == 507
    assert refused.json()["error"].startswith("There is no room on the disk")


@pytest.mark.usefixtures("job_queue")
def test_a_photo_comes_in_by_its_route(client: TestClient) -> None:
    come_in(client, "Ada")
    data = encode_png(np.arange(1200, dtype=np.uint8).reshape(30, 40))
    report = client.post("/api/photos?name=a.png&collection=album", content=data, headers=OWN).json()
    assert [outcome["known_as"] for outcome in report["outcomes"]] == ["a.png"]
    again = client.post("/api/photos?name=../../b.png", content=data, headers=OWN).json()
    assert (again["outcomes"][0]["name"], again["outcomes"][0]["is_new"]) == ("b.png", False)
    long = client.post(f"/api/photos?name={'ж' * 200}.png", content=data, headers=OWN).json()
    assert long["outcomes"][0]["known_as"] == "a.png", "other systems have longer names than ours"
    bad = client.post("/api/photos?name=c.png", content=data[:50], headers=OWN).json()
    assert bad["failures"][0]["name"] == "c.png"
    assert "/tmp" not in bad["failures"][0]["reason"]
    for name in ("", ".hidden.png", "a%00.png"):
        assert client.post(f"/api/photos?name={name}", content=data, headers=OWN).status_code == 422
    assert client.get("/api/photos/1/original").content == data


def test_a_zip_that_brings_no_photo_says_why(client: TestClient) -> None:
    come_in(client, "Ada")
    empty = b"PK\x05\x06" + bytes(18)
    for data, why in ((empty, "This zip holds no photos"), (b"none", "It is not a zip that can be opened")):
        [failure] = client.post("/api/photos?name=a.zip", content=data, headers=OWN).json()["failures"]
        assert failure["name"] == "a.zip"
        assert failure["reason"].startswith(why)


@pytest.mark.usefixtures("job_queue")
def test_photos_that_come_in_share_one_waiting_job_of_proposals(client: TestClient, settings: Settings) -> None:
    come_in(client, "Ada")
    for tone in range(3):
        data = encode_png(np.full((30, 40), 60 * tone, np.uint8))
        assert client.post(f"/api/photos?name={tone}.png", content=data, headers=OWN).json()["failures"] == []
    with open_database(settings).reading() as session:
        (job,) = list_jobs(session)
        assert (job.kind, job.params) == ("propose", {"photo_ids": None})
        job_id = job.id
    with open_database(settings).unit_of_work() as session:
        claim(session, job_id, "a worker")
    late = encode_png(np.full((30, 40), 200, np.uint8))
    client.post("/api/photos?name=late.png", content=late, headers=OWN)
    with open_database(settings).reading() as session:
        assert len(list_jobs(session)) == 2, "a job that has begun may not see it"


def test_whoever_is_made_inactive_is_out_at_once_and_cannot_come_back(client: TestClient) -> None:
    come_in(client, "Ada")
    come_in(client, "Ben")
    draw = {"version": 0, "events": [], "seconds": 1}
    assert client.post("/api/drafts/1/events", json=draw, headers=OWN).status_code == 404
    with platform().database.unit_of_work() as session:
        ada, ben = sign_in(session, "Ada"), sign_in(session, "Ben")
        set_roles(session, ada, ben.id, is_lead=False, is_engineer=False, active=False)
    for path, body in (("/api/drafts/1/events", draw), ("/api/tasks/next", {"kind": "label"}), ("/api/photos", {})):
        assert client.post(path, json=body, headers=OWN).status_code == 401, path
    reply = client.post("/api/session", json={"name": "ben"}, headers=OWN)
    assert (reply.status_code, "no longer active" in reply.json()["error"]) == (403, True)
