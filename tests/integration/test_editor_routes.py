"""The editor's routes without a browser: who may, what is refused, and what stays as it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from annotator import identity
from annotator.routes import drafts
from annotator.troubles import AWAY
from db.annotations import give_back
from db.blobs import BlobStore
from db.models import Annotation, DraftEvent, Task
from db.references import referenced, remove_unneeded
from inference.arrays import Mask
from inference.masks import decode_mask
from tests.support.editor_app import EditorHome, build
from tests.support.folders import small_files

ORIGIN = {"origin": "http://localhost"}
SHAPE = (60, 80)


@pytest.fixture
def editor(home: Path) -> EditorHome:
    return EditorHome(home)


@pytest.fixture
def client(editor: EditorHome) -> Iterator[TestClient]:
    with TestClient(build(), base_url="http://localhost", headers=ORIGIN) as opened:
        sign_in(opened, editor, "Ada")
        yield opened


def sign_in(client: TestClient, editor: EditorHome, name: str) -> None:
    client.cookies.set(identity.COOKIE, identity.sign(editor.add_person(name).id, editor.settings))


def add_photo(editor: EditorHome, seed: int = 0, with_proposal: bool = True) -> int:
    chance = np.random.default_rng(seed)
    probability = chance.integers(0, 256, SHAPE, np.uint8) if with_proposal else None
    return editor.add_photo(chance.integers(0, 256, (*SHAPE, 3), np.uint8), f"{seed}.png", probability).id


def next_task(client: TestClient) -> dict[str, Any]:
    answer = client.post("/api/tasks/next", json={"kind": "label"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["task"])


def stroke(number: int = 0, **changes: Any) -> dict[str, Any]:
    payload = {"id": f"s{number}", "tool": "brush", "size": 5, "points": [[80, 80], [200, 160]], "rect": [7, 7, 28, 23]}
    return {"kind": "stroke", "payload": {**payload, "ms": 10 * number, **changes}}


def save(client: TestClient, draft: int, version: int, *events: dict[str, Any], seconds: float = 1.0) -> Any:
    body = {"version": version, "events": list(events), "seconds": seconds}
    return client.post(f"/api/drafts/{draft}/events", json=body)


def test_a_draft_opens_on_the_proposal_and_comes_back_with_its_events(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor)
    task = next_task(client)
    draft = task["draft"]
    assert (draft["version"], draft["base"]["kind"], draft["base"]["threshold"]) == (0, "proposal", 0.5)
    assert client.get(draft["base"]["url"]).headers["content-type"] == "image/png"
    assert save(client, draft["id"], 0, stroke(1), {"kind": "undo", "payload": {"id": "u"}}).json() == {"version": 2}
    again = next_task(client)
    assert again["id"] == task["id"]
    assert [(event["version"], event["kind"]) for event in again["draft"]["events"]] == [(1, "stroke"), (2, "undo")]


def test_a_stale_version_is_refused_and_the_same_events_again_are_not(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    assert save(client, draft, 0, stroke(1)).status_code == 200
    assert save(client, draft, 0, stroke(1)).json() == {"version": 1}, "an answer that was lost is given again"
    refused = save(client, draft, 0, stroke(2))
    assert (refused.status_code, refused.json()["version"]) == (409, 1)
    with editor.database.unit_of_work() as rows:
        assert len(rows.scalars(select(DraftEvent)).all()) == 1


@pytest.mark.parametrize(
    "event",
    [
        stroke(size=0),
        stroke(size=9000),
        stroke(points=[]),
        stroke(points=[[1.5, 2]]),
        stroke(points=[[10**12, 0]]),
        stroke(tool="spray"),
        stroke(rect=[1, 2]),
        stroke(ms="soon"),
        stroke(ms={"kept": "for nothing"}),
        stroke(group=7),
        stroke(id="x" * 200),
        {"kind": "threshold", "payload": {"value": 2}},
        {"kind": "paint", "payload": {}},
        "undo",
    ],
)
def test_an_event_that_cannot_be_drawn_never_reaches_the_log(
    client: TestClient, editor: EditorHome, event: dict[str, Any]
) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    refused = save(client, draft, 0, stroke(1), event)
    assert refused.status_code == 422
    assert refused.json()["error"].endswith(".")
    with editor.database.unit_of_work() as rows:
        assert rows.scalars(select(DraftEvent)).all() == []


def test_a_mask_that_the_disk_has_no_room_for_is_told_in_a_sentence_and_submitted_later(
    client: TestClient, editor: EditorHome
) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    with small_files(50):
        refused = client.post(f"/api/drafts/{draft}/submit", json={"version": 0, "seconds": 1})
    assert (refused.status_code, refused.json()["error"][:28]) == (507, "There is no room on the disk")
    assert client.post(f"/api/drafts/{draft}/submit", json={"version": 0, "seconds": 1}).status_code == 200


def test_a_stroke_is_taken_once_the_database_answers_again(
    client: TestClient, editor: EditorHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("UPDATE annotation", None, Exception("the database system is starting up"))

    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    with monkeypatch.context() as broken:
        broken.setattr(drafts, "append_events", away)
        refused = save(client, draft, 0, stroke())
    assert (refused.status_code, refused.json()) == (503, {"error": AWAY})
    assert save(client, draft, 0, stroke()).status_code == 200


@pytest.mark.parametrize("version", [True, "0", None, 2**70])
def test_a_version_that_is_no_number_is_refused(client: TestClient, editor: EditorHome, version: object) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    sent = client.post(f"/api/drafts/{draft}/events", json={"version": version, "events": [], "seconds": 1})
    assert sent.status_code == 422
    assert "'version'" in sent.json()["error"]


def test_submit_rebuilds_the_mask_here_and_makes_an_accept_task(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]
    save(client, draft["id"], 0, {"kind": "threshold", "payload": {"id": "t", "value": 0.8}}, stroke(1))
    stale = client.post(f"/api/drafts/{draft['id']}/submit", json={"version": 1, "seconds": 3})
    assert stale.status_code == 409
    done = client.post(f"/api/drafts/{draft['id']}/submit", json={"version": 2, "seconds": 12.5}).json()
    with editor.database.unit_of_work() as rows:
        annotation = rows.get_one(Annotation, draft["id"])
        accept = rows.get_one(Task, done["accept_task_id"])
        assert (annotation.status, annotation.seconds, accept.kind) == ("submitted", 12.5, "accept")
        assert annotation.mask_sha256 is not None
        mask = decode_mask(editor.blobs.get(annotation.mask_sha256), SHAPE, "mask")
    probability = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
    assert np.array_equal(mask[30:], probability[30:] >= 204), "outside the stroke the proposal decides"
    assert mask[10, 10], "under the stroke everything is marked"
    assert client.get(f"/api/annotations/{draft['id']}/mask").content.startswith(b"\x89PNG")
    assert client.post("/api/tasks/next", json={"kind": "label"}).status_code == 204


def test_a_mask_is_made_of_no_other_version_than_the_one_submitted(
    client: TestClient, editor: EditorHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version named is not there yet, and is by the time the mask has been drawn without it."""
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]

    def rebuild_late(record: drafts.DraftRecord, blobs: BlobStore) -> Mask:
        save(client, draft, 0, stroke(1))
        return rebuild(record, blobs)

    rebuild = drafts.rebuild_draft
    monkeypatch.setattr(drafts, "rebuild_draft", rebuild_late)
    refused = client.post(f"/api/drafts/{draft}/submit", json={"version": 1, "seconds": 1})
    assert (refused.status_code, refused.json()["version"]) == (409, 0)
    refused = client.post(f"/api/drafts/{draft}/submit", json={"version": 0, "seconds": 1})
    assert (refused.status_code, refused.json()["version"]) == (409, 1)
    with editor.database.reading() as session:
        stored = set(editor.blobs.hashes())
        assert stored == referenced(session, stored), "a mask that is refused leaves no bytes"


