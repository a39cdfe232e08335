"""Review: the original and its three results under one wipe line, judged without leaving the keyboard."""

from annotator.pages.viewer import show_viewer


def page() -> None:
    show_viewer("review")
