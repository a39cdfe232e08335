"""Pages run without a browser, and what stands on them."""

from streamlit.testing.v1 import AppTest

TEXTS = ("title", "header", "subheader", "markdown", "caption", "html")


def go(page: AppTest, module: str) -> None:
    """Go from one page to another, as the navigation does."""
    page.args = (module,)
    page.run()
    assert not page.exception


def said(page: AppTest) -> str:
    """All text of a page."""
    return "\n".join(str(element.value) for kind in TEXTS for element in page.get(kind))
