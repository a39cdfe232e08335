"""The task that a page's address asks for."""

import pytest

from annotator.views.viewer import asked_task


@pytest.mark.parametrize(
    ("value", "task"),
    [("12", 12), (None, None), ("", None), ("-3", None), ("1.5", None), ("twelve", None), ("²", None)],
)
def test_only_a_whole_number_names_a_task(value: str | None, task: int | None) -> None:
    assert asked_task(value) == task
