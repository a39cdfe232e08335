"""What can go wrong in words: every expected error of this room derives from `PlatformError`."""

import errno

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where a disk, or what one may keep on it, is full."""


class PlatformError(Exception):
    """Base of this room's errors; its text is a sentence that may be shown to people."""


class NotFound(PlatformError):  # noqa: N818
    """Nothing has that id, name or hash."""


class NotAllowed(PlatformError):  # noqa: N818
    """The assessor's roles do not permit this."""


class InvalidState(PlatformError):  # noqa: N818
    """The thing is there, but this cannot be done to it now."""


class WrongFolder(PlatformError):  # noqa: N818
    """The folder that was named for what is to be written is in use, or cannot be made."""


class SchemaError(PlatformError):
    """The database is missing, or its tables are older or newer than this code."""


class BlobError(PlatformError):
    """A blob is missing or its bytes are no longer those that its name promises."""


class Stale(PlatformError):  # noqa: N818
    """Somebody wrote in between: the version the writer saw is not the newest. Nothing was written."""

    def __init__(self, message: str, current: int) -> None:
        super().__init__(message)
        self.current = current
