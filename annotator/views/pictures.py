"""Pictures as HTML, by the addresses of our own routes."""

from collections.abc import Iterable
from html import escape

from annotator.routes.pictures import photo_url
from db.models import Photo

NARROWEST, WIDEST = 0.24, 3.0
"""Least and most width to height of a place in a row; a photo beyond is shown whole in it."""


def strip(photos: Iterable[Photo], *, first: bool = False) -> str:
    """A row of thumbnails, each of them whole; larger where it belongs to what comes first."""
    pictures = "".join(map(_picture, photos))
    return f'<div class="hl-strip{" hl-first" if first else ""}">{pictures}</div>'


def _picture(photo: Photo) -> str:
    ratio = min(WIDEST, max(NARROWEST, photo.width / photo.height))
    return (
        f'<img style="--ratio: {ratio:.3f}" src="{photo_url(photo.id, photo.thumbnail_sha256, "thumbnail")}" '
        f'alt="{escape(photo.filename)}" title="{escape(photo.filename)}" loading="lazy">'
    )
