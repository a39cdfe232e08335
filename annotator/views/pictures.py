"""Pictures as HTML, by the addresses of our own routes."""

from collections.abc import Iterable
from html import escape

from annotator.routes.pictures import photo_url
from db.models import Photo

WIDEST = 3.0
"""Width to height, as on the wall (wall.js); of what is wider, the middle of a small thumbnail would be blown up."""


def strip(photos: Iterable[Photo], *, first: bool = False) -> str:
    """A row of thumbnails; larger where it belongs to what comes first."""
    pictures = "".join(map(_picture, photos))
    return f'<div class="hl-strip{" hl-first" if first else ""}">{pictures}</div>'


def _picture(photo: Photo) -> str:
    whole = ' class="hl-whole"' if photo.width > WIDEST * photo.height else ""
    return (
        f'<img{whole} src="{photo_url(photo.id, photo.thumbnail_sha256, "thumbnail")}" '
        f'alt="{escape(photo.filename)}" title="{escape(photo.filename)}" loading="lazy">'
    )
