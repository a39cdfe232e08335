"""The mask editor on our own routes, over a platform and a server of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.editor_app import EditorHome, Server, build, serving
from tests.support.serving import serving_here


@pytest.fixture
def editor(home: Path) -> EditorHome:
    return EditorHome(home)


@pytest.fixture
def server(editor: EditorHome) -> Iterator[str]:
    with serving_here(build()) as address:
        yield address


@pytest.fixture
def killable(editor: EditorHome) -> Iterator[Server]:
    with serving(editor.settings.home) as running:
        yield running
