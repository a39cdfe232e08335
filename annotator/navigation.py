"""Where am I: the sections of the app, and which of them a role may see."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import streamlit as st

from annotator import theme
from annotator.telling import tell
from annotator.troubles import passing
from annotator.visitor import visitor
from db.errors import PlatformError
from db.models import Assessor

BROKEN = (
    "Something on this page broke, and the fault is heirloom's. Load the page again; if that does not help, "
    "an engineer finds the reason in the app's log."
)
_log = logging.getLogger(__name__)
Section = Literal["", "Work", "Models", "Team"]


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
    PageEntry("defects", "Defects", "Models", ":material/texture:", engineer=True),
    PageEntry("people", "People", "Team", ":material/group:", lead=True),
)


def may_open(assessor: Assessor, entry: PageEntry) -> bool:
    """Whether this person's roles open the page."""
    return (assessor.is_lead or not entry.lead) and (assessor.is_engineer or not entry.engineer)


def show() -> None:
    """Run the page that was asked for; whoever has no name yet is asked for it first."""
    st.set_page_config(page_title="heirloom", layout="wide", page_icon=theme.FAVICON)
    theme.inject()
    try:
        _run_page()
    except Exception as error:
        _log.exception("A page broke.")
        tell(passing(error) or BROKEN)


def _run_page() -> None:
    assessor = visitor()
    sections: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        sections.setdefault(entry.section, []).append(_page_for(assessor, entry))
    st.navigation(sections, position="top" if assessor else "hidden").run()


def _page_for(assessor: Assessor | None, entry: PageEntry) -> st.Page:
    """Every page keeps its address, so that a link still leads there after the question who one is."""
    if assessor is None:
        return _streamlit_page(entry, "welcome", hidden=True)
    if not may_open(assessor, entry):
        return _streamlit_page(entry, "barred", hidden=True)
    return _streamlit_page(entry, entry.module, hidden=entry.hidden)


def link(module: str) -> st.Page:
    """The page of that module, to switch or link to."""
    entry = next(entry for entry in PAGES if entry.module == module)
    return _streamlit_page(entry, module, hidden=entry.hidden)


def _streamlit_page(entry: PageEntry, module: str, hidden: bool) -> st.Page:
    return st.Page(
        _runner(module),
        title=entry.title,
        icon=entry.icon or None,
        url_path=entry.module,
        default=entry.module == "home",
        visibility="hidden" if hidden else "visible",
    )


def _runner(module: str) -> Callable[[], None]:
    """What a button was refused, such as by a role that was taken meanwhile, is said on the page."""

    def run() -> None:
        page = import_module(f"annotator.pages.{module}").page
        try:
            page()
        except PlatformError as error:
            tell(error)

    return run
