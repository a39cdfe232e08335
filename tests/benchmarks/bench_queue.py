"""The queue with 100,000 photos, on SQLite and on PostgreSQL: what `next_task` and its neighbours cost.

    python -m tests.benchmarks.bench_queue [--photos 100000] [--only SQLite|PostgreSQL] [--json FILE] [--plans]

Three worlds, each the worst of its kind: all tasks alike (nothing sorted yet), sorted by uncertainty with 2 % leased
and 5 % skipped by the asker on top, and half of the photos archived, those on top. The ratio is the time of an
operation with all photos to that with a hundredth of them (the best of each, which a busy machine spoils least): an
operation that looks at every task would have a ratio of 100.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import case, delete, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from db.engine import Database
from db.migrate import upgrade
from db.models import Assessor, Photo, PhotoBand, Skip, Task, utc_now
from db.people import sign_in
from db.photos import PhotoFacts, add_photo
from db.queue import _offered, next_task, upcoming, waiting
from db.splits import bands
from db.wall import PhotoFilter, count_photos, list_photos
from tests.support.databases import photo_facts
from tests.support.postgres import postgres_binaries, running_cluster

WORLDS = ("alike", "sorted", "archived")
CHUNK = 2000
SMALLEST = 5000
Sample = tuple[float, float]
"""Milliseconds of wall clock and of CPU."""


@dataclass(frozen=True)
class Figure:
    """Milliseconds of one operation in one world; `cpu` is this process's own (PostgreSQL's server is another)."""

    database: str
    world: str
    operation: str
    cpu: float
    best: float
    p50: float
    p95: float
    ratio: float

    def line(self) -> str:
        times = (("CPU", self.cpu), ("best", self.best), ("p50", self.p50), ("p95", self.p95))
        shown = "".join(f"{time:9.2f} ms {name}" for name, time in times)
        return f"{self.database:<11}{self.world:<10}{self.operation:<32}{shown}  ×{self.ratio:.1f}"


def fill(database: Database, photos: int) -> int:
    """Photos with their label tasks, all alike; returns the id of the assessor who asks."""
    with database.unit_of_work() as session:
        asker = sign_in(session, "Ada")
        for start in range(0, photos, CHUNK):
            facts = [photo_facts(f"photo {number}") for number in range(start, min(start + CHUNK, photos))]
            numbered = list(enumerate(facts, start=start + 1))
            session.execute(insert(Photo), [_photo(photo_id, each) for photo_id, each in numbered])
            session.execute(insert(PhotoBand), [row for photo_id, each in numbered for row in _bands(photo_id, each)])
            session.execute(insert(Task), [_task(photo_id) for photo_id, _ in numbered])
        if not database.is_sqlite:
            session.execute(text("SELECT setval(pg_get_serial_sequence('photo', 'id'), :last)"), {"last": photos})
        return asker.id


def become(database: Database, world: str, photos: int, asker_id: int) -> None:
    """Turns a database of another world into this one."""
    with database.unit_of_work() as session:
        if world == "sorted":
            other = sign_in(session, "Ben")
            session.execute(update(Task).values(priority=(Task.id * 7919 % 10007) / 10007.0))
            top = list(
                session.scalars(select(Task.id).order_by(Task.priority.desc(), Task.id).limit(photos * 7 // 100))
            )
            held, skipped = top[: photos // 50], top[photos // 50 :]
            lease = {"leased_to_id": other.id, "leased_until": utc_now() + timedelta(days=1)}
            session.execute(update(Task), [{"id": task_id, **lease} for task_id in held])
            session.execute(insert(Skip), [_skip(task_id, asker_id) for task_id in skipped])
        if world == "archived":
            session.execute(delete(Skip))
            put_away = Task.photo_id <= photos // 2
            parked = case((put_away, "parked"), else_="open")
            session.execute(
                update(Task).values(priority=case((put_away, 1.0), else_=0.5), leased_until=None, status=parked)
            )
            session.execute(update(Photo).where(Photo.id <= photos // 2).values(archived_at=utc_now()))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))


def operations(database: Database, asker_id: int) -> dict[str, Callable[[], object]]:
    """What is timed, by name; each leaves the queue as it was."""

    def take() -> object:
        with database.unit_of_work() as session:
            asker = session.get_one(Assessor, asker_id)
            task = next_task(session, asker, "label")
            assert task is not None
            task.leased_to_id = task.leased_until = None
            return task

    def look(query: Callable[..., object], *arguments: object) -> Callable[[], object]:
        def run() -> object:
            with database.reading() as session:
                return query(session, *arguments)

        return run

    asker = _asker(database, asker_id)

    def add() -> object:
        with database.unit_of_work() as session:
            return add_photo(session, photo_facts(f"added {time.time_ns()}"), queue=False)

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


def measure(database: Database, asker_id: int, repeats: int) -> dict[str, list[Sample]]:
    times: dict[str, list[Sample]] = {}
    for name, operation in operations(database, asker_id).items():
        operation()
        times[name] = [_timed(operation) for _ in range(repeats if "wall" not in name else max(5, repeats // 10))]
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


def run(url: str, photos: int, repeats: int, *, plans: bool) -> dict[tuple[str, str], list[Sample]]:
    """Milliseconds of every operation in every world, with that many photos."""
    upgrade(url)
    database = Database(url)
    asker_id = fill(database, photos)
    times = {}
    for world in WORLDS:
        become(database, world, photos, asker_id)
        times.update({(world, name): each for name, each in measure(database, asker_id, repeats).items()})
        if plans:
            print(f"\n{url.partition(':')[0]}, {world}:\n{plan(database, asker_id)}\n", flush=True)
    database.dispose()
    return times


def figure(kind: str, world: str, operation: str, large: list[Sample], small: list[Sample]) -> Figure:
    walls, best = [wall for wall, _ in large], min(large)[0]
    p95 = statistics.quantiles(walls, n=20, method="inclusive")[18]
    cpu = min(cpu for _, cpu in large)
    return Figure(kind, world, operation, cpu, best, statistics.median(walls), p95, best / min(small)[0])


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
    parser.add_argument("--only", choices=["SQLite", "PostgreSQL"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    if options.photos < SMALLEST:
        parser.error(f"--photos is at least {SMALLEST}: a hundredth of them is measured too")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as kinds:
        for kind, new_url in kinds.items():
            if options.only not in (None, kind):
                continue
            small = run(new_url(), options.photos // 100, options.repeats, plans=False)
            large = run(new_url(), options.photos, options.repeats, plans=options.plans)
            figures += [figure(kind, *key, large[key], small[key]) for key in large]
            for each in figures[-len(large) :]:
                print(each.line(), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1), encoding="utf-8")


def _photo(photo_id: int, facts: PhotoFacts) -> dict[str, object]:
    return {**asdict(facts), "id": photo_id, "collection": f"album {photo_id % 50}", "split": "train"}


def _bands(photo_id: int, facts: PhotoFacts) -> list[dict[str, int]]:
    return [{"photo_id": photo_id, "band": band, "value": value} for band, value in enumerate(bands(facts.near_hash))]


def _task(photo_id: int) -> dict[str, object]:
    return {"kind": "label", "photo_id": photo_id, "reason": "new", "marks": []}


def _skip(task_id: int, assessor_id: int) -> dict[str, object]:
    return {"task_id": task_id, "assessor_id": assessor_id, "reason": "too dark"}


def _asker(database: Database, asker_id: int) -> Assessor:
    with database.reading() as session:
        return session.get_one(Assessor, asker_id)


def _timed(operation: Callable[[], object]) -> Sample:
    started, started_cpu = time.perf_counter(), time.process_time()
    operation()
    return (time.perf_counter() - started) * 1000, (time.process_time() - started_cpu) * 1000


if __name__ == "__main__":
    main()
