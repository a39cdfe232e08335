"""What several tests of commands ask of an outcome."""

from click.testing import Result


def failing(result: Result, code: int) -> str:
    """What a command said that left with `code`: a sentence, no traceback."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit), "an expected failure is a sentence, not a traceback"
    return str(result.stderr)
