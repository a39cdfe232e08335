"""Where am I: the sections of the app, and which of them a role may see."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import streamlit as st

from annotator import theme
from annotator.visitor import visitor
from db.models import Assessor

Section = Literal["", "Work", "Models"]


@dataclass(frozen=True)
class PageEntry:
    """One page: its module in `annotator.pages` has a function `page()`."""

    module: str
    title: str
    section: Section = ""
    icon: str = ""
    lead: bool = False
    """Only a lead sees it."""
    engineer: bool = False
    """Only an engineer sees it."""
    hidden: bool = False
    """Reached from other pages, not from the navigation."""


PAGES = (
    PageEntry("home", "Home"),
    PageEntry("photos", "Photos"),
    PageEntry("photo", "Photo", hidden=True),
    PageEntry("label", "Label", "Work", ":material/draw:"),
    PageEntry("accept", "Accept", "Work", ":material/task_alt:", lead=True),
    PageEntry("review", "Review", "Work", ":material/compare:"),
    PageEntry("train", "Train", "Models", ":material/model_training:", engineer=True),
    PageEntry("compare", "Compare", "Models", ":material/balance:", engineer=True),
)


def pages_for(assessor: Assessor) -> tuple[PageEntry, ...]:
    """The pages that this person's roles open."""
    return tuple(
        entry
        for entry in PAGES
        if (assessor.is_lead or not entry.lead) and (assessor.is_engineer or not entry.engineer)
    )


def show() -> None:
    """Run the page that was asked for; whoever has no name yet is asked for it first."""
    st.set_page_config(page_title="heirloom", layout="wide", page_icon=theme.FAVICON)
    theme.inject()
    assessor = visitor()
    if assessor is None:
        st.navigation([st.Page(_runner("welcome"), title="Welcome", url_path="")], position="hidden").run()
        return
    sections: dict[str, list[st.Page]] = {}
    for entry in pages_for(assessor):
        sections.setdefault(entry.section, []).append(_streamlit_page(entry))
    st.navigation(sections, position="top").run()


def link(module: str) -> st.Page:
    """The page of that module, to switch or link to."""
    return _streamlit_page(next(entry for entry in PAGES if entry.module == module))


def _streamlit_page(entry: PageEntry) -> st.Page:
    return st.Page(
        _runner(entry.module),
        title=entry.title,
        icon=entry.icon or None,
        url_path=entry.module,
        default=entry.module == "home",
        visibility="hidden" if entry.hidden else "visible",
    )


def _runner(module: str) -> Callable[[], None]:
    def run() -> None:
        import_module(f"annotator.pages.{module}").page()

    return run
