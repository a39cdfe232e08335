"""The one platform of this process: settings, database and blobs, opened once and shared by pages and routes."""

from dataclasses import dataclass
from functools import lru_cache

from annotator import identity
from db.blobs import BlobStore, open_blobs
from db.engine import Database, open_database
from db.errors import NotFound
from db.models import Assessor
from db.people import get_assessor
from db.settings import Settings


@dataclass(frozen=True)
class Platform:
    """What a page or a route needs to do its work."""

    settings: Settings
    database: Database
    blobs: BlobStore


def platform() -> Platform:
    """The platform that the environment names. Opened on first use; the same one afterwards."""
    return _open(Settings().model_dump_json())


@lru_cache(maxsize=8)
def _open(settings_json: str) -> Platform:
    settings = Settings.model_validate_json(settings_json)
    return Platform(settings, open_database(settings), open_blobs(settings))


def assessor_of(cookie: str | None) -> Assessor | None:
    """The person behind a session cookie; None when it is missing, forged, too old or of somebody who left."""
    here = platform()
    assessor_id = identity.read(cookie, here.settings) if cookie else None
    if assessor_id is None:
        return None
    with here.database.reading() as session:
        try:
            assessor = get_assessor(session, assessor_id)
        except NotFound:
            return None
    return assessor if assessor.active else None
