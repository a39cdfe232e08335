"""A part of our pages on a bare page, mounted by itself, as Streamlit would."""

from base64 import b64encode
from typing import Any

from playwright.sync_api import Page

from annotator.parts import STATIC

MOUNT = """async ([code, data]) => {
    const { default: mount } = await import("data:text/javascript;base64," + code);
    const send = (name, value) => { window.sent = [name, value]; };
    mount({ data, parentElement: document, setTriggerValue: send, setStateValue: send });
}"""


def mount(page: Page, name: str, data: dict[str, Any]) -> None:
    """What the part tells Streamlit is kept in `window.sent`."""
    part = {ending: (STATIC / f"{name}.{ending}").read_text() for ending in ("html", "css")}
    page.set_content(f"<!doctype html><style>{part['css']}</style><main>{part['html']}</main>")
    run_again(page, name, data)


def run_again(page: Page, name: str, data: dict[str, Any]) -> None:
    """A later run of the page: the part stands, its data may differ."""
    script = (STATIC / f"{name}.js").read_bytes()
    page.evaluate(MOUNT, [b64encode(script).decode(), data])
