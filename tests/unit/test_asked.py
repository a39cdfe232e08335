"""The rows that addresses ask for."""

import pytest

from annotator.asked import LARGEST_ID, asked_id


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), (str(LARGEST_ID), LARGEST_ID), *((each, None) for each in (None, "", "-3", "1.5", "twelve", "²"))],
)
def test_only_a_whole_number_names_a_row(value: str | None, number: int | None) -> None:
    assert asked_id(value) == number


@pytest.mark.parametrize("value", [str(LARGEST_ID + 1), "9" * 25, "9" * 5000])
def test_a_number_that_no_row_can_have_names_none(value: str) -> None:
    assert asked_id(value) is None
