"""Addresses of databases: which driver, what of them may be shown, which file."""

from pathlib import Path

from sqlalchemy import make_url


def normal_url(url: str) -> str:
    """Names the driver we ship for plain PostgreSQL addresses."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgres", "postgresql") else url


def shown_url(url: str) -> str:
    """The address without its password, for messages."""
    return make_url(url).render_as_string(hide_password=True)


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite address; None for other databases."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
