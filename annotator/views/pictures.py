"""Pictures as HTML, by the addresses of our own routes."""

from collections.abc import Iterable
from html import escape

from annotator.routes.pictures import photo_url
from db.models import Photo


def strip(photos: Iterable[Photo], *, first: bool = False) -> str:
    """A row of thumbnails; larger where it belongs to what comes first."""
    pictures = "".join(
        f'<img src="{photo_url(photo.id, photo.thumbnail_sha256, "thumbnail")}" '
        f'alt="{escape(photo.filename)}" title="{escape(photo.filename)}" loading="lazy">'
        for photo in photos
    )
    return f'<div class="hl-strip{" hl-first" if first else ""}">{pictures}</div>'
