"""The look: neutral warm greys, so that a photo's own cast can be judged, and one accent, the amber of a safelight."""

from pathlib import Path
from typing import Any

import streamlit as st

PROPOSAL, DRAWN, ACCEPTED = "#28b8d6", "#f0603a", "#3fa36c"
"""Fixed meanings on every page: a model's proposal, a drawn mask, what was accepted."""
STATIC = Path(__file__).with_name("static")
FAVICON = STATIC / "favicon.svg"
STYLE = STATIC / "pages.css"

DARK = {
    "primaryColor": "#e0a44a",
    "backgroundColor": "#1b1a19",
    "secondaryBackgroundColor": "#272624",
    "textColor": "#ece9e4",
    "borderColor": "#3b3936",
    "linkColor": "#e9bd78",
    "codeBackgroundColor": "#222120",
    "codeTextColor": "#ece9e4",
    "dataframeHeaderBackgroundColor": "#272624",
}
LIGHT = {
    "primaryColor": "#80530a",
    "backgroundColor": "#f6f4f1",
    "secondaryBackgroundColor": "#e9e6e1",
    "textColor": "#2b2926",
    "borderColor": "#d3cec7",
    "linkColor": "#80530a",
    "codeBackgroundColor": "#edeae5",
    "codeTextColor": "#2b2926",
    "dataframeHeaderBackgroundColor": "#e9e6e1",
}
SHARED: dict[str, Any] = {
    "font": "sans-serif",
    "baseFontSize": 15,
    "baseRadius": "6px",
    "buttonRadius": "6px",
    "headingFontSizes": ["1.9rem", "1.35rem", "1.1rem"],
    "headingFontWeights": [600, 600, 600],
    "showWidgetBorder": False,
    "showSidebarBorder": False,
}


def streamlit_theme() -> dict[str, Any]:
    """Streamlit's theme options: dark where nobody chose otherwise, both always there."""
    options: dict[str, Any] = {f"theme.{name}": value for name, value in SHARED.items()}
    options["theme.base"] = "dark"
    for mode, palette in (("dark", DARK), ("light", LIGHT)):
        options.update({f"theme.{mode}.{name}": value for name, value in palette.items()})
    return options


def inject() -> None:
    """Put our few styles on the page."""
    st.html(f"<style>{styles(palette())}</style>")


def styles(colours: dict[str, str]) -> str:
    """Our styles: dialogs in these colours, the page in those of whichever theme is chosen while it stands."""
    names = {"--hl-background": "backgroundColor", "--hl-accent": "primaryColor"}
    now = " ".join(f"{name}: {colours[colour]};" for name, colour in names.items())
    page = " ".join(f"{name}: light-dark({LIGHT[colour]}, {DARK[colour]});" for name, colour in names.items())
    return f":root {{ {now} }} [data-testid='stApp'] {{ {page} }} {STYLE.read_text()}"


def cover() -> None:
    """For a page over the whole window: what lies under it is not seen, so it takes no focus either."""
    st.html("<style>[data-testid='stHeader'], [data-testid='stSkipToContent'] { visibility: hidden; }</style>")


def palette() -> dict[str, str]:
    """The colours of the theme this visitor looks at, for charts."""
    return LIGHT if st.context.theme.type == "light" else DARK