def test_a_mask_like_that_of_a_photo_deleted_meanwhile_stays(
    client: TestClient, editor: EditorHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All empty masks of a size are the same bytes."""
    add_photo(editor, with_proposal=False)
    draft = next_task(client)["draft"]["id"]

    put, stored = BlobStore.put, list[str]()

    def put_and_lose(blobs: BlobStore, data: bytes) -> str:
        stored.append(put(blobs, data))
        if len(stored) == 1:
            remove_unneeded(editor.database, blobs, stored)
        return stored[-1]

    monkeypatch.setattr(BlobStore, "put", put_and_lose)
    answer = client.post(f"/api/drafts/{draft}/submit", json={"version": 0, "seconds": 1})
    assert editor.blobs.exists(answer.json()["mask_sha256"])


def test_nobody_draws_on_somebody_elses_draft(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    sign_in(client, editor, "Ben")
    assert save(client, draft, 0, stroke(1)).status_code == 403
    assert client.post(f"/api/drafts/{draft}/submit", json={"version": 0, "seconds": 1}).status_code == 403


def test_without_a_session_or_from_another_page_nothing_is_answered(client: TestClient, editor: EditorHome) -> None:
    photo = add_photo(editor)
    foreign = client.post("/api/tasks/next", json={"kind": "label"}, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    client.cookies.clear()
    for answer in (client.post("/api/tasks/next", json={"kind": "label"}), client.get(f"/api/photos/{photo}/view")):
        assert answer.status_code == 401
        assert "error" in answer.json()


def test_pictures_are_cached_by_their_hash_only(client: TestClient, editor: EditorHome) -> None:
    photo = add_photo(editor)
    named = next_task(client)["photo"]["view"]
    first = client.get(named)
    assert "immutable" in first.headers["cache-control"]
    assert "immutable" not in client.get(f"/api/photos/{photo}/view?v=another").headers["cache-control"]
    assert client.get(named, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert client.get("/api/photos/999/view").status_code == 404


def test_a_returned_mask_is_where_the_next_draft_starts(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor)
    draft = next_task(client)["draft"]["id"]
    save(client, draft, 0, stroke(1))
    done = client.post(f"/api/drafts/{draft}/submit", json={"version": 1, "seconds": 1}).json()
    lead = editor.add_person("Ada")
    with editor.database.unit_of_work() as rows:
        give_back(rows, rows.get_one(Task, done["accept_task_id"]), lead, "the left one too")
    again = next_task(client)["draft"]
    assert (again["base"]["kind"], again["base"]["id"], again["comment"]) == ("annotation", draft, "the left one too")
    submitted = client.post(f"/api/drafts/{again['id']}/submit", json={"version": 0, "seconds": 1}).json()
    assert submitted["mask_sha256"] == done["mask_sha256"], "nothing drawn, nothing changed"


def test_skip_gives_the_photo_to_others(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor)
    task = next_task(client)["id"]
    assert client.post(f"/api/tasks/{task}/skip", json={"reason": " "}).status_code == 409
    assert client.post(f"/api/tasks/{task}/skip", json={"reason": "too hard"}).status_code == 200
    assert client.post("/api/tasks/next", json={"kind": "label"}).status_code == 204
    sign_in(client, editor, "Ben")
    assert next_task(client)["id"] == task


def test_upcoming_names_the_pictures_to_fetch_ahead(client: TestClient, editor: EditorHome) -> None:
    add_photo(editor, 1)
    add_photo(editor, 2, with_proposal=False)
    tasks = client.get("/api/tasks/upcoming?kind=label&limit=5").json()["tasks"]
    assert sorted(len(task["pictures"]) for task in tasks) == [1, 2]
    assert all(client.get(url).status_code == 200 for task in tasks for url in task["pictures"])
