"""A copy of the platform that can be put back, taken while it runs."""

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from db.addresses import sqlite_file
from db.blobs import BlobStore, open_blobs
from db.errors import FULL, BlobError, PlatformError, WrongFolder
from db.settings import Settings


class BackupError(PlatformError):
    """The copy could not be made."""


@dataclass
class BackupReport:
    """What a backup holds now, and what could not be copied."""

    databases: list[str] = field(default_factory=list)
    blobs: int = 0
    copied: int = 0
    """Blobs that were not in the folder from an earlier backup."""
    failed: list[str] = field(default_factory=list)
    """A sentence for each blob that is missing or corrupt."""
    elsewhere: str = ""
    """A sentence that says which part of the platform is not in the backup, nor meant to be."""


def back_up(settings: Settings, folder: Path, progress: Callable[[int], None]) -> BackupReport:
    """Copies the databases, then the blobs, the models' files and what trainings need to go on, into `folder`; a second
    time only what is new.

    Models that `MLFLOW_TRACKING_URI` keeps elsewhere stay there; the report says so.

    The databases come first: whatever they name was stored before. They are put in place last, so that a folder with
    them has the rest as well. `progress` hears the number of blobs done. Raises BackupError, WrongFolder where `folder`
    is part of what is copied, or cannot be made or written to; a bad blob does not stop the rest.
    """
    if not settings.has_platform():
        raise BackupError(f"There is no platform at {settings.home.resolve()}; there is nothing to back up.")
    source = open_blobs(settings)
    _refuse_the_live(settings, source, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongFolder(f"{folder} cannot be made a folder ({error.strerror}); choose another one.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WrongFolder(f"{folder} cannot be written to; choose another one, or change who may write there.")
    with _room(folder), TemporaryDirectory(prefix=".databases-", dir=folder) as beside:
        report = BackupReport(databases=_databases(settings, Path(beside)))
        _copy_blobs(source, BlobStore(str(folder.resolve() / "blobs")), report, progress)
        _copy_files(settings.artifacts_dir, folder / "artifacts")
        _copy_files(settings.home.resolve() / "jobs", folder / "jobs")
        for copy in Path(beside).iterdir():
            copy.replace(folder / copy.name)
    if settings.tracking_uri is not None:
        report.elsewhere = f"Models and runs are not in it: MLflow at {settings.shown_tracking_uri} keeps them."
    return report


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite file that others may be writing, put in place when it is whole."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(beside)) as copy:
            live.backup(copy)
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise BackupError(f"{source} is damaged ({verdict}); its earlier backup was left alone.")
        beside.replace(target)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise BackupError(
            f"{source} cannot be copied ({error}); if it is damaged, restore it from an earlier backup, which was left "
            "alone."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def dump_postgres(url: str, target: Path) -> None:
    """A dump of a PostgreSQL database by `pg_dump`, for `pg_restore`."""
    parsed = make_url(url)
    password = parsed.password or parsed.query.get("password")
    bare = parsed.difference_update_query(["password"]).set(drivername="postgresql", password=None)
    address = bare.render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        subprocess.run(
            ["pg_dump", "--format=custom", f"--file={beside}", f"--dbname={address}"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        beside.replace(target)
    except FileNotFoundError:
        raise BackupError("pg_dump is not installed; install the PostgreSQL client programs.") from None
    except subprocess.CalledProcessError as failure:
        raise BackupError(f"pg_dump of {address} failed: {failure.stderr.strip()}") from failure
    finally:
        beside.unlink(missing_ok=True)


def _refuse_the_live(settings: Settings, blobs: BlobStore, folder: Path) -> None:
    """Raises WrongFolder where a copy would come to lie in or over what the platform works with."""
    files = [sqlite_file(url) for url in (settings.database_url, settings.jobs_database_url)]
    copy = Path(os.path.realpath(folder))
    for part in (settings.home, blobs.folder, *files):
        if part is None:  # it lies on a server
            continue
        live = Path(os.path.realpath(part))
        if copy.is_relative_to(live) or live.is_relative_to(copy):
            raise WrongFolder(
                f"{folder} is, holds or lies in {live}, which the platform works with; choose a folder apart from it."
            )


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """Turns what a full disk makes of writing into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise BackupError(
            f"There is no room for the backup in {folder} ({error.strerror}); make room, and back up into it again. "
            "Until then its databases are those of the backup before, if there was one."
        ) from error


def _databases(settings: Settings, folder: Path) -> list[str]:
    urls = {
        "heirloom": settings.database_url,
        "jobs": settings.jobs_database_url,
        "mlflow": settings.mlflow_store_url,
    }
    done: dict[str, str] = {}
    for name, url in urls.items():
        file = sqlite_file(url)
        if url in done.values() or (file is not None and not file.exists()):
            continue
        if file is not None:
            copy_sqlite(file, folder / f"{name}.db")
        else:
            dump_postgres(url, folder / f"{name}.dump")
        done[name] = url
    return list(done)


def _copy_blobs(source: BlobStore, target: BlobStore, report: BackupReport, progress: Callable[[int], None]) -> None:
    kept = set(target.hashes())
    for number, sha in enumerate(source.hashes(), start=1):
        try:
            if sha not in kept:
                target.put(source.get(sha))
                report.copied += 1
            report.blobs += 1
        except BlobError as error:
            report.failed.append(str(error))
        progress(number)


def _copy_files(source: Path, target: Path) -> None:
    """All but what is hidden, which somebody is just writing.

    What lies deepest comes first: a training's state before its journal, or figures in between would be in neither.
    """
    for folder, _, names in os.walk(source, topdown=False, followlinks=True):
        there = target / Path(folder).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        for name in names:
            if not name.startswith("."):
                _copy_file(Path(folder, name), there / name)


def _copy_file(source: Path, target: Path) -> None:
    """Unless its copy is there, of the same size and time. What went since it was listed, or never was, is left out."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if not _is_copy(source, target):
            shutil.copy2(source, beside)
            beside.replace(target)
    except FileNotFoundError:
        if source.exists():
            raise
    finally:
        beside.unlink(missing_ok=True)


def _is_copy(source: Path, target: Path) -> bool:
    if not target.exists():
        return False
    live, copy = source.stat(), target.stat()
    return (live.st_size, live.st_mtime_ns) == (copy.st_size, copy.st_mtime_ns)
