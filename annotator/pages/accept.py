"""Accept: leads look through submitted masks."""

from annotator.pages.viewer import show_viewer


def page() -> None:
    show_viewer("accept")
