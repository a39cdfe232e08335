"""Text is read easily in both themes, as WCAG 2.2 asks for: 4.5 to 1."""

import re
from pathlib import Path

import pytest

from annotator.parts import STATIC
from annotator.theme import DARK, LIGHT
from tests.support.editor_bundle import EDITOR

ENOUGH = 4.5
QUIET_TEXT = {"pages": (r"\.hl-quiet, .+", r"\.hl-story time"), "versions": (r"\.keys",), "drop": (r"\.hint",)}
"""What is set back, by the stylesheet that says how far."""
TINT = 0.1
"""How much of the accent Streamlit lays under a choice that is made, at most."""


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_text_stands_out_from_its_ground(palette: dict[str, str]) -> None:
    text, ground, accent = (rgb(palette[f"{name}Color"]) for name in ("text", "background", "primary"))
    for sheet, selectors in QUIET_TEXT.items():
        said = (STATIC / f"{sheet}.css").read_text()
        for selector in selectors:
            opacity = re.search(rf"^{selector} {{.*opacity: (0\.\d+)", said, re.MULTILINE)
            assert opacity is not None, selector
            assert contrast(mixed(text, ground, float(opacity[1])), ground) > ENOUGH, selector
    assert contrast(accent, mixed(accent, ground, TINT)) > ENOUGH
    assert contrast(ground, accent) > ENOUGH


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_comments_of_a_recipe_and_names_of_results_stand_out(palette: dict[str, str]) -> None:
    code, ground = rgb(palette["codeTextColor"]), rgb(palette["codeBackgroundColor"])
    share = opacity_of(r"\[data-testid=\"stCode\"\] pre \.token\.comment {", STATIC / "pages.css")
    assert contrast(mixed(code, ground, share), ground) > ENOUGH

    viewer, page = EDITOR / "src" / "viewer.css", rgb(palette["backgroundColor"])
    assert opacity_of(r"\.result \.name kbd {", viewer) == 1, "set back once already, with all of its result"
    share = opacity_of(r"\.results button {\n", viewer)
    veil = float(
        re.findall(r"\.result \.name {[^}]*background: rgb\(0 0 0 / (0\.\d+)\); color: #fff", viewer.read_text())[0]
    )
    over_white = [1 - veil] * 3
    assert contrast(mixed(rgb("#ffffff"), page, share), mixed(over_white, page, share)) > ENOUGH


def opacity_of(rule: str, sheet: Path) -> float:
    found = re.search(rf"^{rule}[^}}]* opacity: ([0-9.]+)", sheet.read_text(), re.MULTILINE)
    assert found is not None, rule
    return float(found[1])


def rgb(colour: str) -> list[float]:
    return [value / 255 for value in bytes.fromhex(colour[1:])]


def mixed(one: list[float], other: list[float], share: float) -> list[float]:
    return [share * a + (1 - share) * b for a, b in zip(one, other, strict=True)]


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: list[float]) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
