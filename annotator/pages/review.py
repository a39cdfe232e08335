"""Review: one result after the other under a wipe line, judged without leaving the keyboard."""

from annotator.pages.viewer import show_viewer


def page() -> None:
    show_viewer("review")
