"""The editor's way to the server, run under Node: order, retries, conflicts, and what a browser keeps."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.editor_bundle import bundle, run_node

SETUP = """
const { Outbox, recover, release, Refusal: Theirs, replayable, saveSentence } = await import(input.module);
const kept = new Map();
const store = {
  get length() { return kept.size; },
  key: (index) => [...kept.keys()][index],
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
const shape = { tool: "brush", size: 3, points: [[0, 0]], rect: [0, 0, 1, 1], ms: 0 };
const stroke = (id, group) => ({ kind: "stroke", payload: { id, ...shape, group } });
const undo = (id) => ({ kind: "undo", payload: { id } });
const states = [];
const tell = (state) => states.push(saveSentence(state));
const soon = (ms) => new Promise((done) => setTimeout(done, ms));
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("editor")
    return {"module": bundle("headless.ts", folder / "saving.mjs").as_uri()}


def run(modules: dict[str, str], script: str) -> Any:
    return run_node(SETUP + script, modules)


def test_events_arrive_in_order_and_the_state_tells_the_truth(modules: dict[str, str]) -> None:
    told = run(
        modules,
        """
        const got = [];
        const post = async (version, events) => {
          await soon(5);
          got.push([version, events.map((e) => e.payload.id)]);
          return version + events.length;
        };
        const box = new Outbox(7, 4, post, store, tell);
        box.push(stroke("a")); box.push(stroke("b")); box.push(stroke("c"));
        const whileFlying = kept.size;
        const version = await box.flush();
        answer({ got, version, states: [...new Set(states)], whileFlying, after: kept.size });
        """,
    )
    assert told == {
        "got": [[4, ["a"]], [5, ["b", "c"]]],
        "version": 7,
        "states": ["saved · v4", "saving…", "saved · v7"],
        "whileFlying": 1,
        "after": 0,
    }


def test_a_lost_answer_sends_the_very_same_batch_again(modules: dict[str, str]) -> None:
    batches = run(
        modules,
        """
        const got = [];
        const box = new Outbox(7, 0, async (version, events) => {
          got.push(events.map((e) => e.payload.id));
          if (got.length === 1) throw new Theirs("no answer", 0);
          return version + events.length;
        }, store, tell);
        box.push(stroke("a"));
        await soon(10);
        box.push(stroke("b"), stroke("c"));
        const during = states.at(-1);
        await soon(900);
        answer({ got, during, last: states.at(-1) });
        """,
    )
    assert batches == {
        "got": [["a"], ["a"], ["b", "c"]],
        "during": "offline – 3 strokes kept here",
        "last": "saved · v3",
    }


def test_a_stale_version_stops_and_keeps_everything(modules: dict[str, str]) -> None:
    told = run(
        modules,
        """
        let calls = 0;
        const box = new Outbox(7, 1, async () => { calls++; throw new Theirs("stale", 409, 5); }, store, tell);
        box.push(stroke("a", "g"), stroke("b", "g"));
        await soon(20);
        box.retry();
        await soon(20);
        answer({ calls, last: states.at(-1), kept: JSON.parse([...kept.values()][0]).events.length });
        """,
    )
    assert told == {"calls": 1, "last": "changed elsewhere – 1 stroke kept here", "kept": 2}


def test_a_draft_that_takes_nothing_more_is_no_conflict(modules: dict[str, str]) -> None:
    told = run(
        modules,
        """
        const box = new Outbox(7, 1, async () => { throw new Theirs("It is submitted already.", 409); }, store, tell);
        box.push(stroke("a"));
        await soon(20);
        answer([box.state.kind, box.state.sentence, states.at(-1)]);
        """,
    )
    assert told == ["refused", "It is submitted already.", "not saved – 1 stroke kept here"]


def test_what_was_let_go_is_not_kept_by_an_answer_that_comes_later(modules: dict[str, str]) -> None:
    kept = run(
        modules,
        """
        let arrive;
        const box = new Outbox(7, 1, () => new Promise((resolve) => { arrive = resolve; }), store, tell);
        box.push(stroke("a"));
        box.push(stroke("b"));
        box.discard();
        arrive(2);
        await soon(20);
        answer(kept.size);
        """,
    )
    assert kept == 0


def test_a_full_store_is_said(modules: dict[str, str]) -> None:
    told = run(
        modules,
        """
        const full = { ...store, setItem: () => { throw new Error("quota"); } };
        const box = new Outbox(7, 1, async () => { throw new Theirs("gone", 0); }, full, tell);
        box.push(stroke("a"));
        await soon(20);
        box.close();
        answer(states.at(-1));
        """,
    )
    assert told == "offline – keep this tab open: 1 stroke only here"


@pytest.mark.parametrize(
    ("saved", "version", "expected"),
    [
        ([], 2, ["clean", ["a", "b"]]),
        ([], 1, ["conflict", ["a", "b"]]),  # a backup was put back
        (["a"], 3, ["clean", ["b"]]),
        (["a", "b"], 4, ["clean", []]),
        (["x"], 3, ["conflict", ["a", "b"]]),
        (["a", "x"], 4, ["conflict", ["b"]]),
        (["a", "b", "x"], 5, ["clean", []]),
    ],
)
def test_what_was_kept_is_compared_with_what_the_server_has(
    modules: dict[str, str], saved: list[str], version: int, expected: list[Any]
) -> None:
    script = """
    kept.set("heirloom.draft.7", JSON.stringify({ version: 2, events: [stroke("a"), stroke("b")] }));
    const found = recover(store, 7, input.version, input.saved.map((id, n) => ({ ...stroke(id), version: 3 + n })));
    answer([found.kind, found.unsent.flat().map((event) => event.payload.id)]);
    """
    assert run({**modules, "saved": saved, "version": version}, script) == expected  # type: ignore[dict-item]


def test_a_window_that_saves_leaves_what_another_keeps_of_the_same_draft(modules: dict[str, str]) -> None:
    told = run(
        modules,
        """
        const stale = async () => { throw new Theirs("stale", 409, 5); };
        const one = new Outbox(7, 1, stale, store, tell);
        one.push(stroke("a"), undo("b"));
        const other = new Outbox(7, 5, async (version, events) => version + events.length, store, tell);
        other.push(stroke("c"));
        await other.flush();
        const third = new Outbox(7, 1, stale, store, tell);
        third.push(stroke("d"));
        new Outbox(70, 1, stale, store, tell).push(stroke("e"));
        await soon(20);
        const found = recover(store, 7, 6, []);
        third.push(stroke("f"));
        release(store, found.read);
        const ids = (windows) => windows.map((events) => events.map((event) => event.payload.id));
        answer({ kind: found.kind, unsent: ids(found.unsent), then: ids(recover(store, 7, 6, []).unsent) });
        """,
    )
    assert told == {"kind": "conflict", "unsent": [["a", "b"], ["d"]], "then": [["d", "f"]]}


def test_own_changes_are_replayed_without_what_was_undone(modules: dict[str, str]) -> None:
    sizes = run(
        modules,
        """
        const events = [undo("0"), stroke("a", "g"), stroke("b", "g"), stroke("c"), undo("1"), stroke("d"),
          stroke("e", "h"), undo("2")];
        const again = replayable(events);
        const fresh = again.every((event) => !"abcde012".includes(event.payload.id));
        answer({ kinds: again.map((event) => event.payload.group ?? "-"), fresh });
        """,
    )
    assert sizes == {"kinds": ["g", "g", "-"], "fresh": True}
