"""The numbers of a training's settings: each with its limits, and a sentence for what lies outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class Number:
    """One setting: what it is called, and from where to where it goes."""

    label: str
    least: float
    most: float
    help: str | None = None


NUMBERS = {
    "epochs": Number("Epochs", 1, 1000, "After each it is measured and shows its pictures."),
    "batch": Number("Batch", 1, 256, "Pictures that it learns from at once; more take more memory."),
    "steps": Number("Steps per epoch", 1, 100_000),
    "rate": Number("Learning rate", 1e-6, 0.1),
    "processes": Number(
        "Processes that train", 1, 64,
        "One for each GPU of the machine that trains. Each takes a batch of its own in every step.",
    ),
    "workers": Number("Processes that make pictures", 0, 64, "For each process that trains."),
    "seed": Number("Seed", 0, 2**31),
}  # fmt: skip


def ask_number(key: str, name: str, begins: float, **look: Any) -> float:
    """The number in this widget, brought within its limits; `outside` says where that was needed.

    The widget itself knows no limits: with them Streamlit keeps the last number that fits, and tells nobody.
    """
    asked = NUMBERS[name]
    said = st.number_input(asked.label, value=begins, key=f"{key}-{name}", help=asked.help, **look)
    return min(asked.most, max(asked.least, said))


def outside(key: str) -> Iterator[str]:
    """What stands in the widgets of this key and cannot be, one sentence each."""
    for name, number in NUMBERS.items():
        said = st.session_state.get(f"{key}-{name}", number.least)
        if not number.least <= said <= number.most:
            yield f"{number.label}: from {_plain(number.least)} to {_plain(number.most)}, not {_plain(said)}."


def _plain(value: float) -> str:
    """`100,000`, `0.000001`"""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6f}".rstrip("0").rstrip(".")
