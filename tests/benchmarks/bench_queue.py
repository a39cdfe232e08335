"""The queue with 100,000 photos, on SQLite and on PostgreSQL: what `next_task` and its neighbours cost.

    python -m tests.benchmarks.bench_queue [--photos 100000] [--json FILE] [--plans]

Three worlds, each the worst of its kind: all tasks alike (nothing sorted yet), sorted by uncertainty with 2 % leased
and 5 % skipped by the asker on top, and half of the photos archived, those on top. The ratio is the time of a
query with all photos to that with a hundredth of them: a queue that looks at every task would have a ratio of 100.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from db.engine import Database
from db.migrate import upgrade
from db.models import Assessor, Photo, PhotoBand, Skip, Task, utc_now
from db.people import sign_in
from db.photos import PhotoFilter, add_photo, count_photos, list_photos
from db.queue import _offered, next_task, release, upcoming, waiting
from db.splits import bands
from tests.support.databases import photo_facts
from tests.support.postgres import postgres_binaries, running_cluster

WORLDS = ("alike", "sorted", "archived")
CHUNK = 2000


@dataclass(frozen=True)
class Figure:
    """Milliseconds of one operation in one world."""

    database: str
    world: str
    operation: str
    p50: float
    p95: float
    ratio: float


def fill(database: Database, photos: int, world: str) -> int:
    """Photos with their label tasks; returns the id of the assessor who asks."""
    chance, now = random.Random(1), utc_now()
    with database.unit_of_work() as session:
        asker, other = sign_in(session, "Ada"), sign_in(session, "Ben")
        for start in range(0, photos, CHUNK):
            numbers = range(start, min(start + CHUNK, photos))
            session.execute(insert(Photo), [_photo(number, world, photos) for number in numbers])
            session.execute(insert(PhotoBand), [row for number in numbers for row in _bands(number)])
            session.execute(insert(Task), [_task(number, world, photos, chance.random()) for number in numbers])
        if world == "sorted":
            ids = list(
                session.scalars(select(Task.id).order_by(Task.priority.desc(), Task.id).limit(photos * 7 // 100))
            )
            held = {"leased_to_id": other.id, "leased_until": now + timedelta(days=1)}
            for task_id in ids[: photos // 50]:
                session.execute(Task.__table__.update().where(Task.id == task_id).values(**held))
            session.execute(insert(Skip), [_skip(task_id, asker.id) for task_id in ids[photos // 50 :]])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return asker.id


def operations(database: Database, asker_id: int) -> dict[str, Callable[[], object]]:
    """What is timed, by name; each leaves the queue as it was."""

    def take() -> object:
        with database.unit_of_work() as session:
            asker = session.get_one(Assessor, asker_id)
            task = next_task(session, asker, "label")
            assert task is not None
            release(session, task.id, asker)
            return task

    def look(query: Callable[..., object], *arguments: object) -> Callable[[], object]:
        def run() -> object:
            with database.reading() as session:
                return query(session, *arguments)

        return run

    asker = _asker(database, asker_id)
    added = iter(range(10**9))

    def add() -> object:
        with database.unit_of_work() as session:
            return add_photo(session, photo_facts(f"added {next(added)}"), queue=False)

    return {
        "an empty query": look(lambda session: session.scalar(select(1))),
        "next_task and release": take,
        "upcoming, 12 tasks": look(upcoming, asker, "label"),
        "waiting, all kinds": look(waiting, asker),
        "wall, first 60": look(list_photos, PhotoFilter()),
        "wall, 60 waiting at 50,000": look(list_photos, PhotoFilter(state="waiting", offset=50_000)),
        "wall, count waiting": look(count_photos, PhotoFilter(state="waiting")),
        "add_photo, near-copies looked up": add,
    }


def measure(database: Database, asker_id: int, repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for name, operation in operations(database, asker_id).items():
        operation()
        times[name] = [
            _milliseconds(operation) for _ in range(repeats if "wall" not in name else max(5, repeats // 10))
        ]
    return times


def plan(database: Database, asker_id: int) -> str:
    """What the database says it will do for `next_task`."""
    with database.reading() as session:
        query = _offered(session, session.get_one(Assessor, asker_id), "label", utc_now()).limit(1)
        dialect = sqlite.dialect() if database.is_sqlite else postgresql.dialect()
        compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True, "render_postcompile": True})
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN (ANALYZE, COSTS OFF)"
        rows = session.connection().exec_driver_sql(f"{explain} {compiled}".replace("%", "%%"))
        return "\n".join(str(row[-1]) for row in rows)


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, Callable[[], str]]]:
    """Makers of addresses of empty databases, by kind."""
    numbers = iter(range(10**6))

    def new_file() -> str:
        return f"sqlite:///{folder / f'{next(numbers)}.db'}"

    binaries = postgres_binaries()
    if binaries is None:
        yield {"SQLite": new_file}
        return
    with running_cluster(binaries) as cluster:
        made = []

        def new_database() -> str:
            opened = cluster.fresh_database()
            made.append(opened)
            return opened.__enter__()

        yield {"SQLite": new_file, "PostgreSQL": new_database}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as kinds:
        for kind, new_url in kinds.items():
            for world in WORLDS:
                times = {}
                for photos in (options.photos // 100, options.photos):
                    database = Database(new_url())
                    upgrade(database.url)
                    asker_id = fill(database, photos, world)
                    times[photos] = measure(database, asker_id, options.repeats)
                    if options.plans and photos == options.photos:
                        print(f"\n{kind}, {world}:\n{plan(database, asker_id)}\n")
                    database.dispose()
                small, large = times.values()
                for name in large:
                    p50, p95 = _percentiles(large[name])
                    figures.append(Figure(kind, world, name, p50, p95, p50 / statistics.median(small[name])))
                    print(
                        f"{kind:<11}{world:<10}{name:<34}{p50:9.2f} ms p50{p95:9.2f} ms p95  ×{figures[-1].ratio:.1f}"
                    )
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1), encoding="utf-8")


def _photo(number: int, world: str, photos: int) -> dict[str, object]:
    facts = photo_facts(f"photo {number}")
    put_away = world == "archived" and number < photos // 2
    return {
        **asdict(facts),
        "id": number + 1,
        "collection": f"album {number % 50}",
        "split": "train",
        "archived_at": utc_now() if put_away else None,
    }


def _bands(number: int) -> list[dict[str, int]]:
    near_hash = photo_facts(f"photo {number}").near_hash
    return [{"photo_id": number + 1, "band": band, "value": value} for band, value in enumerate(bands(near_hash))]


def _task(number: int, world: str, photos: int, chance: float) -> dict[str, object]:
    priority = {"alike": 0.0, "sorted": chance, "archived": 1.0 if number < photos // 2 else 0.5}[world]
    return {"kind": "label", "photo_id": number + 1, "priority": priority, "reason": "new", "marks": []}


def _skip(task_id: int, assessor_id: int) -> dict[str, object]:
    return {"task_id": task_id, "assessor_id": assessor_id, "reason": "too dark"}


def _asker(database: Database, asker_id: int) -> Assessor:
    with database.reading() as session:
        return session.get_one(Assessor, asker_id)


def _milliseconds(operation: Callable[[], object]) -> float:
    started = time.perf_counter()
    operation()
    return (time.perf_counter() - started) * 1000


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return statistics.median(times), cuts[18]


if __name__ == "__main__":
    main()
