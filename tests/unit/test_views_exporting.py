"""The sentence about photos that an export leaves behind."""

import pytest

from annotator.views.exporting import without_sentence


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["a.jpg"], "a.jpg has no accepted mask yet and stays behind."),
        (["a.jpg", "b.jpg"], "a.jpg and b.jpg have no accepted mask yet and stay behind."),
        (list("abcdef"), "a, b, c, d, e and 1 other photo have no accepted mask yet and stay behind."),
        (list("abcdefg"), "a, b, c, d, e and 2 other photos have no accepted mask yet and stay behind."),
    ],
)
def test_photos_that_stay_behind_are_named(names: list[str], said: str) -> None:
    assert without_sentence(names) == said
