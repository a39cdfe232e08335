"""Colours that a person gives are checked before they become a job."""

from typing import Any

import pytest

from annotator.colours import MOST_HINTS, ColouringError, checked_colouring
from annotator.views.photo import trouble
from db.models import Job

HINT: dict[str, Any] = {"row": 29, "column": 39, "rgb": [0, 128, 255]}


def test_colours_are_cut_down_to_what_is_kept() -> None:
    said = {"saturation": 1.2345, "hints": [{**HINT, "name": "ribbon"}], "more": 1}
    assert checked_colouring(said, 40, 30) == {"saturation": 1.23, "hints": [HINT]}
    assert checked_colouring({"saturation": 0, "hints": []}, 40, 30) == {"saturation": 0.0, "hints": []}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, "strength of colours is between 0 and 200 %"),
        ({"saturation": 2.1}, "strength of colours"),
        ({"saturation": float("nan")}, "strength of colours"),
        ({"saturation": True}, "strength of colours"),
        ({"hints": None}, "At most 64 colours"),
        ({"hints": [HINT] * (MOST_HINTS + 1)}, "At most 64 colours"),
        ({"hints": [HINT, {**HINT, "row": 30}]}, "Colour 2 lies outside the photo, which is 40×30 pixels"),
        ({"hints": [{**HINT, "column": -1}]}, "Colour 1 lies outside"),
        ({"hints": [{**HINT, "row": 1.5}]}, "Colour 1 lies outside"),
        ({"hints": [{**HINT, "rgb": [0, 0]}]}, "Colour 1 is no colour"),
        ({"hints": [{**HINT, "rgb": [0, 0, 256]}]}, "Colour 1 is no colour"),
        ({"hints": ["red"]}, "Colour 1 lies outside"),
    ],
)
def test_colours_that_make_no_sense_are_refused(wrong: dict[str, Any] | None, said: str) -> None:
    raw = wrong if wrong is None else {"saturation": 1.0, "hints": [HINT], **wrong}
    with pytest.raises(ColouringError, match=said):
        checked_colouring(raw, 40, 30)


def test_a_restoration_tells_the_trouble_of_each_of_its_photos() -> None:
    failed = Job(status="failed", params={"photo_ids": [1, 2]}, error="No inpainter.", result={})
    partly = Job(status="done", params={"photo_ids": [1]}, result={"failures": [{"photo_id": 1, "error": "Too dark."}]})
    assert trouble(partly, 1) == "Too dark."
    assert trouble(partly, 2) == ""
    assert trouble(failed, 2) == "No inpainter."
    assert trouble(Job(status="running", params={"photo_ids": [1]}, result={}), 1) == ""
    assert trouble(None, 3) == ""
