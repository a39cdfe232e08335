"""Rows that an address asks for by their numbers."""

LARGEST_ID = 2**31 - 1
"""PostgreSQL's largest integer: a larger number is no row's, and breaks the question."""


def asked_id(value: str | None) -> int | None:
    """The number of a row; None where `value` is none."""
    if value is None or not value.isascii() or not value.isdigit() or len(value) > len(str(LARGEST_ID)):
        return None
    return number if (number := int(value)) <= LARGEST_ID else None
