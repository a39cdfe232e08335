"""Addresses of databases and blobs: which driver, what of them may be shown, which file."""

import re
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

BACKENDS = ("sqlite", "postgresql")
REMEDY = "give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME, or unset it"
PASSWORD = re.compile(r"(://[^/:@]*):.*@")


def normal_url(url: str) -> str:
    """Names the driver we ship for plain PostgreSQL addresses."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgres", "postgresql") else url


def shown_url(url: str) -> str:
    """The address without its password, for messages."""
    return make_url(url).difference_update_query(["password"]).render_as_string(hide_password=True)


def shown_place(url: str) -> str:
    """An address of blobs, or of anything but a database, without its password."""
    return PASSWORD.sub(r"\1:***@", url)


def without_sign_in(url: str) -> str:
    """An address without a user and a password, for a link that others see."""
    return re.sub(r"(://)[^/]*@", r"\1", url)


def check_database(url: str) -> None:
    """Raises ValueError, saying nothing of a password, where this is no address of a database that we can open."""
    try:
        parsed = make_url(normal_url(url))
        backend = parsed.get_backend_name()
        if backend in BACKENDS:
            parsed.get_dialect().import_dbapi()
    except ImportError as error:
        raise ValueError(
            f"it needs {error.name}, which is not installed: pip install 'heirloom[team]', or {REMEDY}"
        ) from error
    except (ArgumentError, ValueError):  # its text may hold a part of the password
        raise ValueError(f"it is no address of a database; {REMEDY}") from None
    if "@" in (parsed.host or ""):  # what comes before it is a part of the password, which would be shown
        raise ValueError(f"an @ in a password is written %40; {REMEDY}")
    if backend not in BACKENDS:
        raise ValueError(f"heirloom keeps nothing in {backend}; {REMEDY}")


def check_place(url: str) -> None:
    """Raises ValueError where no file system is known for this address of blobs."""
    if "://" not in url:
        return
    from fsspec import available_protocols

    for protocol in url.partition("://")[0].split("::"):
        if protocol not in available_protocols():
            raise ValueError(f"nothing is known to keep files at {protocol}://; give a folder or s3://BUCKET/FOLDER")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite address; None for other databases."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
