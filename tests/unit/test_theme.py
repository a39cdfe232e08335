"""Text is read easily in both themes, as WCAG 2.2 asks for: 4.5 to 1."""

import re

import pytest

from annotator.parts import STATIC
from annotator.theme import DARK, LIGHT

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
