"""The viewer on the pages Review and Accept, over a server of its own for every test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.support.reviewable import Reviewable
from tests.support.serving import serving_here
from tests.support.viewer import Viewer, sign_in
from tests.support.viewer_app import viewer_app


@pytest.fixture
def address(reviewable: Reviewable) -> Iterator[str]:
    with serving_here(viewer_app()) as running:
        yield running


@pytest.fixture
def review(context: BrowserContext, page: Page, reviewable: Reviewable, address: str) -> Viewer:
    """The Review page of somebody who is no lead, on the first photo."""
    sign_in(context, reviewable, reviewable.member, address)
    page.goto(f"{address}/review")
    viewer = Viewer(page)
    viewer.shows("family-0.png")
    return viewer


@pytest.fixture
def accept(context: BrowserContext, page: Page, reviewable: Reviewable, address: str) -> Viewer:
    """The Accept page of the lead, on the first photo."""
    sign_in(context, reviewable, reviewable.lead, address)
    page.goto(f"{address}/accept")
    viewer = Viewer(page)
    viewer.shows("family-0.png")
    return viewer
