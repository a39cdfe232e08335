"""Standard output that may be full, or that nobody reads."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO, cast

from inference.errors import OutputError


@contextmanager
def printing() -> Iterator[None]:
    """Within the block, OutputError is raised where standard output takes no more.

    A pipe that nobody reads stays a BrokenPipeError, at which the library of the command line leaves in silence.
    """
    if sys.stdout is None:  # closed: what is printed goes nowhere
        yield
        return
    output = _Output(sys.stdout)
    try:
        with redirect_stdout(cast(TextIO, output)):
            yield
    finally:
        if output.lost:  # the interpreter would try once more at its end, and complain
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until that end


class _Output:
    """A stream that tells its own errors from those of files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = False

    def write(self, text: str) -> int:
        with self._watched():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._watched():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lost = True
            if error.errno == errno.EPIPE:
                raise
            raise OutputError(
                f"Standard output cannot be written ({error.strerror or error}); make room, or send it elsewhere."
            ) from error
