"""Curves of trainings, in both themes."""

import pytest

from annotator import theme
from annotator.pages.charts import lines
from annotator.views.runs import Point

LEAST = 3.0
"""WCAG 2.1, 1.4.11: what a chart's lines need against their ground."""


def luminance(colour: str) -> float:
    shares = [part / 255 for part in bytes.fromhex(colour[1:])]
    red, green, blue = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [theme.DARK, theme.LIGHT])
def test_lines_are_seen_on_the_ground_of_the_theme(palette: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theme, "palette", lambda: palette)
    runs = [f"detector@{number}" for number in range(1, 7)]
    chart = lines({run: [Point(0, 1.0), Point(1, 0.5)] for run in runs}, "loss").to_dict()
    hues = chart["encoding"]["color"]["scale"]["range"]
    assert len(set(hues)) == len(runs)
    ground = luminance(palette["backgroundColor"])
    for hue in hues:
        dark, light = sorted((ground, luminance(hue)))
        assert (light + 0.05) / (dark + 0.05) >= LEAST, hue
