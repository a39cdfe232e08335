"""Correcting the colours of a restored photo: what the page begins with."""

from typing import Any

from sqlalchemy.orm import Session

from annotator.colours import MOST_HINTS
from annotator.routes.pictures import result_url
from db.models import Photo
from db.reviews import latest_restoration

SWATCHES = {
    "light skin": "#d8a88a",
    "dark skin": "#8a5a3c",
    "brown hair": "#553722",
    "olive uniform": "#5e5c38",
    "field-grey uniform": "#5d665a",
    "navy uniform": "#27345a",
    "khaki": "#a58f63",
    "leather": "#70452a",
    "brass, gold": "#c2a045",
    "red ribbon": "#a02c2c",
    "sky": "#9dbfdc",
    "leaves": "#5c7d38",
}
"""What people ask every colouring tool for: uniforms, medals, skin."""


def colouring_data(session: Session, photo: Photo) -> dict[str, Any] | None:
    """What the part `colours` draws; None where the photo's newest restoration has no colours."""
    restoration = latest_restoration(session, photo.id)
    if restoration is None:
        return None
    coloured = next((result for result in restoration.results if result.kind == "restored_color"), None)
    if coloured is None:
        return None
    said = restoration.colouring or {"saturation": 1.0, "hints": []}
    return {
        "src": result_url(coloured),
        "name": photo.filename,
        "width": photo.width,
        "height": photo.height,
        "swatches": [{"name": name, "colour": colour} for name, colour in SWATCHES.items()],
        "most": MOST_HINTS,
        **said,
    }
